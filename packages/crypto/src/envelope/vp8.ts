/**
 * VP8: depacketizers and the SFU read the key bit and, of a key frame, ten bytes with the picture's size (RFC 6386
 * §9.1). The envelope puts a synthetic header with the real size there, and the whole original frame behind it, sealed:
 * only the size shows (D13).
 *
 * @see SPEC.md K19
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes } from '@conclave/protocol/bytes';
import { ok } from '@conclave/protocol/result';
import type { Envelope } from './unwrapped.ts';
import { MALFORMED } from './unwrapped.ts';

/** Bit 0 set: not a key frame. */
const DELTA_PREFIX = Uint8Array.of(0x01);
/** Key frame, version 0, shown, first partition of no length; then the start code. */
const KEY_PREFIX_START = Uint8Array.of(0x10, 0, 0, 0x9d, 0x01, 0x2a);
const START_CODE_OFFSET = 3;
const KEY_PREFIX_BYTES = 10;

export const vp8Envelope: Envelope = {
  prefixOf(isKey, frame) {
    const saysDelta = frame.length > 0 && ((frame[0] ?? 0) & 1) === 1;
    if (frame.length > 0 && saysDelta === isKey) throw new RangeError('a VP8 frame contradicts its key flag');
    if (!isKey) return DELTA_PREFIX;
    if (frame.length < KEY_PREFIX_BYTES || !hasBytes(frame, KEY_PREFIX_START, START_CODE_OFFSET)) {
      throw new RangeError('not a VP8 key frame');
    }
    return concatBytes(KEY_PREFIX_START, frame.subarray(KEY_PREFIX_START.length, KEY_PREFIX_BYTES));
  },

  wrap: concatBytes,

  unwrap(bytes: Bytes) {
    if (bytes[0] === DELTA_PREFIX[0]) {
      return ok({ isKey: false, prefix: DELTA_PREFIX, sealed: bytes.subarray(1) });
    }
    if (bytes.length < KEY_PREFIX_BYTES || !hasBytes(bytes, KEY_PREFIX_START, 0)) return MALFORMED;
    return ok({
      isKey: true,
      prefix: bytes.slice(0, KEY_PREFIX_BYTES),
      sealed: bytes.subarray(KEY_PREFIX_BYTES),
    });
  },
};

/** Whether `bytes` agrees with `expected` from `start` on. */
function hasBytes(bytes: Uint8Array, expected: Uint8Array, start: number): boolean {
  for (let index = start; index < expected.length; index++) {
    if (bytes[index] !== expected[index]) return false;
  }
  return true;
}
