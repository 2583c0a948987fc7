/** Pages of the measurements: built by vite for production, served on loopback. Never part of the app. */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

export interface PageServer {
  /** Without a slash at the end. */
  readonly origin: string;
  readonly stop: () => void;
}

/** Answers a request, or undefined: then a file of the build is sent. The answer goes out as JSON. */
export type Answer = (method: string, url: URL) => Promise<object | undefined>;

/** @param root - a folder with an `index.html` */
export async function serveBuilt(
  root: string,
  name: string,
  answer: Answer = async () => undefined,
): Promise<PageServer> {
  const outDir = fileURLToPath(new URL(`../.cache/bench-${name}`, import.meta.url));
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 900 },
  });
  const server = createServer((request, response) => {
    respond(outDir, answer, request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return { origin: `http://localhost:${address.port}`, stop: () => server.close() };
}

async function respond(
  outDir: string,
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const value = await answer(request.method ?? '', url);
  if (value) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    return;
  }
  const path = join(outDir, url.pathname === '/' ? 'index.html' : normalize(url.pathname));
  if (!path.startsWith(outDir) || !existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
  createReadStream(path).pipe(response);
}
