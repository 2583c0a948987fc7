/**
 * Staging: the only door through which a commit of somebody else reaches the library. In this order:
 * bounds and shape → the library → the difference of the two trees → keys → a neutral account of what the commit does.
 * The caller judges that account (policy), then adopts `state` or drops it; the old state never changes.
 * @spec K38, K47, K48, K52, K53, K54, K55, K64
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import type { ClientState } from 'ts-mls/clientState.js';
import { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import type { PublicMessage } from 'ts-mls/publicMessage.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { findBlankLeafNodeIndexOrExtend, removeLeafNode } from 'ts-mls/ratchetTree.js';
import { nodeToLeafIndex, toLeafIndex } from 'ts-mls/treemath.js';
import { consumedBetween } from './erase.ts';
import { checkExtensions, toMap } from './extensions.ts';
import type { GroupState, Leaf } from './group.ts';
import { inside, leafNodeAt, outside, toLeaf } from './group.ts';
import type { Incoming } from './incoming.ts';
import { admitCommit } from './incoming.ts';
import { checkCapabilities, checkLeaf } from './leaf-validation.ts';
import { checkPrivatePath, withoutBlankNodes } from './private-path.ts';
import type { StagedProposal } from './proposals.ts';
import { addedLeafNodes, checkNothingDropped } from './proposals.ts';
import type { PskSecrets } from './psk.ts';
import { toPskIndex } from './psk.ts';
import type { MlsError } from './refusal.ts';
import { door, need, refuse } from './refusal.ts';
import type { Suite } from './suite.ts';
import type { Announced } from './tree-difference.ts';
import { checkDifference, differenceOfLeaves } from './tree-difference.ts';
import { checkWidth } from './tree-validation.ts';
import { checkUnique } from './uniqueness.ts';
import { decodePublicMessage } from './wire.ts';

export interface StagedCommit {
  readonly sender: 'member' | 'external';
  /** The committer's leaf after the commit; for an external commit the new leaf. */
  readonly committer: Leaf;
  /** The committer's leaf before; undefined for an external commit. */
  readonly committerBefore: Leaf | undefined;
  readonly proposals: readonly StagedProposal[];
  readonly hasPath: boolean;
  readonly authenticatedData: Bytes;
  /** Leaves of the new tree that the old one had not; exactly what the proposals announce. */
  readonly added: readonly Leaf[];
  /** Leaves of the old tree that are gone. */
  readonly removed: readonly Leaf[];
  readonly extensionsBefore: ReadonlyMap<number, Bytes>;
  readonly extensionsAfter: ReadonlyMap<number, Bytes>;
  /**
   * 'out': this commit removes us. We cannot derive its epoch, so we cannot verify its confirmation tag either: act on it
   * only when somebody else confirms the epoch (K53).
   */
  readonly self: 'in' | 'out';
  /** The next epoch; when out, a state that takes part in nothing any more. */
  readonly state: GroupState;
  /** For `eraseConsumed`, once `state` is adopted. */
  readonly consumed: readonly Uint8Array[];
}

export type StageError = MlsError;

/**
 * Processes a commit without adopting it.
 * @param message - encoded MLSMessage from anywhere, of any content
 */
export function stage(
  state: GroupState,
  suite: Suite,
  message: Uint8Array,
  psks: PskSecrets,
): Promise<Result<StagedCommit, StageError>> {
  return door(async () => {
    const old = inside(state);
    const publicMessage = decodePublicMessage(message);
    const incoming = await admitCommit(old, suite, publicMessage, psks);
    if (removesSelfFromOutside(old, incoming)) return stageOwnResync(old, suite, publicMessage, incoming);
    const { newState, consumed } = await processPublicMessage(
      old,
      publicMessage,
      toPskIndex(psks),
      suite.implementation,
    );
    if (newState.groupActiveState.kind === 'removedFromGroup') return account(old, newState, incoming, 'out');
    const next = {
      ...newState,
      privatePath: withoutBlankNodes(newState.privatePath, newState.ratchetTree),
    };
    await checkNext(old, next, incoming, suite);
    return { ...account(old, next, incoming, 'in'), consumed: consumedBetween(old, next, consumed) };
  });
}

