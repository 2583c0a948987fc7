import { existsSync, readFileSync } from 'node:fs';
import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, toHex, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveBaseKey, importBaseKey } from './base-key.ts';
import { deriveFrameKey, openFrame, sealFrame } from './sframe.ts';
import { decodeHeader, encodeHeader } from './sframe-header.ts';

type FrameVector = {
  readonly cipher_suite: number;
  readonly kid: number;
  readonly ctr: number;
  readonly base_key: string;
  readonly sframe_salt: string;
  readonly metadata: string;
  readonly pt: string;
  readonly ct: string;
};

type Vectors = {
  readonly header: readonly { kid: number; ctr: number; encoded: string }[];
  readonly sframe: readonly FrameVector[];
};

const vectorFile = new URL('../../../../shared/vectors/sframe/test-vectors.json', import.meta.url);
// Integers above 2⁵³ would be rounded silently: they are read as text.
const readVectors = (): Vectors => JSON.parse(readFileSync(vectorFile, 'utf8'));
const readExactIntegers = (): { kid: bigint; ctr: bigint }[] =>
  [...readFileSync(vectorFile, 'utf8').matchAll(/"kid": (\d+),\s*"ctr": (\d+),\s*"encoded"/g)].map(
    (match) => ({
      kid: BigInt(match[1] ?? 0),
      ctr: BigInt(match[2] ?? 0),
    }),
  );
const fromHex = (hex: string): Bytes => Uint8Array.from(Buffer.from(hex, 'hex'));
const hasVectors = existsSync(vectorFile);
const MAX = BigInt(Number.MAX_SAFE_INTEGER);

describe.skipIf(!hasVectors)('RFC 9605 vectors (skipped where the vector files are absent)', () => {
  test('[K13] all 289 headers, those above 2^53 − 1 refused', () => {
    const exact = readExactIntegers();
    const { header } = readVectors();
    expect(header.length).toBe(289);
    expect(exact.length).toBe(289);
    let refused = 0;
    for (const [index, vector] of header.entries()) {
      const { kid, ctr } = exact[index] ?? { kid: 0n, ctr: 0n };
      const encoded = fromHex(vector.encoded);
      if (kid > MAX || ctr > MAX) {
        refused++;
        expect(decodeHeader(encoded)).toBeUndefined();
        continue;
      }
      expect(toHex(encodeHeader(Number(kid), Number(ctr)))).toBe(vector.encoded);
      const expected = { kid: Number(kid), counter: Number(ctr), lengthBytes: encoded.length };
      expect(decodeHeader(encoded)).toEqual(expected);
    }
    expect(refused).toBe(93);
  });

  test.each([4, 5] as const)('[K14] suite %i: salt, ciphertext and plaintext', async (suite) => {
    const vector = readVectors().sframe.find((one) => one.cipher_suite === suite);
    if (!vector) throw new Error('the vector is missing');
    const kid = vector.kid;
    const counter = vector.ctr;
    const metadata = fromHex(vector.metadata);
    const frameKey = await deriveFrameKey(await importBaseKey(fromHex(vector.base_key)), kid, suite);
    expect(toHex(frameKey.salt)).toBe(vector.sframe_salt);
    const sealed = await sealFrame(frameKey, counter, metadata, fromHex(vector.pt));
    expect(toHex(sealed)).toBe(vector.ct);
    const header = decodeHeader(sealed);
    if (!header) throw new Error('no header');
    expect(toHex((await openFrame(frameKey, header, metadata, sealed)) ?? metadata)).toBe(vector.pt);
  });
});

