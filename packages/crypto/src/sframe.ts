/**
 * SFrame (RFC 9605) with the two GCM suites: 4 AES_128_GCM_SHA256_128 and 5 AES_256_GCM_SHA512_128. Conclave uses 5
 * (D11); 4 is here so that both official vectors speak for the code.
 *
 * A frame key knows its KID, so a KID names exactly one key: nothing is ever tried under two. This runs once a frame:
 * plaintext and ciphertext are handed to WebCrypto as views, and a sealed frame is copied once, into its place.
 *
 * @see SPEC.md K14, K23, K24; RFC 9605 §4.4
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { FRAMES_PER_KEY_MAX } from './limits.ts';
import type { SFrameHeader } from './sframe-header.ts';
import { encodeHeader } from './sframe-header.ts';

export type SFrameSuite = 4 | 5;

export type FrameKey = {
  readonly kid: number;
  /** AES-GCM, not extractable. */
  readonly key: CryptoKey;
  /** 12 bytes; the nonce is salt XOR counter. */
  readonly salt: Bytes;
};

const SUITES = {
  4: { hash: 'SHA-256', keyBits: 128 },
  5: { hash: 'SHA-512', keyBits: 256 },
} as const;
const NO_SALT = new Uint8Array(0);
const NONCE_BYTES = 12;

/** Bytes that every frame gains beside its header. */
export const TAG_BYTES = 16;

/**
 * Derives the one key of a KID (RFC 9605 §4.4.2).
 *
 * @param baseKey - HKDF key of the epoch, see `importBaseKey`
 */
export async function deriveFrameKey(
  baseKey: CryptoKey,
  kid: number,
  suite: SFrameSuite = 5,
): Promise<FrameKey> {
  const { hash, keyBits } = SUITES[suite];
  const suffix = concatBytes(uintBytes(kid, 8), uintBytes(suite, 2));
  const hkdf = (label: string) => ({
    name: 'HKDF',
    hash,
    salt: NO_SALT,
    info: concatBytes(utf8(label), suffix),
  });
  const [key, salt] = await Promise.all([
    crypto.subtle.deriveKey(
      hkdf('SFrame 1.0 Secret key '),
      baseKey,
      { name: 'AES-GCM', length: keyBits },
      false,
      ['encrypt', 'decrypt'],
    ),
    crypto.subtle.deriveBits(hkdf('SFrame 1.0 Secret salt '), baseKey, NONCE_BYTES * 8),
  ]);
  return { kid, key, salt: new Uint8Array(salt) };
}

/**
 * Seals one frame: `header ‖ ciphertext ‖ tag`. The caller never uses a counter twice under one key.
 *
 * Throws a RangeError from the hard stop of 2³² frames on (D12).
 */
export async function sealFrame(
  frameKey: FrameKey,
  counter: number,
  metadata: Bytes,
  plaintext: Bytes,
): Promise<Bytes> {
  const header = encodeHeader(frameKey.kid, counter);
  return concatBytes(header, await encryptFrame({ frameKey, header, counter, metadata, plaintext }));
}

export type FrameToEncrypt = {
  readonly frameKey: FrameKey;
  /** `encodeHeader(frameKey.kid, counter)`. */
  readonly header: Bytes;
  readonly counter: number;
  readonly metadata: Bytes;
  readonly plaintext: Bytes;
};

/** The part of `sealFrame` after the header, for a caller that lays out header and ciphertext itself. */
export async function encryptFrame(frame: FrameToEncrypt): Promise<Bytes> {
  const { frameKey, header, counter, metadata, plaintext } = frame;
  if (counter >= FRAMES_PER_KEY_MAX) throw new RangeError('this key has sealed all its frames');
  const cipher = cipherOf(frameKey, counter, header, metadata);
  return new Uint8Array(await crypto.subtle.encrypt(cipher, frameKey.key, plaintext));
}

/**
 * Opens a sealed frame; undefined unless all of it, its header and the metadata are authentic under this key.
 *
 * @param header - what `decodeHeader(sealed)` gave
 */
export async function openFrame(
  frameKey: FrameKey,
  header: SFrameHeader,
  metadata: Bytes,
  sealed: Bytes,
): Promise<Bytes | undefined> {
  if (header.kid !== frameKey.kid || header.counter >= FRAMES_PER_KEY_MAX) return undefined;
  if (sealed.length < header.lengthBytes + TAG_BYTES) return undefined;
  const cipher = cipherOf(frameKey, header.counter, sealed.subarray(0, header.lengthBytes), metadata);
  try {
    const ciphertext = sealed.subarray(header.lengthBytes);
    return new Uint8Array(await crypto.subtle.decrypt(cipher, frameKey.key, ciphertext));
  } catch {
    return undefined;
  }
}

function cipherOf(frameKey: FrameKey, counter: number, header: Uint8Array, metadata: Bytes): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: nonceOf(frameKey.salt, counter),
    additionalData: concatBytes(header, metadata),
  };
}

function nonceOf(salt: Bytes, counter: number): Bytes {
  const nonce = salt.slice();
  const view = new DataView(nonce.buffer);
  view.setUint32(4, view.getUint32(4) ^ Math.floor(counter / 2 ** 32));
  view.setUint32(8, view.getUint32(8) ^ (counter >>> 0));
  return nonce;
}
