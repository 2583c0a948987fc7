/**
 * Padding to a fixed size, so that a ciphertext's length tells nothing: `length 2 ‖ content ‖ zeros`.
 */

import type { Bytes } from '@conclave/protocol/bytes';

const LENGTH_BYTES = 2;

/** Pads to `sizeBytes`. Throws a RangeError if `content` exceeds `sizeBytes − 2`; the message holds lengths only. */
export function pad(content: Uint8Array, sizeBytes: number): Bytes {
  if (content.length > sizeBytes - LENGTH_BYTES) {
    throw new RangeError(`${content.length} bytes do not fit a padding of ${sizeBytes}`);
  }
  const out = new Uint8Array(sizeBytes);
  new DataView(out.buffer).setUint16(0, content.length);
  out.set(content, LENGTH_BYTES);
  return out;
}

/** The content of what `pad` made; undefined for anything else, also if the zeros are not zero. */
export function unpad(padded: Uint8Array, sizeBytes: number): Bytes | undefined {
  if (padded.length !== sizeBytes) return undefined;
  const end = LENGTH_BYTES + ((padded[0] ?? 0) << 8) + (padded[1] ?? 0);
  if (end > sizeBytes || padded.subarray(end).some((byte) => byte !== 0)) return undefined;
  return Uint8Array.from(padded.subarray(LENGTH_BYTES, end));
}
