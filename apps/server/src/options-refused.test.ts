import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

test.each([
  ['--rooms', ['--rooms', 'nobody']],
  ['--tls-cert', ['--tls-cert', 'no-such-file.pem', '--tls-key', 'no-such-file.pem']],
])(
  '[V2] a wrong %s ends the process with code 2 and one line, before anything is made',
  async (flag, args) => {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-options-'));
    const dataDir = join(folder, 'data');
    const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>();
    execFile(process.execPath, [MAIN, '--data', dataDir, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code, stdout, stderr }),
    );
    const { code, stdout, stderr } = await promise;
    const isMade = existsSync(dataDir);
    rmSync(folder, { recursive: true });
    expect({ code, stdout, isMade }).toEqual({ code: 2, stdout: '', isMade: false });
    expect(stderr).toMatch(new RegExp(`^${flag}.*\n$`));
  },
);