/** The staged state against the old one and against what the commit announced. */
async function checkNext(
  old: ClientState,
  next: ClientState,
  incoming: Incoming,
  suite: Suite,
): Promise<void> {
  const { implementation } = suite;
  const { path } = incoming.commit;
  need(next.groupActiveState.kind === 'active', 'CRYPTO', 'group not active after the commit');
  need(next.groupContext.epoch === old.groupContext.epoch + 1n, 'CRYPTO', 'epoch');
  checkWidth(next.ratchetTree);
  checkUnique(next.ratchetTree);
  checkDifference(old.ratchetTree, next.ratchetTree, announcedBy(old, incoming));
  checkExtensions(next.groupContext.extensions);
  const [before, after] = [toMap(old.groupContext.extensions), toMap(next.groupContext.extensions)];
  checkNothingDropped(before, after);
  if (next.groupContext.extensions !== old.groupContext.extensions) {
    for (const entry of next.ratchetTree) {
      if (entry?.nodeType !== 'leaf') continue;
      checkCapabilities(entry.leaf, next.groupContext.extensions, implementation);
    }
  }
  if (path === undefined) return;
  const at = committerIndex(old, next, incoming);
  await checkLeaf(path.leafNode, at, next.groupContext, implementation);
  await checkPrivatePath(next.ratchetTree, next.privatePath, implementation, old.ratchetTree);
}

function announcedBy(old: ClientState, { commit, committer, resolved, proposals }: Incoming): Announced {
  const { path } = commit;
  const removed = proposals.flatMap((p) => (p.type === 'remove' ? [p.leafIndex] : []));
  if (committer === undefined) return { added: path ? [path.leafNode] : [], removed, committer: undefined };
  const leaf = path?.leafNode ?? leafNodeAt(old.ratchetTree, committer);
  return { added: addedLeafNodes(resolved), removed, committer: { leafIndex: committer, leaf } };
}

function committerIndex(old: ClientState, next: ClientState, { committer }: Incoming): number {
  if (committer !== undefined) return committer;
  const added = differenceOfLeaves(old.ratchetTree, next.ratchetTree, undefined).added[0];
  return added ?? refuse('TREE_DIFFERENCE', 'no new leaf');
}

/** Our own leaf, taken over by a resync with our signature key: by this person, in another tab or after a reload. */
function removesSelfFromOutside(old: ClientState, { committer, proposals }: Incoming): boolean {
  const own = old.privatePath.leafIndex;
  return committer === undefined && proposals.some((p) => p.type === 'remove' && p.leafIndex === own);
}

/** The library has no answer here: it looks for a key of the leaf that is gone. Signature and leaf are verified. */
async function stageOwnResync(
  old: ClientState,
  suite: Suite,
  message: PublicMessage,
  incoming: Incoming,
): Promise<StagedCommit> {
  const { implementation } = suite;
  const { groupContext, keySchedule, ratchetTree, privatePath } = old;
  await unprotectPublicMessage(keySchedule.membershipKey, groupContext, ratchetTree, message, implementation);
  const without = removeLeafNode(ratchetTree, toLeafIndex(privatePath.leafIndex));
  const leaf = incoming.commit.path?.leafNode ?? refuse('SHAPE', 'external commit without a path');
  const at = nodeToLeafIndex(findBlankLeafNodeIndexOrExtend(without));
  await checkLeaf(leaf, at, groupContext, implementation);
  const next: ClientState = {
    ...old,
    ratchetTree: without,
    unappliedProposals: {},
    groupActiveState: { kind: 'removedFromGroup' },
  };
  return { ...account(old, next, incoming, 'out', toLeaf(at, leaf)), added: [toLeaf(at, leaf)] };
}

function account(
  old: ClientState,
  next: ClientState,
  incoming: Incoming,
  self: 'in' | 'out',
  newLeaf?: Leaf,
): StagedCommit {
  const { commit, committer, proposals, authenticatedData } = incoming;
  const { added } = differenceOfLeaves(old.ratchetTree, next.ratchetTree, committer);
  const at = committer ?? added[0] ?? 0;
  const leafAfter = self === 'in' ? leafNodeAt(next.ratchetTree, at) : commit.path?.leafNode;
  const before = committer === undefined ? undefined : leafNodeAt(old.ratchetTree, committer);
  const after = leafAfter ?? before ?? refuse('TREE_DIFFERENCE', 'no committer');
  return {
    sender: committer === undefined ? 'external' : 'member',
    committer: newLeaf ?? toLeaf(at, after),
    committerBefore: before && toLeaf(at, before),
    proposals,
    hasPath: commit.path !== undefined,
    authenticatedData: authenticatedData.slice(),
    added: self === 'in' ? leavesAt(next.ratchetTree, added) : [],
    removed: proposals.flatMap((p) => (p.type === 'remove' ? [p.removed] : [])),
    extensionsBefore: toMap(old.groupContext.extensions),
    extensionsAfter: toMap(next.groupContext.extensions),
    self,
    state: outside(next),
    consumed: [],
  };
}

function leavesAt(tree: RatchetTree, indexes: readonly number[]): readonly Leaf[] {
  return indexes.flatMap((index) => {
    const leaf = leafNodeAt(tree, index);
    return leaf === undefined ? [] : [toLeaf(index, leaf)];
  });
}
