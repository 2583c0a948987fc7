/**
 * Ed25519 public keys of small order. Under such a key anybody can write a signature for any message; browsers accept
 * them where Node refuses, so whoever takes a key from remote asks here first.
 *
 * @see SPEC.md K12; RFC 8032 §5.1.7
 */

import { toHex } from '@conclave/protocol/bytes';

/** The y coordinates of the eight points, the sign of x cleared; the last two are 0 and 1 written above the prime. */
const Y_COORDINATES: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether a raw public key of 32 bytes is of small order, in any of its encodings. */
export function isSmallOrderKey(publicKey: Uint8Array): boolean {
  const y = publicKey.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return Y_COORDINATES.has(toHex(y));
}
