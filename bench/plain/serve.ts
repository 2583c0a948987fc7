/**
 * The server of the plain page: the built page, tokens that let nobody publish or subscribe, and the raise on Join.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { SfuAccess } from '../../e2e/scenario.ts';

const BUILT = fileURLToPath(new URL('../../.cache/bench-plain', import.meta.url));
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };
const OUTSIDE = { canPublish: false, canSubscribe: false, canPublishData: false, hidden: true };
const INSIDE = { canPublish: true, canSubscribe: true, canPublishData: false, hidden: false };

export interface PlainServer {
  /** Without a slash at the end. */
  readonly origin: string;
  readonly stop: () => void;
}

export async function servePlain(sfu: SfuAccess): Promise<PlainServer> {
  await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir: BUILT, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 900 },
  });
  const server = createServer((request, response) => {
    answer(sfu, request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return { origin: `http://localhost:${address.port}`, stop: () => server.close() };
}

async function answer(sfu: SfuAccess, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const room = searchParams.get('room') ?? '';
  const identity = searchParams.get('identity') ?? '';
  if (request.method === 'POST' && pathname === '/token') {
    return send(response, { url: sfu.url, token: sfu.tokenFor(identity, room, OUTSIDE) });
  }
  if (request.method === 'POST' && pathname === '/admit') {
    await sfu.call('UpdateParticipant', room, { identity, permission: INSIDE });
    return send(response, {});
  }
  sendFile(response, join(BUILT, pathname === '/' ? 'index.html' : normalize(pathname)));
}

function send(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function sendFile(response: ServerResponse, path: string): void {
  if (!path.startsWith(BUILT) || !existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
  createReadStream(path).pipe(response);
}
