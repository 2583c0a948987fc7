// `npm start`: the locked dependencies, the web app, then the server under Node 24 with the arguments given.
// Plain JavaScript for Node ≥ 20.
//
// One Ctrl-C reaches this process up to twice (from the terminal, and passed on by npm), so the server runs in a group
// of its own and hears of it once, from here. A second Ctrl-C, or a server that does not end, is answered by SIGKILL.
// The channel to the server closes when this process dies, however that happens; the server then stops by itself.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureWebBuilt } from './build-web.mjs';
import { ensureInstalled } from './install.mjs';
import { node24Path } from './node24-path.mjs';
import { watchParent } from './watch-parent.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const STOP_TIMEOUT_MS = 10_000;
const SAME_CTRL_C_MS = 1_000;

try {
  await ensureInstalled();
  if (!process.argv.includes('--help')) await ensureWebBuilt();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
runServer(node24Path());

function runServer(node) {
  const main = join(root, 'apps', 'server', 'src', 'main.ts');
  const server = spawn(node.path, [main, ...process.argv.slice(2)], {
    env: node.env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let stoppingSinceMs;
  const stop = (signal) => {
    if (stoppingSinceMs === undefined) {
      stoppingSinceMs = Date.now();
      server.kill(signal);
      setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS).unref();
    } else if (Date.now() - stoppingSinceMs > SAME_CTRL_C_MS) {
      server.kill('SIGKILL');
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  watchParent(() => stop('SIGTERM'));
  server.on('error', (error) => {
    console.error(`The server cannot be started: ${error.message}`);
    process.exit(1);
  });
  server.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
}
