/**
 * The link of a room: `/r/<roomId>#<kind>.<base64url(header ‖ secret ‖ checksum)>` (protocol §2, D4).
 *
 * header = version 1 ‖ flags 1 ‖ suite 2 ‖ created hour 4 ‖ host key hash 16; secret 32; checksum 4.
 * The checksum finds typing errors; what makes every field trustworthy is that `deriveLinkKeys` binds all of them.
 * A link's secret never appears in an error.
 *
 * @see SPEC.md K1–K4
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes, equalBytes, fromBase64Url, toBase64Url, uintBytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';
import { sha256 } from '@noble/hashes/sha2.js';
import { LINK_LIFE_HOURS } from './limits.ts';

/** `e2ee` is written `#1.`, `open` (a call without end-to-end encryption, D19) `#0.`. */
export type LinkKind = 'e2ee' | 'open';

/** Conclave's number of the cipher suite: 1 is X25519, 2 is X-Wing (D2). */
export type LinkSuite = 1 | 2;

export type LinkFlags = {
  /** The room outlives its call and its link does not expire. */
  readonly kept: boolean;
  /** The lobby is on from the start. */
  readonly lobby: boolean;
};

export type Link = {
  /** 16 bytes. */
  readonly roomId: Bytes;
  readonly kind: LinkKind;
  /** 24 bytes, exactly as they stand in the link; salt of every key. */
  readonly header: Bytes;
  readonly suite: LinkSuite;
  readonly flags: LinkFlags;
  /** Hours since 1970. */
  readonly createdHour: number;
  /** First 16 bytes of SHA-256 of the host's public signature key. */
  readonly hostKeyHash: Bytes;
  /** 32 bytes: the call secret while no rotation has replaced it. */
  readonly secret: Bytes;
};

/**
 * `NOT_A_LINK`: not the path of a room. `MISTYPED`: incomplete or altered. `UNKNOWN_VERSION` and `UNKNOWN_SUITE`: intact,
 * but made by another version of Conclave.
 */
export type LinkErrorCode = 'NOT_A_LINK' | 'MISTYPED' | 'UNKNOWN_VERSION' | 'UNKNOWN_SUITE';
export type LinkError = { readonly code: LinkErrorCode };

const VERSION = 1;
const FLAG_KEPT = 1;
const FLAG_LOBBY = 2;
const ROOM_ID_BYTES = 16;
const HEADER_BYTES = 24;
const HOST_KEY_HASH_BYTES = 16;
const SECRET_BYTES = 32;
const CHECKSUM_BYTES = 4;
const HOUR_MS = 3_600_000;

export type LinkRequest = {
  /** Raw signature key of the host, whose holder alone founds the call. */
  readonly hostPublicKey: Uint8Array;
  readonly suite: LinkSuite;
  readonly kind: LinkKind;
  readonly flags: LinkFlags;
  readonly nowUnixMs: number;
};

/** Makes a link with a fresh random room id and secret. */
export function createLink(request: LinkRequest): Link {
  const { suite, kind, flags } = request;
  const createdHour = Math.floor(request.nowUnixMs / HOUR_MS);
  const hostKeyHash = hashHostKey(request.hostPublicKey);
  const flagBits = (flags.kept ? FLAG_KEPT : 0) | (flags.lobby ? FLAG_LOBBY : 0);
  return {
    roomId: crypto.getRandomValues(new Uint8Array(ROOM_ID_BYTES)),
    kind,
    header: concatBytes(
      Uint8Array.of(VERSION, flagBits),
      uintBytes(suite, 2),
      uintBytes(createdHour, 4),
      hostKeyHash,
    ),
    suite,
    flags: { kept: flags.kept, lobby: flags.lobby },
    createdHour,
    hostKeyHash,
    secret: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)),
  };
}

/** The same room after a rotation: the header never changes (protocol §2). `secret` has 32 bytes. */
export function withSecret(link: Link, secret: Bytes): Link {
  if (secret.length !== SECRET_BYTES) throw new RangeError('a link secret has 32 bytes');
  return { ...link, secret };
}

