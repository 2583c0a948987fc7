/** End-to-end tests: real browsers, real LiveKit. They run as a child and end with the line that counts them. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checked, IS_CI, type Outcome, ROOT, type Step } from './step.ts';

const BROWSERS = {
  chromium: [
    process.env['CHROMIUM_PATH'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ],
  'firefox-esr': [process.env['FIREFOX_PATH'], '/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

export const endToEnd: Step = {
  name: 'e2e',
  title: 'End-to-end tests (Chromium, Firefox, LiveKit)',
  run: async () => {
    if (!existsSync(join(ROOT, 'e2e/run.ts')))
      return { kind: 'skipped', reason: 'e2e/run.ts does not exist yet' };
    const missing = Object.entries(BROWSERS).filter(
      ([, paths]) => !paths.some((path) => path && existsSync(path)),
    );
    if (missing.length === 0) return runEndToEnd();
    const names = missing.map(([name]) => name);
    const reason = `no ${names.join(' and no ')} here; this brings it: apt-get install -y ${names.join(' ')}`;
    return IS_CI ? checked(reason) : { kind: 'skipped', reason };
  },
};

async function runEndToEnd(): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(process.execPath, ['e2e/run.ts'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let tail = '';
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    tail = (tail + chunk.toString('utf8')).slice(-1000);
  });
  child.on('error', reject);
  child.on('close', (code) => resolve(code ?? 1));
  const exitCode = await promise;
  return countLine(tail.trimEnd().split('\n').at(-1) ?? '', exitCode);
}

/** Reads `N passed, N failed[, N skipped]` from the last line. */
export function countLine(line: string, exitCode: number): Outcome {
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line.trim());
  if (match === null) return checked('the end-to-end run ended without its counting line');
  const [, passed = '0', failed = '0', skipped = '0'] = match;
  const failures = exitCode === 0 ? Number(failed) : Math.max(Number(failed), 1);
  return { kind: 'counted', passed: Number(passed), failed: failures, skipped: Number(skipped) };
}
