// `npm start`: the locked dependencies, the web app, then the server under Node 24 with the arguments given.
// Plain JavaScript for Node ≥ 20.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureWebBuilt } from './build-web.mjs';
import { ensureInstalled } from './install.mjs';
import { node24Path } from './node24-path.mjs';
import { runServer } from './run-server.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

try {
  await ensureInstalled();
  if (!process.argv.includes('--help')) await ensureWebBuilt();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
runServer(node24Path(), [join(root, 'apps', 'server', 'src', 'main.ts'), ...process.argv.slice(2)]);
