/** The test pages: built by vite from `pages/`, served on loopback. Never part of the app. */

import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const SOURCE = fileURLToPath(new URL('./pages', import.meta.url));
const BUILT = fileURLToPath(new URL('../.cache/e2e-pages', import.meta.url));
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** @param names - pages to build, as `media` for `pages/media.html` */
export async function servePages(
  names: readonly string[],
): Promise<{ readonly origin: string; readonly stop: () => void }> {
  await build({
    configFile: false,
    root: SOURCE,
    base: './',
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      minify: false,
      target: 'es2022',
      rolldownOptions: { input: names.map((name) => join(SOURCE, `${name}.html`)) },
    },
  });
  const server = createServer((request, response) => {
    const path = join(BUILT, normalize(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (!path.startsWith(BUILT) || !existsSync(path) || extname(path) === '') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return { origin: `http://localhost:${address.port}`, stop: () => server.close() };
}
