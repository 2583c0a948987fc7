/** LEB128 sizes as AV1 writes them (AV1 §4.10.5), in the fewest bytes and at most five. */

const BYTES_MAX = 5;

/** Encodes an integer from 0 to 2³² − 1. */
export function encodeLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

export type Leb128 = { readonly value: number; readonly lengthBytes: number };

/** Reads a size at `offset`; undefined if it is cut short, padded or above 2³² − 1. */
export function decodeLeb128(bytes: Uint8Array, offset: number): Leb128 | undefined {
  let value = 0;
  for (let index = 0; index < BYTES_MAX; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    const isPadded = byte === 0 && index > 0;
    return isPadded || value > 0xffff_ffff ? undefined : { value, lengthBytes: index + 1 };
  }
  return undefined;
}
