/**
 * What stands for a room here, in memory and in the store: a hash, so that whoever gets hold of the files cannot tell
 * from a link whether its call is among them.
 *
 * @see SPEC.md V72
 */
import { createHash } from 'node:crypto';

/** base64url of the SHA-256 of the room's id. */
export function hashRoomId(roomId: Uint8Array): string {
  return createHash('sha256').update(roomId).digest('base64url');
}
