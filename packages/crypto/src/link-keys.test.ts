import { concatBytes, toHex, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import type { Link, LinkRequest } from './link.ts';
import { createLink, formatLinkPath, parseLink, withSecret } from './link.ts';
import { deriveAccess, deriveLinkKeys, deriveRotatedSecret } from './link-keys.ts';

const request: LinkRequest = {
  hostPublicKey: new Uint8Array(32).fill(7),
  suite: 2,
  kind: 'e2ee',
  flags: { kept: false, lobby: false },
  nowUnixMs: Date.UTC(2026, 10, 24),
};
const link = createLink(request);
const groupId = new Uint8Array(32).fill(9);

async function hexKeysOf(one: Link): Promise<string[]> {
  return Object.values(await deriveLinkKeys(one)).map(toHex);
}

/** The same room and secret under the header of another link. */
function withHeaderOf(changed: Partial<LinkRequest>): Link {
  return { ...createLink({ ...request, ...changed }), roomId: link.roomId, secret: link.secret };
}

describe('link keys', () => {
  test('[K5] are HKDF-SHA-256 under the documented salt and labels, as a second implementation has it', async () => {
    const salt = sha256(concatBytes(utf8('conclave room v1'), link.roomId, Uint8Array.of(1), link.header));
    const expected = (label: string, length: number) =>
      toHex(nobleHkdf(sha256, link.secret, salt, utf8(label), length));
    const keys = await deriveLinkKeys(link);
    expect(toHex(keys.linkId)).toBe(expected('conclave link id v1', 16));
    expect(toHex(keys.psk)).toBe(expected('conclave psk v1', 32));
    expect(toHex(keys.metaKey)).toBe(expected('conclave meta key v1', 32));
    expect(toHex(keys.knockKey)).toBe(expected('conclave knock key v1', 32));
    expect(toHex(keys.beatKey)).toBe(expected('conclave beat key v1', 32));
    expect(toHex(keys.mediaKey)).toBe(expected('conclave media key v1', 32));
    expect(toHex(keys.access)).toBe(expected('conclave access v1', 32));
  });

  test('[K5] whoever reads the link derives the same keys, and no two of them are equal', async () => {
    const url = new URL(formatLinkPath(link), 'https://conclave.example');
    const read = parseLink(url.pathname, url.hash);
    if (!read.ok) throw new Error('refused');
    expect(await hexKeysOf(read.value)).toEqual(await hexKeysOf(link));
    expect(new Set(await hexKeysOf(link)).size).toBe(7);
  });

  test('[K5] any change of room, host, suite, flags, age or secret changes every key', async () => {
    const others = [
      withHeaderOf({ hostPublicKey: new Uint8Array(32).fill(8) }),
      withHeaderOf({ suite: 1 }),
      withHeaderOf({ flags: { kept: true, lobby: false } }),
      withHeaderOf({ flags: { kept: false, lobby: true } }),
      withHeaderOf({ nowUnixMs: request.nowUnixMs + 3_600_000 }),
      withSecret(
        link,
        link.secret.map((byte) => byte ^ 1),
      ),
      { ...link, roomId: link.roomId.map((byte) => byte ^ 1) },
    ];
    const all = await Promise.all([link, ...others].map(hexKeysOf));
    expect(new Set(all.flat()).size).toBe(7 * 8);
  });

  test('[K5, K6] the kind changes every key too, and an open link yields access alone', async () => {
    const open: Link = { ...link, kind: 'open' };
    await expect(deriveLinkKeys(open)).rejects.toThrow(TypeError);
    const access = await deriveAccess(open);
    expect(access.length).toBe(32);
    expect(await hexKeysOf(link)).not.toContain(toHex(access));
    expect(await deriveAccess(link)).toEqual((await deriveLinkKeys(link)).access);
  });

  test('[K29] the refusal of an open link holds no secret', async () => {
    const thrown = await deriveLinkKeys({ ...link, kind: 'open' }).catch(String);
    expect(thrown).not.toContain(toHex(link.secret));
    expect(thrown).not.toContain(formatLinkPath(link).slice(-40));
  });
});

describe('rotation', () => {
  const rotation = {
    exporter: new Uint8Array(32).fill(1),
    secret: link.secret,
    link,
    groupId,
    epoch: 12,
  };

  test('[K7] derives the next secret from exporter, old secret, link, group and epoch', async () => {
    const salt = sha256(concatBytes(utf8('conclave room v1'), link.roomId, Uint8Array.of(1), link.header));
    const info = concatBytes(utf8('conclave rotate v1'), groupId, uintBytes(12, 8));
    const expected = nobleHkdf(sha256, concatBytes(rotation.exporter, link.secret), salt, info, 32);
    expect(toHex(await deriveRotatedSecret(rotation))).toBe(toHex(expected));
  });

  test('[K7] a change of any input gives another secret; the link’s own secret is not an input', async () => {
    const variants = [
      rotation,
      { ...rotation, exporter: new Uint8Array(32).fill(2) },
      { ...rotation, secret: new Uint8Array(32).fill(2) },
      { ...rotation, groupId: new Uint8Array(32).fill(2) },
      { ...rotation, epoch: 13 },
      { ...rotation, link: withHeaderOf({ suite: 1 }) },
    ];
    const secrets = await Promise.all(variants.map(deriveRotatedSecret));
    expect(new Set(secrets.map(toHex)).size).toBe(variants.length);
    const rotated = withSecret(link, new Uint8Array(32).fill(3));
    expect(await deriveRotatedSecret({ ...rotation, link: rotated })).toEqual(secrets[0]);
  });

  test('[K7] an input of another length is a bug', () => {
    expect(() => deriveRotatedSecret({ ...rotation, exporter: new Uint8Array(31) })).toThrow(RangeError);
  });
});
