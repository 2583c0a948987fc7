/**
 * The build of the pages: hashed assets, code in parts (the preview first, the call and its workers when needed), no
 * inline code or styles (the server's policy refuses them), and every text asset compressed ahead of time.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const COMPRESSED = /\.(?:js|css|html|svg|wasm|json)$/;
/** Smaller files gain nothing from a second file beside them. */
const COMPRESSED_BYTES_MIN = 1024;

/** Writes `x.br` next to every text asset, for the server to send as it is. */
function brotli(): Plugin {
  let outDir = '';
  return {
    name: 'conclave-brotli',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const files = await readdir(outDir, { recursive: true, withFileTypes: true });
      const texts = files.filter((file) => file.isFile() && COMPRESSED.test(file.name));
      await Promise.all(texts.map((file) => compress(join(file.parentPath, file.name))));
    },
  };
}

async function compress(path: string): Promise<void> {
  const content = await readFile(path);
  if (content.length < COMPRESSED_BYTES_MIN) return;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params }));
}

/** What libraries take from Node ≤ 18 is the browser's own here: without this, vite warns and leaves an empty module. */
function webCrypto(): Plugin {
  const id = '\0web-crypto';
  return {
    name: 'conclave-web-crypto',
    enforce: 'pre',
    resolveId: (wanted) => (wanted === 'crypto' ? id : undefined),
    load: (wanted) => (wanted === id ? 'export const { crypto: webcrypto } = globalThis;' : undefined),
  };
}

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Browsers with encoded transforms, which a call needs anyway.
    target: ['chrome130', 'firefox135', 'safari18.2'],
    cssTarget: ['chrome130', 'firefox135', 'safari18.2'],
    // No data: addresses, which the server's policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 700,
  },
  worker: { format: 'es', plugins: () => [webCrypto()] },
  plugins: [webCrypto(), brotli()],
});
