/**
 * VP9: one synthetic byte, so that an SFU does not mistake one sealed frame in sixteen for a key frame (D13).
 * It reads as an uncompressed header (frame marker 2, profile 0) that says key or not.
 *
 * @see SPEC.md K20
 */

import { concatBytes } from '@conclave/protocol/bytes';
import { ok } from '@conclave/protocol/result';
import type { Envelope } from './unwrapped.ts';
import { MALFORMED } from './unwrapped.ts';

const KEY_PREFIX = Uint8Array.of(0x82);
const DELTA_PREFIX = Uint8Array.of(0x86);

export const vp9Envelope: Envelope = {
  prefixOf: (isKey) => (isKey ? KEY_PREFIX : DELTA_PREFIX),

  wrap: concatBytes,

  unwrap(bytes) {
    const isKey = bytes[0] === KEY_PREFIX[0];
    if (!isKey && bytes[0] !== DELTA_PREFIX[0]) return MALFORMED;
    return ok({ isKey, prefix: isKey ? KEY_PREFIX : DELTA_PREFIX, sealed: bytes.subarray(1) });
  },
};
