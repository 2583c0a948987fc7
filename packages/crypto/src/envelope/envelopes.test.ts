import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { av1Envelope } from './av1.ts';
import { decodeLeb128, encodeLeb128 } from './leb128.ts';
import { opusEnvelope } from './opus.ts';
import type { Envelope } from './unwrapped.ts';
import { vp8Envelope } from './vp8.ts';
import { vp9Envelope } from './vp9.ts';

const header = Uint8Array.of(0xa8, 1, 2, 3, 4);
const bytesOf = (values: readonly number[]): Bytes => Uint8Array.from(values);
const VP8_KEY = bytesOf([0x50, 0x42, 1, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 99, 98]);

function expectRoundTrip(envelope: Envelope, isKey: boolean, frame: Bytes, ciphertext: Uint8Array): void {
  const prefix = envelope.prefixOf(isKey, frame);
  const result = envelope.unwrap(envelope.wrap(prefix, header, ciphertext));
  expect(result).toEqual({ ok: true, value: { isKey, prefix, sealed: concatBytes(header, ciphertext) } });
}

function unwrapped(envelope: Envelope, ...values: number[]): Bytes | 'MALFORMED' {
  const result = envelope.unwrap(bytesOf(values));
  return result.ok ? result.value.sealed : result.error;
}

