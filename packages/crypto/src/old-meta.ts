/**
 * The retired meta keys of a call, sealed under the one in force (D20): newcomers read the names of those who joined
 * before a rotation; who was kicked cannot read the names of those who join after it.
 *
 * @see SPEC.md K11
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, utf8 } from '@conclave/protocol/bytes';
import { open, seal } from './aead.ts';
import { OLD_META_KEYS_MAX } from './limits.ts';

const AAD = utf8('conclave old meta v1');
const KEY_BYTES = 32;

/** The list after a rotation: newest first; what exceeds the limit falls out alike for everybody. */
export function retireMetaKey(retired: Bytes, oldMetaKeys: readonly Bytes[]): Bytes[] {
  return [retired, ...oldMetaKeys].slice(0, OLD_META_KEYS_MAX);
}

/** Seals the list made by `retireMetaKey`, in its order. */
export function sealOldMeta(newMetaKey: Bytes, oldMetaKeys: readonly Bytes[]): Promise<Bytes> {
  if (oldMetaKeys.length > OLD_META_KEYS_MAX || oldMetaKeys.some((key) => key.length !== KEY_BYTES)) {
    throw new RangeError(`at most ${OLD_META_KEYS_MAX} keys of ${KEY_BYTES} bytes`);
  }
  return seal(newMetaKey, concatBytes(...oldMetaKeys), AAD);
}

/** Opens the list; undefined if it does not open or is not a list of 32-byte keys. */
export async function openOldMeta(newMetaKey: Bytes, sealed: Bytes): Promise<Bytes[] | undefined> {
  const keys = await open(newMetaKey, sealed, AAD);
  if (!keys || keys.length % KEY_BYTES !== 0 || keys.length > OLD_META_KEYS_MAX * KEY_BYTES) return undefined;
  const count = keys.length / KEY_BYTES;
  return Array.from({ length: count }, (_, index) => keys.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES));
}
