// Builds the web app when it is missing or older than its sources, told by a hash of them that lies beside the build.
// Plain JavaScript for Node ≥ 20; by itself: `npm run build`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { node24Path } from './node24-path.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const web = join(root, 'apps', 'web');
const stampFile = join(web, 'dist', '.sources-sha256');
const SOURCES = ['apps/web', 'packages/protocol', 'packages/crypto', 'packages/calling', 'packages/client'];
const IGNORED = /^(node_modules|dist|test)$|\.test\.tsx?$|\.md$/;

/** Resolves to false when there is no web app to build yet; rejects when it does not build. */
export async function ensureWebBuilt() {
  if (!existsSync(join(web, 'index.html'))) return false;
  const stamp = hashSources();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return true;
  console.log('Building the web app …');
  await viteBuild();
  // vite empties the folder first, so a build that was cut short has no stamp.
  writeFileSync(stampFile, stamp);
  return true;
}

function hashSources() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of SOURCES) hashFolder(hash, folder);
  return hash.digest('hex');
}

function hashFolder(hash, folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (IGNORED.test(entry.name)) continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) hashFolder(hash, path);
    else
      hash.update(`${path}\0`).update(
        createHash('sha256')
          .update(readFileSync(join(root, path)))
          .digest(),
      );
  }
}

function viteBuild() {
  const node = node24Path();
  if (node === undefined) return Promise.reject(new Error('Node 24 is missing: run npm ci.'));
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--manifest', '--emptyOutDir', '--logLevel', 'warn'];
  return new Promise((resolve, reject) => {
    const child = spawn(node.path, args, { cwd: web, env: node.env, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error('The web app does not build.'))));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureWebBuilt();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
