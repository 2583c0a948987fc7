// Installs the locked dependencies when they are missing or no longer the locked ones. Plain JavaScript for Node ≥ 20:
// it runs before anything is installed. How npm installs is said in .npmrc.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { node24Path } from './node24-path.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockFile = join(root, 'package-lock.json');
const installedFile = join(root, 'node_modules', '.package-lock.json');
const stampFile = join(root, 'node_modules', '.conclave-lock');
const PROGRESS_INTERVAL_MS = 10_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What a shell says of a program that Ctrl-C has ended. */
const ENDED_BY_CTRL_C = 130;

/** Resolves when the dependencies are the locked ones; rejects with a message for a person otherwise. */
export async function ensureInstalled() {
  const stamp = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  if (isInstalled(stamp)) return;
  console.log('Installing the locked dependencies (npm ci); this is needed once …');
  const startedAtMs = Date.now();
  const progress = setInterval(() => {
    // On a terminal npm shows by itself that it is at work.
    if (process.stderr.isTTY) return;
    console.log(`… still installing, ${Math.round((Date.now() - startedAtMs) / 1000)} s`);
  }, PROGRESS_INTERVAL_MS);
  await npmCi().finally(() => clearInterval(progress));
  writeFileSync(stampFile, stamp);
  if (node24Path() === undefined) {
    throw new Error(
      `There is no Node 24 for ${process.platform}-${process.arch} among the dependencies: install Node 24.15 or newer.`,
    );
  }
}

function isInstalled(stamp) {
  if (!existsSync(installedFile) || node24Path() === undefined) return false;
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return true;
  // npm install or npm ci by hand leaves no stamp, but writes its own record after the lock file.
  if (statSync(installedFile).mtimeMs < statSync(lockFile).mtimeMs) return false;
  writeFileSync(stampFile, stamp);
  return true;
}

function npmCi() {
  // npm tells its scripts where it is; started without npm, it is looked for on the PATH.
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const options = { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' && first.length === 0 };
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, 'ci'], options);
    let isStopped = false;
    // npm would first finish, then take everything back, for half a minute. What it leaves half done does not count as
    // installed.
    const stop = () => {
      isStopped = true;
      child.kill('SIGKILL');
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    child.on('error', (error) => reject(new Error(`npm cannot be started: ${error.message}`)));
    child.on('exit', (code) => {
      if (isStopped) process.exit(ENDED_BY_CTRL_C);
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
      if (code === 0) resolve();
      else reject(new Error('npm ci failed; its message is above.'));
    });
  });
}
