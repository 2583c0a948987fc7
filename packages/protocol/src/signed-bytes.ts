/**
 * Signed bytes: what signatures between a client and the delivery service cover, SPEC W4–W6. Each has a label of its
 * own, so that no signature can be read as another kind.
 */
import { type Bytes, concatBytes, toBase64Url, uintBytes, utf8 } from './bytes.ts';

/** What the leaf key signs at hello: the server's nonce bound to the room. */
export function helloBytes(nonce: Uint8Array, roomId: Uint8Array): Bytes {
  return concatBytes(utf8('conclave hello v1'), nonce, roomId);
}

/** What the server signs when it attests that a leaf key's socket is gone (D8). */
export function attestationBytes(groupId: Uint8Array, epoch: number, leafKey: Uint8Array): Bytes {
  return concatBytes(utf8('conclave attest v1'), groupId, uintBytes(epoch, 8), leafKey);
}

/** Opaque name of a participant towards the server and LiveKit: 22 characters of base64url (D7). */
export async function participantIdOf(leafKey: Uint8Array, callId: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', concatBytes(leafKey, callId));
  return toBase64Url(new Uint8Array(digest)).slice(0, 22);
}
