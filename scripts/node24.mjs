// Runs a script under the pinned Node 24 that the optional dependencies bring, whatever Node started this.
// `node scripts/node24.mjs script.ts [arguments]`. Tools started from there find the same Node first on their PATH.
// The locked dependencies are installed first where they are missing.
import { spawn } from 'node:child_process';
import { ensureInstalled } from './install.mjs';
import { node24Path } from './node24-path.mjs';

try {
  await ensureInstalled();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { path, env } = node24Path();
const child = spawn(path, process.argv.slice(2), { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
