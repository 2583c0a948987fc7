import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { readTlsMaterial } from './config-check.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-tls-'));
});
afterEach(() => rm(folder, { recursive: true }));

function configWith(cert: string, key: string) {
  const config = parseConfig(['--tls-cert', join(folder, cert), '--tls-key', join(folder, key)], {});
  if (!config.ok) throw new Error(config.error);
  return config.value;
}

test('[V3] TLS files that are missing or no PEM are named before anything starts', async () => {
  expect(await readTlsMaterial(configWith('c.pem', 'k.pem'))).toMatchObject({
    ok: false,
    error: expect.stringContaining('--tls-cert'),
  });
  await writeFile(join(folder, 'c.pem'), 'no certificate');
  expect(await readTlsMaterial(configWith('c.pem', 'k.pem'))).toMatchObject({
    ok: false,
    error: expect.stringContaining('--tls-key'),
  });
  await writeFile(join(folder, 'k.pem'), 'no key');
  expect(await readTlsMaterial(configWith('c.pem', 'k.pem'))).toMatchObject({ ok: false });
});

test('[V3] without TLS there is nothing to read', async () => {
  const config = parseConfig([], {});
  if (!config.ok) throw new Error(config.error);
  expect(await readTlsMaterial(config.value)).toEqual({ ok: true, value: undefined });
});
