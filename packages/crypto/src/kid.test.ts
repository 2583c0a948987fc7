import { toHex } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importBaseKey } from './base-key.ts';
import { decodeKid, encodeContext, encodeKid, MEDIA_KINDS } from './kid.ts';
import { CONTEXT_COUNTERS_MAX, KID_LEAVES_MAX } from './limits.ts';
import { deriveFrameKey, sealFrame } from './sframe.ts';
import { encodeHeader } from './sframe-header.ts';

const parts = fc.record({
  counter: fc.oneof(fc.nat(2000), fc.nat(CONTEXT_COUNTERS_MAX - 1)),
  kind: fc.constantFrom(...MEDIA_KINDS),
  leafIndex: fc.nat(KID_LEAVES_MAX - 1),
  epoch: fc.oneof(fc.nat(600), fc.nat(2 ** 40)),
});

describe('KIDs', () => {
  test('[K15] context, kind, leaf and epoch mod 256 come back; the KID is a safe integer', () => {
    fc.assert(
      fc.property(parts, ({ counter, kind, leafIndex, epoch }) => {
        const context = encodeContext(counter, kind);
        const kid = encodeKid({ context, leafIndex, epoch });
        expect(Number.isSafeInteger(kid)).toBe(true);
        expect(decodeKid(kid)).toEqual({ context, kind, leafIndex, epochLow: epoch % 256 });
      }),
    );
  });

  test('[K15] the layout is context · 2^20 + leaf · 2^8 + epoch, with kinds 0 to 3', () => {
    expect(MEDIA_KINDS.map((kind) => encodeContext(5, kind))).toEqual([20, 21, 22, 23]);
    expect(encodeKid({ context: 21, leafIndex: 7, epoch: 259 })).toBe(21 * 2 ** 20 + 7 * 256 + 3);
  });

  test('[K15] a KID has 4 bytes below context counter 1,024 and 5 from there on', () => {
    const headerBytes = (counter: number) =>
      encodeHeader(encodeKid({ context: encodeContext(counter, 'screenAudio'), leafIndex: 0, epoch: 0 }), 0)
        .length;
    expect([headerBytes(1023), headerBytes(1024)]).toEqual([5, 6]);
  });

  test('[K15] a part that does not fit is a bug', () => {
    const good = { context: 1, leafIndex: 1, epoch: 1 };
    expect(() => encodeKid({ ...good, leafIndex: 4096 })).toThrow(RangeError);
    expect(() => encodeKid({ ...good, context: 2 ** 33 })).toThrow(RangeError);
    expect(() => encodeKid({ ...good, epoch: -1 })).toThrow(RangeError);
    expect(() => encodeContext(2 ** 31, 'camera')).toThrow(RangeError);
    expect(() => encodeContext(0.5, 'camera')).toThrow(RangeError);
  });

  test('[K15, K27] every number that a header can hold decodes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (kid) => {
        const { context, leafIndex, epochLow } = decodeKid(kid);
        expect(context * 2 ** 20 + leafIndex * 256 + epochLow).toBe(kid);
      }),
    );
  });
});

test('[K24] no (key, nonce) occurs twice over contexts, kinds, leaves, and epochs that share their low byte', async () => {
  const used = new Set<string>();
  let frames = 0;
  const plaintext = new Uint8Array(16);
  for (const epoch of [1, 2, 257, 258]) {
    const base = new Uint8Array(32).fill(0);
    new DataView(base.buffer).setUint32(0, epoch);
    const baseKey = await importBaseKey(base);
    for (const counter of [0, 1, 1023, 1024]) {
      for (const kind of MEDIA_KINDS) {
        for (const leafIndex of [0, 1, 99]) {
          const context = encodeContext(counter, kind);
          const frameKey = await deriveFrameKey(baseKey, encodeKid({ context, leafIndex, epoch }));
          for (const frame of [0, 1, 7, 8, 255, 256, 2 ** 24, 2 ** 32 - 1]) {
            // GCM of equal plaintexts: equal ciphertexts would mean equal key and nonce.
            const sealed = await sealFrame(frameKey, frame, new Uint8Array(0), plaintext);
            const ciphertext = sealed.subarray(encodeHeader(frameKey.kid, frame).length, -16);
            used.add(toHex(ciphertext));
            frames++;
          }
        }
      }
    }
  }
  expect(used.size).toBe(frames);
  expect(frames).toBe(4 * 4 * 4 * 3 * 8);
});
