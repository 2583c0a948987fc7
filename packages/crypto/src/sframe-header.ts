/**
 * The SFrame header (RFC 9605 §4.3): `X K(3) Y C(3) | [KID] | [CTR]`, values 0–7 inline, larger ones in the fewest
 * big-endian bytes. A decoder refuses every other encoding, so a header has one form.
 * KID and CTR are numbers here; what exceeds 2⁵³ − 1 is refused (Conclave's own stay far below).
 *
 * @see SPEC.md K13
 */

import type { Bytes } from '@conclave/protocol/bytes';

export type SFrameHeader = {
  readonly kid: number;
  readonly counter: number;
  /** Bytes that the header takes. */
  readonly lengthBytes: number;
};

const EXTENDED = 8;

/** Encodes a header; both values are integers from 0 to 2⁵³ − 1. */
export function encodeHeader(kid: number, counter: number): Bytes {
  const kidBytes = extensionBytes(kid);
  const counterBytes = extensionBytes(counter);
  const out = new Uint8Array(1 + kidBytes + counterBytes);
  const kidField = kidBytes === 0 ? kid : EXTENDED | (kidBytes - 1);
  const counterField = counterBytes === 0 ? counter : EXTENDED | (counterBytes - 1);
  out[0] = (kidField << 4) | counterField;
  writeUint(out, kid, 1, kidBytes);
  writeUint(out, counter, 1 + kidBytes, counterBytes);
  return out;
}

/** Reads the header at the start of `bytes`; undefined if it is cut short, not minimal or too large. */
export function decodeHeader(bytes: Uint8Array): SFrameHeader | undefined {
  const config = bytes[0];
  if (config === undefined) return undefined;
  const kidField = config >> 4;
  const counterField = config & 0x0f;
  const kidBytes = fieldBytes(kidField);
  const lengthBytes = 1 + kidBytes + fieldBytes(counterField);
  if (bytes.length < lengthBytes) return undefined;
  const kid = readUint(bytes, kidField, 1, kidBytes);
  const counter = readUint(bytes, counterField, 1 + kidBytes, fieldBytes(counterField));
  return kid === undefined || counter === undefined ? undefined : { kid, counter, lengthBytes };
}

function fieldBytes(field: number): number {
  return field < EXTENDED ? 0 : (field & 7) + 1;
}

function extensionBytes(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('KID and CTR are safe integers ≥ 0');
  if (value < EXTENDED) return 0;
  let bytes = 1;
  for (let bound = 256; value >= bound; bound *= 256) bytes++;
  return bytes;
}

function writeUint(out: Uint8Array, value: number, offset: number, length: number): void {
  let rest = value;
  for (let index = length - 1; index >= 0; index--) {
    out[offset + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readUint(bytes: Uint8Array, field: number, offset: number, length: number): number | undefined {
  if (length === 0) return field;
  let value = 0;
  for (let index = 0; index < length; index++) value = value * 256 + (bytes[offset + index] ?? 0);
  return Number.isSafeInteger(value) && extensionBytes(value) === length ? value : undefined;
}
