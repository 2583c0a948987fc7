import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireDataLock } from './data-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const HOLDER = `
  import { acquireDataLock } from ${JSON.stringify(new URL('./data-lock.ts', import.meta.url).href)};
  const word = acquireDataLock(process.argv[1]).ok ? 'held' : 'refused';
  setImmediate(() => {
    globalThis.gc();
    setImmediate(() => process.stdout.write(word));
  });
  setInterval(() => undefined, 1000);
`;

test('[V5] a second process is told who holds the folder, until the first is gone, even by SIGKILL', async () => {
  const holder = spawn(process.execPath, [
    '--expose-gc',
    '--input-type=module-typescript',
    '-e',
    HOLDER,
    folder,
  ]);
  const [word] = await once(holder.stdout, 'data');
  expect(String(word)).toBe('held');
  const refused = acquireDataLock(folder);
  expect(refused).toEqual({
    ok: false,
    error: `--data: ${folder} is in use by another Conclave (process ${holder.pid})`,
  });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = acquireDataLock(folder);
  expect(lock.ok).toBe(true);
  if (lock.ok) lock.value.release();
});

test('[V5] a released folder can be locked again', () => {
  for (let round = 0; round < 2; round++) {
    const lock = acquireDataLock(join(folder, 'new', 'one'));
    if (!lock.ok) throw new Error(lock.error);
    expect(acquireDataLock(join(folder, 'new', 'one')).ok).toBe(false);
    lock.value.release();
  }
});

test('[V5] a folder that cannot be one is named', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(acquireDataLock(join(folder, 'file'))).toMatchObject({
    ok: false,
    error: expect.stringContaining(join(folder, 'file')),
  });
});
