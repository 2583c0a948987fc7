/**
 * The keys of a call secret (protocol §2): HKDF-SHA-256, one label for each output, under a salt that binds room, kind,
 * host, suite and age. Two links that differ in any of these share no key.
 *
 * @see SPEC.md K5–K7
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, uintBytes, utf8 } from '@conclave/protocol/bytes';
import { sha256 } from '@noble/hashes/sha2.js';
import { expand, hkdf, importHkdfKey } from './hkdf.ts';
import type { Link } from './link.ts';
import { kindByte } from './link.ts';

export type LinkKeys = {
  /** 16 bytes, public: the id of the PSK, and the name of the secret in force. */
  readonly linkId: Bytes;
  /** 32 bytes: the external PSK of the call's MLS group. */
  readonly psk: Bytes;
  /** 32 bytes: seals display names. */
  readonly metaKey: Bytes;
  /** 32 bytes: seals knocks. */
  readonly knockKey: Bytes;
  /** 32 bytes: seals beats. */
  readonly beatKey: Bytes;
  /** 32 bytes: second input of the SFrame base key. */
  readonly mediaKey: Bytes;
  /** 32 bytes: shown to the server, which keeps only its hash. */
  readonly access: Bytes;
};

/** Every key of an end-to-end encrypted call. Throws for an `open` link: it has no keys (D19), use `deriveAccess`. */
export async function deriveLinkKeys(link: Link): Promise<LinkKeys> {
  if (link.kind !== 'e2ee') throw new TypeError('a call without end-to-end encryption has no keys');
  const derive = await deriverOf(link);
  const [linkId, psk, metaKey, knockKey, beatKey, mediaKey, access] = await Promise.all([
    derive('conclave link id v1', 16),
    derive('conclave psk v1', 32),
    derive('conclave meta key v1', 32),
    derive('conclave knock key v1', 32),
    derive('conclave beat key v1', 32),
    derive('conclave media key v1', 32),
    derive(ACCESS_LABEL, 32),
  ]);
  return { linkId, psk, metaKey, knockKey, beatKey, mediaKey, access };
}

/** What a client shows to the server to be let near the room; of either kind of link. 32 bytes. */
export async function deriveAccess(link: Link): Promise<Bytes> {
  return (await deriverOf(link))(ACCESS_LABEL, 32);
}

export type RotationRequest = {
  /** 32 bytes: MLS-Exporter("conclave link rotation", "", 32) of the epoch in which the rotation is committed. */
  readonly exporter: Bytes;
  /** 32 bytes: the call secret until now. */
  readonly secret: Bytes;
  /** Gives room, kind and header; its own secret is not read. */
  readonly link: Link;
  readonly groupId: Uint8Array;
  /** Epoch of `exporter`. */
  readonly epoch: number;
};

/** The next call secret (D10): derived by every remaining member alike, never sent. 32 bytes. */
export function deriveRotatedSecret(request: RotationRequest): Promise<Bytes> {
  const { exporter, secret, link, groupId, epoch } = request;
  if (exporter.length !== 32 || secret.length !== 32) throw new RangeError('both inputs have 32 bytes');
  return hkdf({
    hash: 'SHA-256',
    ikm: concatBytes(exporter, secret),
    salt: saltOf(link),
    info: concatBytes(utf8('conclave rotate v1'), groupId, uintBytes(epoch, 8)),
    lengthBytes: 32,
  });
}

const ACCESS_LABEL = 'conclave access v1';

async function deriverOf(link: Link): Promise<(label: string, lengthBytes: number) => Promise<Bytes>> {
  const salt = saltOf(link);
  const key = await importHkdfKey(link.secret, ['deriveBits']);
  return (label, lengthBytes) => expand(key, { hash: 'SHA-256', salt, info: utf8(label), lengthBytes });
}

function saltOf(link: Link): Bytes {
  const kind = Uint8Array.of(kindByte(link.kind));
  return Uint8Array.from(sha256(concatBytes(utf8('conclave room v1'), link.roomId, kind, link.header)));
}