describe('round trips', () => {
  test('[K18, K19, K20, K21] key flag, prefix and sealed bytes come back from every envelope', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), fc.boolean(), (ciphertext, isKey) => {
        expectRoundTrip(opusEnvelope, false, bytesOf([]), ciphertext);
        expectRoundTrip(vp8Envelope, isKey, isKey ? VP8_KEY : bytesOf([]), ciphertext);
        expectRoundTrip(vp9Envelope, isKey, bytesOf([]), ciphertext);
        expectRoundTrip(av1Envelope, isKey, bytesOf([]), ciphertext);
      }),
    );
  });

  test('[K27] no envelope throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
        const bytes = Uint8Array.from(noise);
        for (const envelope of [opusEnvelope, vp8Envelope, vp9Envelope, av1Envelope]) envelope.unwrap(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('VP8', () => {
  test('[K19] a key frame shows its real size and nothing else of itself', () => {
    const prefix = vp8Envelope.prefixOf(true, VP8_KEY);
    expect([...prefix]).toEqual([0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1]);
    expect([...vp8Envelope.prefixOf(false, bytesOf([0x31, 5]))]).toEqual([1]);
  });

  test('[K19] a frame that is no VP8 key frame is not sealed as one', () => {
    expect(() => vp8Envelope.prefixOf(true, VP8_KEY.slice(0, 9))).toThrow(RangeError);
    expect(() => vp8Envelope.prefixOf(true, VP8_KEY.with(3, 0))).toThrow(RangeError);
    expect(() => vp8Envelope.prefixOf(true, VP8_KEY.with(0, 0x51))).toThrow(RangeError);
    expect(() => vp8Envelope.prefixOf(false, VP8_KEY)).toThrow(RangeError);
  });

  test('[K19] any other first bytes are refused', () => {
    expect(unwrapped(vp8Envelope)).toBe('MALFORMED');
    expect(unwrapped(vp8Envelope, 0x31, 1, 2)).toBe('MALFORMED');
    expect(unwrapped(vp8Envelope, 0x10, 0, 0, 0x9d, 1, 0x2a, 1, 1, 1)).toBe('MALFORMED');
    expect(unwrapped(vp8Envelope, 0x50, 0, 0, 0x9d, 1, 0x2a, 1, 1, 1, 1, 7)).toBe('MALFORMED');
    expect(unwrapped(vp8Envelope, 0x10, 0, 0, 0x9d, 1, 0x2a, 1, 1, 1, 1, 7)).toEqual(bytesOf([7]));
  });
});

describe('VP9', () => {
  test('[K20] one byte says key or delta; any other is refused', () => {
    for (let first = 0; first < 256; first++) {
      const expected = first === 0x82 || first === 0x86 ? bytesOf([5]) : 'MALFORMED';
      expect(unwrapped(vp9Envelope, first, 5)).toEqual(expected);
    }
    expect(unwrapped(vp9Envelope)).toBe('MALFORMED');
  });
});

describe('AV1', () => {
  test('[K21] has the documented bytes', () => {
    const key = av1Envelope.wrap(av1Envelope.prefixOf(true, bytesOf([])), bytesOf([7]), bytesOf([8, 9]));
    const delta = av1Envelope.wrap(av1Envelope.prefixOf(false, bytesOf([])), bytesOf([7]), bytesOf([8, 9]));
    expect([...key]).toEqual([0x0a, 0, 0x32, 4, 0x10, 7, 8, 9]);
    expect([...delta]).toEqual([0x32, 4, 0x30, 7, 8, 9]);
  });

  test('[K21] the forms of depacketizers are read: temporal delimiter in front, last size left out', () => {
    expect(unwrapped(av1Envelope, 0x12, 0, 0x0a, 0, 0x32, 3, 0x10, 7, 8)).toEqual(bytesOf([7, 8]));
    expect(unwrapped(av1Envelope, 0x12, 0, 0x32, 3, 0x30, 7, 8)).toEqual(bytesOf([7, 8]));
    expect(unwrapped(av1Envelope, 0x0a, 0, 0x30, 0x10, 7, 8)).toEqual(bytesOf([7, 8]));
    expect(unwrapped(av1Envelope, 0x30, 0x30, 7, 8)).toEqual(bytesOf([7, 8]));
  });

  test.each([
    ['nothing', []],
    ['a temporal delimiter alone', [0x12, 0]],
    ['a sequence header alone', [0x0a, 0]],
    ['a key frame without sequence header', [0x32, 3, 0x10, 7, 8]],
    ['a delta with one', [0x0a, 0, 0x32, 3, 0x30, 7, 8]],
    ['a sequence header with content', [0x0a, 1, 0, 0x32, 3, 0x10, 7, 8]],
    ['two sequence headers', [0x0a, 0, 0x0a, 0, 0x32, 3, 0x10, 7, 8]],
    ['two temporal delimiters', [0x12, 0, 0x12, 0, 0x32, 3, 0x30, 7, 8]],
    ['two frames', [0x32, 2, 0x30, 7, 0x32, 2, 0x30, 7]],
    ['a frame and a rest', [0x32, 3, 0x30, 7, 8, 9]],
    ['a size beyond the end', [0x32, 4, 0x30, 7, 8]],
    ['a size of nothing', [0x32, 0]],
    ['a padded size', [0x32, 0x83, 0x00, 0x30, 7, 8]],
    ['a size that never ends', [0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['an extension', [0x36, 0, 3, 0x30, 7, 8]],
    ['the forbidden bit', [0xb2, 3, 0x30, 7, 8]],
    ['the reserved bit', [0x33, 3, 0x30, 7, 8]],
    ['another type', [0x22, 3, 0x30, 7, 8]],
    ['another first byte of the frame', [0x32, 3, 0x20, 7, 8]],
  ])('[K21] refuses %s', (_what, values) => {
    expect(unwrapped(av1Envelope, ...values)).toBe('MALFORMED');
  });
});

describe('LEB128', () => {
  test('[K21] sizes come back in the fewest bytes', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.nat(5), (value, offset) => {
        const encoded = encodeLeb128(value);
        const bytes = concatBytes(new Uint8Array(offset).fill(0xff), encoded, Uint8Array.of(0xff));
        expect(decodeLeb128(bytes, offset)).toEqual({ value, lengthBytes: encoded.length });
      }),
    );
    expect([...encodeLeb128(300)]).toEqual([0xac, 0x02]);
  });

  test('[K21, K27] what decodes is the one encoding of its value; nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        const size = decodeLeb128(bytes, 0);
        if (size)
          expect(encodeLeb128(size.value)).toEqual(Uint8Array.from(bytes.subarray(0, size.lengthBytes)));
      }),
      { numRuns: 2000 },
    );
    expect(decodeLeb128(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f), 0)).toBeUndefined();
    expect(decodeLeb128(Uint8Array.of(0x80), 0)).toBeUndefined();
  });
});
