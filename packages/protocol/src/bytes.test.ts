import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  concatBytes,
  equalBytes,
  fromBase64Url,
  fromUtf8,
  toBase64Url,
  toHex,
  uintBytes,
  utf8,
} from './bytes.ts';

describe('bytes', () => {
  test('[W2] base64url is that of RFC 4648 §5 and §10, and has one spelling', () => {
    const vectors = {
      '': '',
      f: 'Zg',
      fo: 'Zm8',
      foo: 'Zm9v',
      foob: 'Zm9vYg',
      fooba: 'Zm9vYmE',
      foobar: 'Zm9vYmFy',
    };
    for (const [plain, text] of Object.entries(vectors)) {
      expect(toBase64Url(utf8(plain))).toBe(text);
      expect(fromBase64Url(text)).toEqual(utf8(plain));
    }
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff, 0xfe))).toBe('-__-');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (bytes) => {
        const decoded = fromBase64Url(toBase64Url(bytes));
        expect(decoded !== undefined && equalBytes(decoded, bytes)).toBe(true);
      }),
      { numRuns: 20 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 12 }), (text) => {
        const bytes = fromBase64Url(text);
        if (bytes !== undefined) expect(toBase64Url(bytes)).toBe(text);
      }),
    );
  });

  test('[W2] equal bytes, joined bytes, big-endian integers and strict UTF-8', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(bytes, bytes, fc.maxSafeNat(), (a, b, value) => {
        expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b));
        expect(toHex(concatBytes(a, b))).toBe(toHex(a) + toHex(b));
        expect(toHex(uintBytes(value, 8))).toBe(value.toString(16).padStart(16, '0'));
      }),
    );
    expect(() => uintBytes(256, 1)).toThrow(RangeError);
    expect(fromUtf8(utf8('grüße 🎈'))).toBe('grüße 🎈');
    expect(fromUtf8(Uint8Array.of(0xff))).toBeUndefined();
  });
});
