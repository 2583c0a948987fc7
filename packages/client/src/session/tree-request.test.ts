import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TREE_BYTES_MAX } from '@conclave/protocol/limits';
import { afterEach, expect, test, vi } from 'vitest';
import { TREE_TIMEOUT_MS } from '../limits.ts';
import { requestTree } from './tree-request.ts';

let server: Server | undefined;
afterEach(() => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('[S78] gives the bytes of a tree', async () => {
  const url = await serve((response) => response.end(Buffer.from([1, 2, 3])));
  expect(await requestTree(url, 'token')).toEqual(Uint8Array.of(1, 2, 3));
});

test('[S78] stops reading at a tree’s limit, whatever is still to come', async () => {
  const url = await serve((response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const pour = () => {
      while (response.writable && response.write(chunk));
    };
    response.on('drain', pour);
    pour();
  });
  expect(await requestTree(url, 'token')).toBeUndefined();
  expect(TREE_BYTES_MAX).toBeLessThan(2 ** 20);
});

test('[S78] does not wait for ever', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    expect(ms).toBe(TREE_TIMEOUT_MS);
    return AbortSignal.abort();
  });
  const url = await serve(() => undefined);
  expect(await requestTree(url, 'token')).toBeUndefined();
  expect(timeout).toHaveBeenCalledOnce();
});

test('[S78] a refusal and a server that is gone are no tree', async () => {
  const url = await serve((response) => response.writeHead(404).end());
  expect(await requestTree(url, 'token')).toBeUndefined();
  expect(await requestTree('http://127.0.0.1:1', 'token')).toBeUndefined();
});
