import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepSecret } from './secret-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-secret-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('[V9] a secret is made once, kept, and readable by its owner alone', async () => {
  const path = join(folder, 'secret');
  expect(await keepSecret(path, () => 'first')).toBe('first');
  await chmod(path, 0o644);
  expect(await keepSecret(path, () => 'second')).toBe('first');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['secret']);
});
