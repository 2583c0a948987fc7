/** The real installer in a folder of its own, with a stand-in for npm. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

/** As npm does, it goes on for long after a Ctrl-C. */
const SLOW_NPM = `
  process.on('SIGINT', () => undefined);
  setInterval(() => undefined, 1_000);
  console.log(process.argv[2] + ' ' + process.pid);
`;

test.skipIf(process.platform === 'win32')(
  '[V80] Ctrl-C while the dependencies are installed ends at once; npm is gone, too',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-install-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const file of ['install.mjs', 'node24-path.mjs']) {
      cpSync(join(import.meta.dirname, file), join(folder, 'scripts', file));
    }
    writeFileSync(join(folder, 'package-lock.json'), '{}');
    writeFileSync(join(folder, 'npm.js'), SLOW_NPM);
    const start =
      "const { ensureInstalled } = await import('./scripts/install.mjs'); await ensureInstalled();";
    const child = spawn(process.execPath, ['--input-type=module', '-e', start], {
      cwd: folder,
      env: { ...process.env, npm_execpath: join(folder, 'npm.js') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const npm = await new Promise<number>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        const started = /^ci (\d+)$/.exec(line);
        if (started !== null) resolve(Number(started[1]));
      });
    });
    const closed = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    // Its output is npm's, too: it closes when both are gone.
    await closed;
    expect(() => process.kill(npm, 0)).toThrow('ESRCH');
  },
);
