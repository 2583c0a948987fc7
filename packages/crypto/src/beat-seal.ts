/**
 * The outside of a beat (D23): signed by the leaf key, sealed under the link's beat key, of one fixed size. What a beat
 * says is encoded in `@conclave/calling`. Beats are relayed across epochs, so only label and room stand in the AAD.
 *
 * Plaintext: `leaf key 32 ‖ signature 64 ‖ padded(body)`; the signature covers "conclave beat v1" ‖ body.
 *
 * @see SPEC.md K12
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, utf8 } from '@conclave/protocol/bytes';
import { open, seal } from './aead.ts';
import { BEAT_BODY_BYTES_MAX, BEAT_SEALED_BYTES } from './limits.ts';
import { pad, unpad } from './padded.ts';
import { isSmallOrderKey } from './small-order.ts';

export type BeatKeys = {
  /** 32 bytes. */
  readonly beatKey: Bytes;
  /** 16 bytes. */
  readonly roomId: Bytes;
};

export type BeatToSeal = {
  /** At most `BEAT_BODY_BYTES_MAX`. */
  readonly body: Uint8Array;
  /** Raw Ed25519 public key of the leaf, 32 bytes. */
  readonly leafKey: Bytes;
  /** Signs with the leaf's private key; Ed25519, 64 bytes. */
  readonly sign: (message: Bytes) => Promise<Bytes>;
};

export type OpenedBeat = {
  readonly body: Bytes;
  /** Who signed it, proven. Whether that is a leaf of the call is the caller's question. */
  readonly leafKey: Bytes;
};

const LABEL = utf8('conclave beat v1');
const LEAF_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const BODY_START = LEAF_KEY_BYTES + SIGNATURE_BYTES;
const PADDED_BODY_BYTES = BEAT_BODY_BYTES_MAX + 2;

/** Signs and seals; 512 bytes. Throws a RangeError if the body is too long. */
export async function sealBeat({ beatKey, roomId }: BeatKeys, beat: BeatToSeal): Promise<Bytes> {
  const padded = pad(beat.body, PADDED_BODY_BYTES);
  const signature = await beat.sign(concatBytes(LABEL, beat.body));
  if (beat.leafKey.length !== LEAF_KEY_BYTES || signature.length !== SIGNATURE_BYTES) {
    throw new RangeError('a leaf key has 32 bytes and a signature 64');
  }
  return seal(beatKey, concatBytes(beat.leafKey, signature, padded), aadOf(roomId));
}

/** Opens a beat and verifies its signature; undefined if either fails. */
export async function openBeat(
  { beatKey, roomId }: BeatKeys,
  sealed: Bytes,
): Promise<OpenedBeat | undefined> {
  if (sealed.length !== BEAT_SEALED_BYTES) return undefined;
  const plaintext = await open(beatKey, sealed, aadOf(roomId));
  const body = plaintext && unpad(plaintext.subarray(BODY_START), PADDED_BODY_BYTES);
  if (!body) return undefined;
  const leafKey = plaintext.slice(0, LEAF_KEY_BYTES);
  const signature = plaintext.subarray(LEAF_KEY_BYTES, BODY_START);
  const authentic = await verifyEd25519(leafKey, signature, concatBytes(LABEL, body));
  return authentic ? { body, leafKey } : undefined;
}

function aadOf(roomId: Bytes): Bytes {
  return concatBytes(LABEL, roomId);
}

async function verifyEd25519(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  if (isSmallOrderKey(publicKey)) return false;
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, message);
  } catch {
    // Some 32-byte strings are no curve point: browsers refuse them at import.
    return false;
  }
}