/** Path and fragment, to be put after the origin. Holds the secret. */
export function formatLinkPath(link: Link): string {
  const content = concatBytes(link.header, link.secret);
  const tail = concatBytes(content, checksumOf(link.roomId, kindByte(link.kind), content));
  return `/r/${toBase64Url(link.roomId)}#${kindByte(link.kind)}.${toBase64Url(tail)}`;
}

/**
 * Reads a link from `location.pathname` and `location.hash`.
 *
 * Every version of the format ends in the checksum and starts with its version byte, so a damaged link is told from one
 * that is merely unknown.
 */
export function parseLink(pathname: string, hash: string): Result<Link, LinkError> {
  const path = /^\/r\/([^/]*)\/?$/.exec(pathname);
  if (!path) return err({ code: 'NOT_A_LINK' });
  const roomId = fromBase64Url(path[1] ?? '');
  const fragment = /^#([0-9])\.([A-Za-z0-9_-]{1,400})$/.exec(hash);
  const tail = fragment && fromBase64Url(fragment[2] ?? '');
  if (!fragment || !tail || roomId?.length !== ROOM_ID_BYTES || tail.length <= CHECKSUM_BYTES) {
    return err({ code: 'MISTYPED' });
  }
  const kind = Number(fragment[1]);
  const content = tail.slice(0, -CHECKSUM_BYTES);
  const checksum = tail.subarray(-CHECKSUM_BYTES);
  if (!equalBytes(checksum, checksumOf(roomId, kind, content))) return err({ code: 'MISTYPED' });
  return parseContent(roomId, kind, content);
}

function parseContent(roomId: Bytes, kind: number, content: Bytes): Result<Link, LinkError> {
  const [version, flagBits = 0] = content;
  if (version !== VERSION || kind > 1) return err({ code: 'UNKNOWN_VERSION' });
  if (content.length !== HEADER_BYTES + SECRET_BYTES) return err({ code: 'MISTYPED' });
  if ((flagBits & ~(FLAG_KEPT | FLAG_LOBBY)) !== 0) return err({ code: 'UNKNOWN_VERSION' });
  const header = content.slice(0, HEADER_BYTES);
  const view = new DataView(header.buffer);
  const suite = view.getUint16(2);
  if (suite !== 1 && suite !== 2) return err({ code: 'UNKNOWN_SUITE' });
  return ok({
    roomId,
    kind: kind === 1 ? 'e2ee' : 'open',
    header,
    suite,
    flags: { kept: (flagBits & FLAG_KEPT) !== 0, lobby: (flagBits & FLAG_LOBBY) !== 0 },
    createdHour: view.getUint32(4),
    hostKeyHash: header.slice(8, 8 + HOST_KEY_HASH_BYTES),
    secret: content.slice(HEADER_BYTES),
  });
}

/** Whether `publicKey` is the host key that this link names. */
export function isHostKey(link: Link, publicKey: Uint8Array): boolean {
  return equalBytes(link.hostKeyHash, hashHostKey(publicKey));
}

/** Whether a page must refuse this link: a courtesy against stale links, by the server's clock (D4). */
export function isExpired(link: Link, nowUnixMs: number): boolean {
  return !link.flags.kept && nowUnixMs >= (link.createdHour + LINK_LIFE_HOURS) * HOUR_MS;
}

/** The byte that stands for a kind in the checksum and in the salt of the keys. */
export function kindByte(kind: LinkKind): 0 | 1 {
  return kind === 'e2ee' ? 1 : 0;
}

function hashHostKey(publicKey: Uint8Array): Bytes {
  return Uint8Array.from(sha256(publicKey).subarray(0, HOST_KEY_HASH_BYTES));
}

function checksumOf(roomId: Bytes, kind: number, content: Bytes): Uint8Array {
  return sha256(concatBytes(roomId, Uint8Array.of(kind), content)).subarray(0, CHECKSUM_BYTES);
}
