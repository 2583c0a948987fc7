/**
 * AES-256-GCM with a random nonce: `nonce 12 ‖ ciphertext ‖ tag 16`. For the few small messages under a link key, far
 * below the 2³² a random nonce allows; media frames have counters instead (`sframe.ts`).
 *
 * @see SPEC.md K8
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes } from '@conclave/protocol/bytes';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What sealing adds to the plaintext. */
export const SEAL_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/** Seals under a 32-byte key. */
export async function seal(key: Bytes, plaintext: Bytes, aad: Bytes): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const cipher = { name: 'AES-GCM', iv, additionalData: aad };
  const ciphertext = await crypto.subtle.encrypt(cipher, await importAesKey(key, 'encrypt'), plaintext);
  return concatBytes(iv, new Uint8Array(ciphertext));
}

/** Opens what `seal` made under the same key and `aad`; undefined for anything else. */
export async function open(key: Bytes, sealed: Bytes, aad: Bytes): Promise<Bytes | undefined> {
  if (sealed.length < SEAL_OVERHEAD_BYTES) return undefined;
  const cryptoKey = await importAesKey(key, 'decrypt');
  const cipher = { name: 'AES-GCM', iv: sealed.subarray(0, NONCE_BYTES), additionalData: aad };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(cipher, cryptoKey, sealed.subarray(NONCE_BYTES)));
  } catch {
    return undefined;
  }
}

function importAesKey(key: Bytes, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  if (key.length !== 32) throw new RangeError('an AEAD key has 32 bytes');
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, [usage]);
}
