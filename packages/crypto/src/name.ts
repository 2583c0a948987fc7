/**
 * Display names: sealed under the link's meta key, they are the credential of a leaf, so whoever holds the link reads
 * them from the tree and the server never does (D20).
 *
 * @see SPEC.md K10
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { fromUtf8, utf8 } from '@conclave/protocol/bytes';
import { open, seal } from './aead.ts';
import { NAME_BYTES_MAX, NAME_PADDED_BYTES } from './limits.ts';
import { pad, unpad } from './padded.ts';

const AAD = utf8('conclave name v1');

/** Controls, private and unassigned characters, and invisible formatting but for the two joiners. */
const INVISIBLE = /[\p{Cc}\p{Co}\p{Cn}]|(?![\u200c\u200d])\p{Cf}/gu;
/** Persian words and joined emoji need joiners between their letters; at the edge of ASCII they only disguise a name. */
const IDLE_JOINER =
  /(?<![^\0-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\0-\x7f])|(?<=[\u200c\u200d])[\u200c\u200d]+/gu;
const VISIBLE = /(?![\p{Default_Ignorable_Code_Point}\u2800])[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A name as it is shown: NFC, one line, single spaces, without control, bidirectional and other invisible formatting
 * characters (which could dress one name as another), cut to 60 bytes of UTF-8. Undefined if nothing visible is left.
 */
export function tidyName(text: string): string | undefined {
  const line = text
    .toWellFormed()
    .replaceAll(/\s/gu, ' ')
    .replaceAll(INVISIBLE, '')
    .replaceAll(IDLE_JOINER, '');
  const tidy = cutToBytes(line.replaceAll(/ +/g, ' ').trim().normalize('NFC'), NAME_BYTES_MAX)
    .replace(/[\u200c\u200d]+$/u, '')
    .trim();
  return VISIBLE.test(tidy) ? tidy : undefined;
}

/** The longest start of whole characters that fits. */
function cutToBytes(text: string, bytesMax: number): string {
  let end = 0;
  let lengthBytes = 0;
  for (const character of text) {
    lengthBytes += utf8(character).length;
    if (lengthBytes > bytesMax) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Seals a name, tidied. Throws a RangeError for a name of which nothing is left. */
export function sealName(metaKey: Bytes, name: string): Promise<Bytes> {
  const tidy = tidyName(name);
  if (tidy === undefined) throw new RangeError('a name needs a visible character');
  return seal(metaKey, pad(utf8(tidy), NAME_PADDED_BYTES), AAD);
}

/**
 * Opens a sealed name and tidies it: what a modified client sealed is not trusted to be tidy.
 *
 * @param metaKeys - the meta key in force, then the retired ones, newest first (see `openOldMeta`); the first that fits
 * decides
 */
export async function openName(
  metaKeys: Bytes | readonly Bytes[],
  sealed: Bytes,
): Promise<string | undefined> {
  for (const metaKey of metaKeys instanceof Uint8Array ? [metaKeys] : metaKeys) {
    const padded = await open(metaKey, sealed, AAD);
    const content = padded && unpad(padded, NAME_PADDED_BYTES);
    const name = content && fromUtf8(content);
    if (name !== undefined) return tidyName(name);
  }
  return undefined;
}
