/**
 * The SFrame base key of an epoch (protocol §2): the MLS exporter and the call secret's media key together, so that
 * neither alone opens a frame.
 *
 * @see SPEC.md K16, K28
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { hkdf, importHkdfKey } from './hkdf.ts';

/**
 * Derives the base key of an epoch, 32 bytes.
 *
 * @param exporter - 32 bytes: MLS-Exporter("SFrame 1.0 Base Key", "", 32)
 * @param mediaKey - 32 bytes, of the call secret in force in that epoch
 */
export function deriveBaseKey(
  exporter: Bytes,
  mediaKey: Bytes,
  groupId: Uint8Array,
  epoch: number,
): Promise<Bytes> {
  if (exporter.length !== 32 || mediaKey.length !== 32) throw new RangeError('both inputs have 32 bytes');
  return hkdf({
    hash: 'SHA-512',
    ikm: concatBytes(exporter, mediaKey),
    salt: new Uint8Array(0),
    info: concatBytes(utf8('conclave sframe base v1'), groupId, uintBytes(epoch, 8)),
    lengthBytes: 32,
  });
}

/** Imports a base key for `deriveFrameKey`, non-extractable; the caller erases `bytes`. */
export function importBaseKey(bytes: Bytes): Promise<CryptoKey> {
  return importHkdfKey(bytes, ['deriveKey', 'deriveBits']);
}
