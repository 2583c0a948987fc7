/**
 * Reads fixed-size fields from bytes that came from outside. Never throws: past the end it gives zeros and remembers
 * that the whole is not to be believed, so a decoder checks once, at its end.
 */
import type { Bytes } from '@conclave/protocol/bytes';

export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #isBroken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A copy of the next `length` bytes; zeros when there are fewer. */
  take(length: number): Bytes {
    const end = this.#offset + length;
    if (this.#isBroken || end > this.#bytes.length) {
      this.#isBroken = true;
      return new Uint8Array(length);
    }
    const taken = this.#bytes.slice(this.#offset, end);
    this.#offset = end;
    return taken as Bytes;
  }

  /** Big-endian unsigned integer of ≤ 6 bytes. */
  uint(length: number): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** A copy of all that is left. */
  rest(): Bytes {
    return this.take(this.#bytes.length - this.#offset);
  }

  /** Marks what was read as not to be believed. */
  fail(): void {
    this.#isBroken = true;
  }

  /** Whether every field was there. */
  get isSound(): boolean {
    return !this.#isBroken;
  }

  /** Whether every field was there and nothing is left. */
  get isWhole(): boolean {
    return !this.#isBroken && this.#offset === this.#bytes.length;
  }
}
