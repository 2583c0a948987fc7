/**
 * What both ways of joining share: the caller's judge, and the checks of a GroupInfo and its tree, in the order of
 * RFC 9420 §12.4.3.1 — suite → extensions → signature → tree → judge → and only then any key.
 * @spec K44, K56, K57, K67
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { GroupInfo } from 'ts-mls/groupInfo.js';
import { ratchetTreeFromExtension, verifyGroupInfoSignature } from 'ts-mls/groupInfo.js';
import type { KeyPackage } from 'ts-mls/keyPackage.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { JOIN_EPOCH_MAX } from '../limits.ts';
import { checkExtensions, toMap } from './extensions.ts';
import type { Leaf } from './group.ts';
import { leafNodeAt, leavesOf, toLeaf } from './group.ts';
import type { OwnKeyPackage } from './key-package.ts';
import { checkCapabilities } from './leaf-validation.ts';
import type { PskSecrets } from './psk.ts';
import type { MlsError } from './refusal.ts';
import { need, refuse } from './refusal.ts';
import type { Suite } from './suite.ts';
import { validateTree } from './tree-validation.ts';
import { decodeTree } from './wire.ts';

/** The group as its authenticated GroupInfo and tree show it; from a Welcome, the own leaf is among the leaves. */
export interface Joining {
  readonly groupId: Bytes;
  readonly epoch: number;
  /** Who signed the GroupInfo. */
  readonly signer: Leaf;
  readonly leaves: readonly Leaf[];
  readonly extensions: ReadonlyMap<number, Bytes>;
  /** The PSKs of the epoch that is joined; none or one. */
  readonly pskIds: readonly Bytes[];
}

/** The caller's policy: a reason to refuse, or undefined. */
export type Judge = (joining: Joining) => string | undefined | Promise<string | undefined>;

export type JoinError = MlsError;

export interface JoinMaterial {
  readonly keyPackage: OwnKeyPackage;
  /** Encoded ratchet tree; may be left out where the GroupInfo carries one. */
  readonly tree?: Uint8Array;
  readonly psks: PskSecrets;
  readonly judge: Judge;
}

/** A GroupInfo whose signature and tree have been verified; nobody has judged it yet. */
export interface VerifiedGroup {
  readonly groupInfo: GroupInfo;
  readonly tree: RatchetTree;
  readonly signer: Leaf;
}

export async function verifyGroup(
  groupInfo: GroupInfo,
  encodedTree: Uint8Array | undefined,
  keyPackage: KeyPackage,
  suite: Suite,
): Promise<VerifiedGroup> {
  const { implementation } = suite;
  const { groupContext } = groupInfo;
  checkGroupContext(groupInfo, keyPackage, implementation);
  const tree = encodedTree === undefined ? ratchetTreeFromExtension(groupInfo) : decodeTree(encodedTree);
  if (tree === undefined) return refuse('TREE', 'no tree');
  const signer = leafNodeAt(tree, groupInfo.signer);
  if (signer === undefined) return refuse('CRYPTO', 'the signer of the GroupInfo is not a leaf');
  const signed = await verifyGroupInfoSignature(
    groupInfo,
    signer.signaturePublicKey,
    implementation.signature,
  );
  need(signed, 'CRYPTO', 'signature of the GroupInfo');
  await validateTree(tree, groupContext, implementation);
  return { groupInfo, tree, signer: toLeaf(groupInfo.signer, signer) };
}

function checkGroupContext(
  { groupContext }: GroupInfo,
  keyPackage: KeyPackage,
  suite: CiphersuiteImpl,
): void {
  const { version, cipherSuite, epoch, extensions } = groupContext;
  need(version === keyPackage.version && cipherSuite === suite.name, 'SUITE', 'suite of the group');
  need(epoch <= BigInt(JOIN_EPOCH_MAX), 'BOUNDS', 'epoch');
  checkExtensions(extensions);
  checkCapabilities(keyPackage.leafNode, extensions, suite);
}

/** Refuses JUDGED with the judge's reason. */
export async function askJudge(
  judge: Judge,
  { groupInfo, tree, signer }: VerifiedGroup,
  pskIds: readonly Bytes[],
): Promise<void> {
  const { groupId, epoch, extensions } = groupInfo.groupContext;
  const reason = await judge({
    groupId: groupId.slice(),
    epoch: Number(epoch),
    signer,
    leaves: leavesOf(tree),
    extensions: toMap(extensions),
    pskIds,
  });
  if (reason !== undefined) refuse('JUDGED', reason);
}
