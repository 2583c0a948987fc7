/**
 * The rotation of a call's link (D10): the next secret is derived by every remaining member alike, never sent, so there
 * is nothing that a server could withhold from one of them. The kicked, who is not in the epoch, derives something else.
 *
 * @see SPEC.md C43, C44
 */

import { type Link, withSecret } from '@conclave/crypto/link';
import { deriveLinkKeys, deriveRotatedSecret, type LinkKeys } from '@conclave/crypto/link-keys';
import { epoch, exportSecret, type GroupState, groupId, type Suite } from '@conclave/crypto/mls/engine';
import { openOldMeta, retireMetaKey, sealOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import type { RotationTruth } from './commit-context.ts';

export interface RotationInput {
  /** Of the epoch in which the rotation is committed, after the last Remove. */
  readonly state: GroupState;
  readonly suite: Suite;
  /** In force now. */
  readonly link: Link;
  readonly keys: LinkKeys;
  /** Retired meta keys until now, newest first. */
  readonly oldMetaKeys: readonly Bytes[];
}

/** The next link; also what `judgeCommit` compares a rotation with. */
export interface NextLink extends RotationTruth {
  /** To be stored beside the old one before the rotation is in force. */
  readonly link: Link;
  readonly keys: LinkKeys;
  /** With the meta key in force until now. */
  readonly oldMetaKeys: readonly Bytes[];
}

/** Derives the next link from the current epoch; to be done again after each further Remove. */
export async function deriveNextLink(input: RotationInput): Promise<NextLink> {
  const { state, suite, link, keys, oldMetaKeys: retired } = input;
  const exporter = await exportSecret(state, suite, 'conclave link rotation', new Uint8Array(0), 32);
  const secret = await deriveRotatedSecret({
    exporter,
    secret: link.secret,
    link,
    groupId: groupId(state),
    epoch: epoch(state),
  });
  exporter.fill(0);
  const nextLink = withSecret(link, secret);
  const nextKeys = await deriveLinkKeys(nextLink);
  const oldMetaKeys = retireMetaKey(keys.metaKey, retired);
  return {
    link: nextLink,
    keys: nextKeys,
    linkId: nextKeys.linkId,
    accessHash: await hashAccess(nextKeys.access),
    oldMetaKeys,
    opensOldMeta: (sealed) => opensTo(nextKeys.metaKey, sealed, oldMetaKeys),
  };
}

/** oldMeta' for the committer of the rotation: the old list and the old key under the new one. */
export function sealNextOldMeta(next: NextLink): Promise<Bytes> {
  return sealOldMeta(next.keys.metaKey, next.oldMetaKeys);
}

/** SHA-256(access), 32 bytes: what the server keeps (D7). */
export async function hashAccess(access: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', access));
}

async function opensTo(metaKey: Bytes, sealed: Bytes, expected: readonly Bytes[]): Promise<boolean> {
  const opened = await openOldMeta(metaKey, sealed);
  return (
    opened !== undefined &&
    opened.length === expected.length &&
    opened.every((key, index) => equalBytes(key, expected[index] ?? EMPTY))
  );
}

const EMPTY = new Uint8Array(0);
