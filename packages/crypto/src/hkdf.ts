/** HKDF over WebCrypto (RFC 5869). */

import type { Bytes } from '@conclave/protocol/bytes';

export type HkdfRequest = {
  readonly hash: 'SHA-256' | 'SHA-512';
  readonly ikm: Bytes;
  readonly salt: Bytes;
  readonly info: Bytes;
  readonly lengthBytes: number;
};

/** Extract and expand in one call. */
export async function hkdf(request: HkdfRequest): Promise<Bytes> {
  const key = await importHkdfKey(request.ikm, ['deriveBits']);
  return expand(key, request);
}

/** Imports key material that can then only be derived from. */
export function importHkdfKey(ikm: Bytes, usages: ('deriveBits' | 'deriveKey')[]): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', ikm, 'HKDF', false, usages);
}

/** Derives bytes from an imported key; many outputs of one key share the import. */
export async function expand(key: CryptoKey, request: Omit<HkdfRequest, 'ikm'>): Promise<Bytes> {
  const { hash, salt, info, lengthBytes } = request;
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: 'HKDF', hash, salt, info }, key, lengthBytes * 8),
  );
}
