/**
 * A knock: how a person with the link asks to be let in (D5). It holds the KeyPackage and the name, opens for whoever
 * holds the same link, and is meant for one group only.
 *
 * Plaintext: padded(`key package length 2 ‖ key package ‖ name`).
 *
 * @see SPEC.md K9
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, fromUtf8, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { open, SEAL_OVERHEAD_BYTES, seal } from './aead.ts';
import { KNOCK_SEALED_BYTES } from './limits.ts';
import { tidyName } from './name.ts';
import { pad, unpad } from './padded.ts';

/** What a knock is bound to. */
export type KnockTarget = {
  /** 16 bytes. */
  readonly roomId: Bytes;
  /** 16 bytes, of the call secret in force. */
  readonly linkId: Bytes;
  /** Of the call's MLS group, last for it alone may differ in length. */
  readonly groupId: Uint8Array;
};

export type Knock = {
  /** Encoded MLS KeyPackage; not validated here. */
  readonly keyPackage: Bytes;
  /** Tidied; absent if nothing visible was sent. */
  readonly name?: string;
};

const PADDED_BYTES = KNOCK_SEALED_BYTES - SEAL_OVERHEAD_BYTES;

/** Seals a knock; 4 KiB. Throws a RangeError if the KeyPackage does not fit. */
export function sealKnock(knockKey: Bytes, target: KnockTarget, knock: Knock): Promise<Bytes> {
  const { keyPackage } = knock;
  const name = utf8((knock.name !== undefined && tidyName(knock.name)) || '');
  const content = concatBytes(uintBytes(keyPackage.length, 2), keyPackage, name);
  return seal(knockKey, pad(content, PADDED_BYTES), aadOf(target));
}

/** Opens a knock for this very room, secret and group; undefined for anything else. */
export async function openKnock(
  knockKey: Bytes,
  target: KnockTarget,
  sealed: Bytes,
): Promise<Knock | undefined> {
  if (sealed.length !== KNOCK_SEALED_BYTES) return undefined;
  const padded = await open(knockKey, sealed, aadOf(target));
  const content = padded && unpad(padded, PADDED_BYTES);
  if (!content || content.length < 2) return undefined;
  const nameStart = 2 + new DataView(content.buffer).getUint16(0);
  const text = nameStart > content.length ? undefined : fromUtf8(content.subarray(nameStart));
  if (text === undefined) return undefined;
  const keyPackage = content.slice(2, nameStart);
  const name = tidyName(text);
  return name === undefined ? { keyPackage } : { keyPackage, name };
}

function aadOf({ roomId, linkId, groupId }: KnockTarget): Bytes {
  return concatBytes(utf8('conclave knock v1'), roomId, linkId, groupId);
}
