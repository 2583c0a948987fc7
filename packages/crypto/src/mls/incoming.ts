/**
 * A commit before the library sees it: group, epoch and sender, bounds and shape, the committer's identity, the PSK, the
 * KeyPackages. Whatever fails here has cost next to nothing.
 * @spec K36, K39, K40, K42, K43, K52, K66, K67
 */

import { equalBytes } from '@conclave/protocol/bytes';
import type { ClientState } from 'ts-mls/clientState.js';
import type { Commit } from 'ts-mls/commit.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import type { PreSharedKeyID } from 'ts-mls/presharedkey.js';
import type { PublicMessage } from 'ts-mls/publicMessage.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { leafWidth } from 'ts-mls/treemath.js';
import { AUTHENTICATED_DATA_BYTES_MAX, EPOCH_MAX, PATH_NODES_MAX } from '../limits.ts';
import { isUsableKey } from './encryption-key.ts';
import { leafNodeAt } from './group.ts';
import { checkKeyPackage } from './key-package.ts';
import { hasSameIdentity } from './leaf-validation.ts';
import type { Resolved, StagedProposal } from './proposals.ts';
import { checkShape, resolveProposals, toStaged } from './proposals.ts';
import type { PskSecrets } from './psk.ts';
import { checkPsks } from './psk.ts';
import { need, refuse } from './refusal.ts';
import type { Suite } from './suite.ts';

/** A commit that passed everything that can be checked without processing it. */
export interface Incoming {
  readonly commit: Commit;
  /** Undefined for an external commit. */
  readonly committer: number | undefined;
  readonly resolved: readonly Resolved[];
  readonly proposals: readonly StagedProposal[];
  readonly authenticatedData: Uint8Array;
}

/** Shared with proposals. Gives the sender's leaf index, undefined for a new member's commit. */
export function checkFraming(state: ClientState, { content, senderType }: PublicMessage): number | undefined {
  const { sender } = content;
  need(state.groupActiveState.kind === 'active', 'NOT_ACTIVE', 'this member was removed');
  need(equalBytes(content.groupId, state.groupContext.groupId), 'OTHER_GROUP', 'another group');
  need(content.epoch === state.groupContext.epoch, 'OTHER_EPOCH', 'another epoch');
  need(content.authenticatedData.length <= AUTHENTICATED_DATA_BYTES_MAX, 'BOUNDS', 'authenticated_data');
  need(sender.senderType === senderType, 'SHAPE', 'sender');
  if (sender.senderType === 'new_member_commit') return undefined;
  need(sender.senderType === 'member', 'SHAPE', 'sender outside of the group');
  need(leafNodeAt(state.ratchetTree, sender.leafIndex), 'BOUNDS', 'no such sender');
  return sender.leafIndex;
}

/** Refuses everything that can be refused without processing the commit. */
export async function admitCommit(
  state: ClientState,
  suite: Suite,
  message: PublicMessage,
  psks: PskSecrets,
): Promise<Incoming> {
  const committer = checkFraming(state, message);
  const { content } = message;
  if (content.contentType !== 'commit') return refuse('SHAPE', 'not a commit');
  need(content.epoch < BigInt(EPOCH_MAX), 'BOUNDS', 'the last epoch');
  need(committer !== state.privatePath.leafIndex, 'SHAPE', 'commit in the own name');
  const { commit, authenticatedData } = content;
  const resolved = resolveProposals(state, commit.proposals, committer);
  const proposals = resolved.map((p) => toStaged(state.ratchetTree, p));
  checkShape(state.ratchetTree, { proposals, hasPath: commit.path !== undefined, committer });
  checkPsks(pskIds(resolved), psks, suite.implementation);
  checkPathBounds(commit, state.ratchetTree);
  checkPathKeys(commit, suite);
  const before = committer === undefined ? undefined : leafNodeAt(state.ratchetTree, committer);
  const leaf = commit.path?.leafNode;
  if (before && leaf) need(hasSameIdentity(before, leaf), 'IDENTITY', "committer's leaf changed identity");
  if (committer === undefined && leaf) checkResync(proposals, leaf);
  for (const { proposal } of resolved) {
    if (proposal.proposalType !== 'add') continue;
    await checkKeyPackage(proposal.add.keyPackage, suite);
  }
  return { commit, committer, resolved, proposals, authenticatedData };
}

/** From outside one can only remove one's own old leaf (D8). */
function checkResync(proposals: readonly StagedProposal[], { signaturePublicKey }: LeafNode): void {
  const isOwn = (p: StagedProposal) =>
    p.type !== 'remove' || equalBytes(p.removed.signatureKey, signaturePublicKey);
  need(proposals.every(isOwn), 'IDENTITY', 'resync of another member');
}

function pskIds(resolved: readonly Resolved[]): readonly PreSharedKeyID[] {
  return resolved.flatMap(({ proposal }) =>
    proposal.proposalType === 'psk' ? [proposal.psk.preSharedKeyId] : [],
  );
}

function checkPathBounds({ path }: Commit, tree: RatchetTree): void {
  if (path === undefined) return;
  need(path.nodes.length <= PATH_NODES_MAX, 'BOUNDS', 'path longer than the tree is deep');
  const width = leafWidth(tree.length);
  const sealed = path.nodes.every((node) => node.encryptedPathSecret.length <= width);
  need(sealed, 'BOUNDS', 'more path secrets than leaves');
}

/** With the Adds' KeyPackages these are all the keys that a commit can bring into the tree. */
function checkPathKeys({ path }: Commit, { implementation }: Suite): void {
  if (path === undefined) return;
  for (const { hpkePublicKey } of [path.leafNode, ...path.nodes]) {
    need(isUsableKey(hpkePublicKey, implementation), 'PATH_KEYS', 'unusable public key in the path');
  }
}
