import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { deriveSecurityCode } from './security-code.ts';

const authenticator = new Uint8Array(64).fill(1);
const groupId = new Uint8Array(32).fill(2);

test('[K26] thirty digits in six groups of five, as a second scrypt has them', async () => {
  const code = await deriveSecurityCode(authenticator, groupId);
  expect(code.join(' ')).toMatch(/^(\d{5} ){5}\d{5}$/);
  const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
  const output = scryptSync(authenticator, groupId, 48, cost);
  const groups = [0, 8, 16, 24, 32, 40].map((offset) => output.readBigUInt64BE(offset) % 100_000n);
  expect(code.map(Number)).toEqual(groups.map(Number));
});

test('[K26] another authenticator or group gives another code', async () => {
  const codes = await Promise.all([
    deriveSecurityCode(authenticator, groupId),
    deriveSecurityCode(authenticator.with(0, 9), groupId),
    deriveSecurityCode(authenticator, groupId.with(0, 9)),
  ]);
  expect(new Set(codes.map((code) => code.join(''))).size).toBe(3);
});
