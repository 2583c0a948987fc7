/**
 * AV1: the packetizer parses OBUs, so the sealed frame travels in one OBU_FRAME behind one byte that looks like the
 * start of a frame header, and a key frame has an empty sequence header before it (D13):
 *
 *     key    0A 00 | 32 <size> 10 <SFrame>          delta    32 <size> 30 <SFrame>
 *
 * A depacketizer takes sizes away and adds them again, and may put a temporal delimiter (12 00) in front. The parser
 * accepts that and nothing else: no extension, no padding, no second frame, no rest.
 *
 * @see SPEC.md K21
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes } from '@conclave/protocol/bytes';
import { ok } from '@conclave/protocol/result';
import { decodeLeb128, encodeLeb128 } from './leb128.ts';
import type { Envelope } from './unwrapped.ts';
import { MALFORMED } from './unwrapped.ts';

/** OBU header bytes: type << 3 | has_size << 1. */
const FRAME = 0x30;
const HAS_SIZE = 0x02;
const SEQUENCE_HEADER = Uint8Array.of(0x0a, 0x00);
const TEMPORAL_DELIMITER = Uint8Array.of(0x12, 0x00);
/** show_existing_frame 0, frame_type 0 (key) or 1 (inter), show_frame 1. */
const KEY_START = 0x10;
const DELTA_START = 0x30;
/** Normalised clear bytes: without the size, which is checked against the length instead. */
const KEY_PREFIX = Uint8Array.of(...SEQUENCE_HEADER, FRAME | HAS_SIZE, KEY_START);
const DELTA_PREFIX = Uint8Array.of(FRAME | HAS_SIZE, DELTA_START);

export const av1Envelope: Envelope = {
  prefixOf: (isKey) => (isKey ? KEY_PREFIX : DELTA_PREFIX),

  wrap(prefix, header, ciphertext) {
    const size = encodeLeb128(1 + header.length + ciphertext.length);
    return concatBytes(prefix.subarray(0, -1), size, prefix.subarray(-1), header, ciphertext);
  },

  unwrap(bytes) {
    let offset = startsWith(bytes, TEMPORAL_DELIMITER, 0) ? TEMPORAL_DELIMITER.length : 0;
    const isKey = startsWith(bytes, SEQUENCE_HEADER, offset);
    if (isKey) offset += SEQUENCE_HEADER.length;
    const body = onlyFrame(bytes, offset);
    if (!body || body[0] !== (isKey ? KEY_START : DELTA_START)) return MALFORMED;
    return ok({ isKey, prefix: isKey ? KEY_PREFIX : DELTA_PREFIX, sealed: body.subarray(1) });
  },
};

/** Payload of the one OBU_FRAME that must fill `bytes` from `offset` to the end; the last OBU may lack its size. */
function onlyFrame(bytes: Bytes, offset: number): Bytes | undefined {
  if (bytes[offset] === FRAME) return bytes.subarray(offset + 1);
  if (bytes[offset] !== (FRAME | HAS_SIZE)) return undefined;
  const size = decodeLeb128(bytes, offset + 1);
  if (!size || offset + 1 + size.lengthBytes + size.value !== bytes.length) return undefined;
  return bytes.subarray(offset + 1 + size.lengthBytes);
}

function startsWith(bytes: Uint8Array, start: Uint8Array, offset: number): boolean {
  return start.every((byte, index) => bytes[offset + index] === byte);
}
