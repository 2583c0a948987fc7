/**
 * The call's own Ed25519 key, which signs attestations (D8), and checks of signatures that clients make.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { type Bytes, fromBase64Url, toBase64Url } from '@conclave/protocol/bytes';

export interface ServerKey {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** 64 bytes of Ed25519. */
  sign(message: Uint8Array): Bytes;
}

/** A new private key as PKCS #8. */
export function makeServerKey(): Bytes {
  const { privateKey } = generateKeyPairSync('ed25519');
  return Uint8Array.from(privateKey.export({ format: 'der', type: 'pkcs8' }));
}

export function openServerKey(pkcs8: Uint8Array): ServerKey {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = fromBase64Url(x ?? '');
  if (publicKey?.length !== 32) throw new Error('the stored key is not an Ed25519 key');
  return { publicKey, sign: (message) => Uint8Array.from(sign(null, message, privateKey)) };
}

/** Never throws: a leaf key that is no curve point verifies nothing. */
export function verifyLeafSignature(
  leafKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  let key: KeyObject;
  try {
    key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(leafKey) },
      format: 'jwk',
    });
  } catch {
    return false;
  }
  return verify(null, message, key, signature);
}
