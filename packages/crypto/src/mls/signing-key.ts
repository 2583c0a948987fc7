/**
 * Ed25519 signing keys (RFC 8032) that cannot leave WebCrypto. ts-mls only passes its `signKey` through to `sign`, so what
 * it carries is an opaque 16-byte handle: the *object* names the key (a WeakMap), the bytes sign nothing.
 * @spec K34
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { Signature } from 'ts-mls/crypto/signature.js';
import { isSmallOrderKey } from '../small-order.ts';

const ALGORITHM = 'Ed25519';
export const SIGNATURE_KEY_BYTES = 32;

export interface SigningKey {
  /** 32 bytes, RFC 8032 encoding. */
  readonly publicKey: Bytes;
  /** Ed25519, usage `sign`; not extractable when made here. May be kept in IndexedDB. */
  readonly privateKey: CryptoKey;
}

const keyByHandle = new WeakMap<Uint8Array, CryptoKey>();
const handleByKey = new WeakMap<CryptoKey, Bytes>();

export async function generateSigningKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('Ed25519 did not give a key pair');
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { publicKey, privateKey: pair.privateKey };
}

/** 64 bytes over exactly `message`: the caller separates domains. */
export async function sign(key: SigningKey, message: Uint8Array): Promise<Bytes> {
  return signWith(key.privateKey, message);
}

/** False for a wrong signature, a key of small order (browsers take those) and anything else that is no key; never throws. */
export async function verify(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (isSmallOrderKey(publicKey)) return false;
  try {
    const key = await crypto.subtle.importKey('raw', publicKey.slice(), ALGORITHM, false, ['verify']);
    return await crypto.subtle.verify(ALGORITHM, key, signature.slice(), message.slice());
  } catch {
    return false;
  }
}

async function signWith(key: CryptoKey, message: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, message.slice()));
}

/** The handle that stands for the key inside ts-mls; always the same one for the same key. */
export function handleOf(key: SigningKey): Bytes {
  let handle = handleByKey.get(key.privateKey);
  if (handle === undefined) {
    handle = crypto.getRandomValues(new Uint8Array(16));
    handleByKey.set(key.privateKey, handle);
    keyByHandle.set(handle, key.privateKey);
  }
  return handle;
}

/** What ts-mls signs and verifies with. It cannot generate keys: they come from `generateSigningKey`. */
export const signature: Signature = {
  async keygen() {
    throw new Error('signing keys are generated outside of the library');
  },
  async sign(handle, message) {
    const key = keyByHandle.get(handle);
    if (key === undefined) throw new Error('no signing key behind this handle');
    return signWith(key, message);
  },
  verify: (publicKey, message, signed) => verify(publicKey, signed, message),
};
