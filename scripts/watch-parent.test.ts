/** Stand-ins for npm, its shell and what it starts; only the middle one is a real shell. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

const WATCHING = `
  import { watchParent } from ${JSON.stringify(new URL('./watch-parent.mjs', import.meta.url).href)};
  const end = (word) => { console.log(word); process.exit(); };
  watchParent(() => end('gone'));
  setTimeout(() => end('still there'), 60_000);
  console.log('watching ' + process.ppid);
`;
const NPM = `
  const { spawn } = require('node:child_process');
  const line = '"$NODE" --input-type=module -e "$WATCHING"; true';
  const shell = spawn('sh', ['-c', line], { stdio: 'inherit' });
  setInterval(() => undefined, 1_000);
`;

/** Starts the three, and reads what the last one says. */
function startNpm() {
  const env = { ...process.env, npm_lifecycle_event: 'start', NODE: process.execPath, WATCHING };
  const npm = spawn(process.execPath, ['-e', NPM], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void npm.kill('SIGKILL'));
  const lines = createInterface(npm.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  return { npm, next };
}

test.skipIf(process.platform !== 'linux')('[V17] SIGKILL of npm is noticed through its shell', async () => {
  const { npm, next } = startNpm();
  expect(await next()).toMatch(/^watching \d+$/);
  npm.kill('SIGKILL');
  expect(await next()).toBe('gone');
});

test.skipIf(process.platform === 'win32')(
  '[V17] so is the end of the shell that npm has stopped',
  async () => {
    const { next } = startNpm();
    const shell = Number((await next()).split(' ')[1]);
    process.kill(shell, 'SIGKILL');
    expect(await next()).toBe('gone');
  },
);
