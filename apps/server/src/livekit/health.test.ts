import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { untilHealthy, watchHealth } from './health.ts';

const TIMES = { intervalMs: 5, timeoutMs: 30_000, failuresMax: 3 };
let close = () => undefined as unknown;
afterEach(() => close());

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return `http://127.0.0.1:${address.port}`;
}

test('[V14] only silence or errors several times in a row make it sick', async () => {
  const codes = [200, 500, 500, 200, 500, 500, 500];
  let asked = 0;
  const url = await serve((_, response) => response.writeHead(codes[asked++] ?? 200).end());
  let sick = 0;
  await watchHealth({ url, isGone: () => false, times: TIMES, onSick: () => sick++ });
  expect({ sick, asked }).toEqual({ sick: 1, asked: codes.length });
});

test('[V14] a server that takes questions and never answers is sick', async () => {
  const url = await serve(() => undefined);
  const times = { ...TIMES, timeoutMs: 50 };
  let sick = 0;
  await watchHealth({ url, isGone: () => false, times, onSick: () => sick++ });
  expect(sick).toBe(1);
});

test('[V14] a process that is gone is nobody’s patient', async () => {
  let sick = 0;
  await watchHealth({ url: 'http://127.0.0.1:9', isGone: () => true, times: TIMES, onSick: () => sick++ });
  expect(sick).toBe(0);
});

test('[V13] waiting for an answer ends as soon as the process is gone', async () => {
  expect(await untilHealthy('http://127.0.0.1:9', () => true)).toBe(false);
  const url = await serve((_, response) => response.end('OK'));
  expect(await untilHealthy(url, () => false)).toBe(true);
});