describe('SFrame header', () => {
  const values = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 }), fc.maxSafeNat());

  test('[K13] every header comes back, in the fewest bytes', () => {
    fc.assert(
      fc.property(values, values, (kid, counter) => {
        const encoded = encodeHeader(kid, counter);
        expect(decodeHeader(concatBytes(encoded, Uint8Array.of(1, 2)))).toEqual({
          kid,
          counter,
          lengthBytes: encoded.length,
        });
        for (let cut = 0; cut < encoded.length; cut++) {
          expect(decodeHeader(encoded.subarray(0, cut))).toBeUndefined();
        }
      }),
    );
  });

  test('[K13, K27] whatever decodes is the one encoding of its values; nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const header = decodeHeader(bytes);
        if (!header) return;
        const again = encodeHeader(header.kid, header.counter);
        expect(again).toEqual(Uint8Array.from(bytes.subarray(0, header.lengthBytes)));
      }),
      { numRuns: 3000 },
    );
  });

  test('[K13] encodings that are not minimal are refused', () => {
    for (const bytes of [
      [0x80, 7],
      [0x08, 0],
      [0x90, 0, 200],
      [0x09, 0, 255],
      [0xf0, 0, 1, 2, 3, 4, 5, 6, 7],
    ]) {
      expect(decodeHeader(Uint8Array.from(bytes))).toBeUndefined();
    }
    for (const bad of [-1, 1.5, 2 ** 53, Number.NaN]) expect(() => encodeHeader(bad, 0)).toThrow(RangeError);
  });
});

describe('frame keys', () => {
  const base = new Uint8Array(32).fill(1);

  test('[K28] base and frame keys cannot be exported', async () => {
    const baseKey = await importBaseKey(base);
    expect(baseKey.extractable).toBe(false);
    const { key } = await deriveFrameKey(baseKey, 3);
    expect(key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });

  test('[K14, K23] a frame opens under its KID, counter and metadata alone', async () => {
    const baseKey = await importBaseKey(base);
    const frameKey = await deriveFrameKey(baseKey, 9);
    const sealed = await sealFrame(frameKey, 5, utf8('m'), utf8('frame'));
    const header = decodeHeader(sealed);
    if (!header) throw new Error('no header');
    expect(await openFrame(frameKey, header, utf8('m'), sealed)).toEqual(utf8('frame'));
    expect(await openFrame(frameKey, header, utf8('n'), sealed)).toBeUndefined();
    expect(await openFrame(frameKey, { ...header, counter: 6 }, utf8('m'), sealed)).toBeUndefined();
    expect(await openFrame(await deriveFrameKey(baseKey, 8), header, utf8('m'), sealed)).toBeUndefined();
    const moved = { ...(await deriveFrameKey(baseKey, 8)), kid: 9 };
    expect(await openFrame(moved, header, utf8('m'), sealed)).toBeUndefined();
    expect(await openFrame(frameKey, header, utf8('m'), sealed.slice(0, 10))).toBeUndefined();
    const posing = await sealFrame({ ...frameKey, kid: 8 }, 5, utf8('m'), utf8('frame'));
    const posingHeader = decodeHeader(posing);
    if (!posingHeader) throw new Error('no header');
    expect(await openFrame(frameKey, posingHeader, utf8('m'), posing)).toBeUndefined();
  });
});

describe('base key', () => {
  const exporter = new Uint8Array(32).fill(1);
  const mediaKey = new Uint8Array(32).fill(2);
  const groupId = new Uint8Array(32).fill(3);

  test('[K16] is HKDF-SHA-512 of exporter and media key, as a second implementation has it', async () => {
    const info = concatBytes(utf8('conclave sframe base v1'), groupId, uintBytes(300, 8));
    const expected = nobleHkdf(sha512, concatBytes(exporter, mediaKey), undefined, info, 32);
    expect(toHex(await deriveBaseKey(exporter, mediaKey, groupId, 300))).toBe(toHex(expected));
  });

  test('[K16] a change of any input gives another key', async () => {
    const keys = await Promise.all([
      deriveBaseKey(exporter, mediaKey, groupId, 1),
      deriveBaseKey(mediaKey, exporter, groupId, 1),
      deriveBaseKey(exporter, exporter, groupId, 1),
      deriveBaseKey(exporter, mediaKey, groupId.with(0, 0), 1),
      deriveBaseKey(exporter, mediaKey, groupId, 257),
    ]);
    expect(new Set(keys.map(toHex)).size).toBe(keys.length);
    expect(() => deriveBaseKey(exporter.subarray(1), mediaKey, groupId, 1)).toThrow(RangeError);
  });
});
