// Runs a script under the pinned Node 24 that the optional dependencies bring, whatever Node started this.
// `node scripts/node24.mjs script.ts [arguments]`. Tools started from there find the same Node first on their PATH.
import { spawn } from 'node:child_process';
import { node24Path } from './node24-path.mjs';

const node = node24Path();
if (node === undefined) {
  console.error('Conclave needs Node 24.15 or newer: install it, or run npm ci to get the pinned one.');
  process.exit(1);
}
const { path, env } = node;
const child = spawn(path, process.argv.slice(2), { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
