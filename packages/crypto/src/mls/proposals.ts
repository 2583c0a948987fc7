/**
 * Proposals of a commit: resolved from references, bounded, and of a shape that Conclave uses at all. The same check
 * guards what we make and what we receive, before the library sees it: ts-mls walks to an index out of range for half a
 * minute, takes an ExternalInit from a member, and cannot process a path together with changed extensions.
 * Whether a commit of such a shape is *legal* now — which PSK, whose Remove — is the caller's judgement on the staged one.
 * @spec K39, K41, K42, K43
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { ClientState } from 'ts-mls/clientState.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import type { Proposal } from 'ts-mls/proposal.js';
import type { ProposalOrRef } from 'ts-mls/proposalOrRefType.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { bytesToBase64 } from 'ts-mls/util/byteArray.js';
import { ADDS_PER_COMMIT_MAX, MAX_LEAVES, PROPOSALS_PER_COMMIT_MAX } from '../limits.ts';
import type { GroupExtension } from './extensions.ts';
import { carryOver, checkExtensions, toMap } from './extensions.ts';
import type { Leaf } from './group.ts';
import { leafNodeAt, leavesOf, toLeaf } from './group.ts';
import { need, refuse } from './refusal.ts';

/** A proposal of a staged commit, in neutral terms. */
export type StagedProposal = StagedChange & {
  readonly byReference: boolean;
  /** Who proposed it: the committer, or the author of a pending proposal; undefined for an external committer. */
  readonly sender: number | undefined;
};

export type StagedChange =
  | { readonly type: 'add'; readonly signatureKey: Bytes; readonly identity: Bytes }
  | { readonly type: 'remove'; readonly leafIndex: number; readonly removed: Leaf }
  | { readonly type: 'psk'; readonly pskId: Bytes }
  | { readonly type: 'extensions'; readonly extensions: ReadonlyMap<number, Bytes> }
  | { readonly type: 'external_init' };

/** A proposal as the library holds it, with where it came from. */
export interface Resolved {
  readonly proposal: Proposal;
  readonly byReference: boolean;
  readonly sender: number | undefined;
}

/** Looks references up among the pending proposals. Refuses BOUNDS, UNKNOWN_REFERENCE, SHAPE. */
export function resolveProposals(
  state: ClientState,
  listed: readonly ProposalOrRef[],
  sender: number | undefined,
): readonly Resolved[] {
  need(listed.length <= PROPOSALS_PER_COMMIT_MAX, 'BOUNDS', `${listed.length} proposals`);
  const references = listed.flatMap((p) =>
    p.proposalOrRefType === 'reference' ? [bytesToBase64(p.reference)] : [],
  );
  need(new Set(references).size === references.length, 'SHAPE', 'one reference twice');
  return listed.map((entry) => {
    if (entry.proposalOrRefType === 'proposal')
      return { proposal: entry.proposal, byReference: false, sender };
    const pending = state.unappliedProposals[bytesToBase64(entry.reference)];
    if (pending === undefined) return refuse('UNKNOWN_REFERENCE', 'no such pending proposal');
    return { proposal: pending.proposal, byReference: true, sender: pending.senderLeafIndex };
  });
}

/** The neutral form; refuses every kind of proposal that Conclave does not use. */
export function toStaged(tree: RatchetTree, { proposal, byReference, sender }: Resolved): StagedProposal {
  return { ...toChange(tree, proposal), byReference, sender };
}

function toChange(tree: RatchetTree, proposal: Proposal): StagedChange {
  switch (proposal.proposalType) {
    case 'add': {
      const { signatureKey, identity } = toLeaf(0, proposal.add.keyPackage.leafNode);
      return { type: 'add', signatureKey, identity };
    }
    case 'remove': {
      const leafIndex = proposal.remove.removed;
      const leaf = leafNodeAt(tree, leafIndex);
      if (leaf === undefined) return refuse('BOUNDS', 'Remove of a leaf that does not exist');
      return { type: 'remove', leafIndex, removed: toLeaf(leafIndex, leaf) };
    }
    case 'psk': {
      const id = proposal.psk.preSharedKeyId;
      if (id.psktype !== 'external') return refuse('SHAPE', 'resumption PSK');
      return { type: 'psk', pskId: id.pskId.slice() };
    }
    case 'group_context_extensions': {
      const { extensions } = proposal.groupContextExtensions;
      // The library ignores an empty list instead of emptying the group's.
      need(extensions.length > 0, 'EXTENSIONS', 'empty list of extensions');
      checkExtensions(extensions);
      return { type: 'extensions', extensions: toMap(extensions) };
    }
    case 'external_init':
      return { type: 'external_init' };
    default:
      return refuse('SHAPE', 'a proposal that Conclave does not use');
  }
}

export interface CommitShape {
  readonly proposals: readonly StagedProposal[];
  readonly hasPath: boolean;
  /** Undefined for an external commit. */
  readonly committer: number | undefined;
}

/** Refuses SHAPE, BOUNDS. */
export function checkShape(tree: RatchetTree, { proposals, hasPath, committer }: CommitShape): void {
  need(
    proposals.every((p) => !p.byReference || p.type === 'remove'),
    'SHAPE',
    'only a Remove may be committed by reference',
  );
  if (committer === undefined) checkExternalShape(proposals, hasPath);
  else checkMemberShape(proposals, hasPath, committer);
  const adds = countOf(proposals, 'add');
  need(adds <= ADDS_PER_COMMIT_MAX, 'BOUNDS', `${adds} Adds`);
  need(leavesOf(tree).length + adds <= MAX_LEAVES, 'BOUNDS', 'the group is full');
}

/** {ExternalInit, PSK} or, for a resync, {ExternalInit, Remove, PSK}; by value, with a path (D5). */
function checkExternalShape(proposals: readonly StagedProposal[], hasPath: boolean): void {
  const removes = countOf(proposals, 'remove');
  const exact = countOf(proposals, 'external_init') === 1 && countOf(proposals, 'psk') === 1 && removes <= 1;
  need(hasPath && exact && proposals.length === 2 + removes, 'SHAPE', 'external commit');
  need(!proposals.some((p) => p.byReference), 'SHAPE', 'external commit with a reference');
}

/** {Add × k, PSK}, {Remove × k}, {extensions, PSK?} or nothing; a path exactly where one is due. */
function checkMemberShape(proposals: readonly StagedProposal[], hasPath: boolean, committer: number): void {
  const [adds, removes] = [countOf(proposals, 'add'), countOf(proposals, 'remove')];
  const [psks, changes] = [countOf(proposals, 'psk'), countOf(proposals, 'extensions')];
  const total = proposals.length;
  const admission = adds > 0 && psks === 1 && total === adds + 1;
  const removal = removes > 0 && total === removes;
  const change = changes === 1 && psks <= 1 && total === 1 + psks;
  need(total === 0 || admission || removal || change, 'SHAPE', 'combination of proposals');
  const needsPath = total === 0 || removal;
  need(hasPath === needsPath, 'SHAPE', needsPath ? 'no path' : 'path that is not due');
  const removed = proposals.flatMap((p) => (p.type === 'remove' ? [p.leafIndex] : []));
  need(new Set(removed).size === removed.length, 'SHAPE', 'one leaf removed twice');
  need(!removed.includes(committer), 'SHAPE', 'a committer cannot remove itself');
}

function countOf(proposals: readonly StagedProposal[], type: StagedProposal['type']): number {
  return proposals.filter((p) => p.type === type).length;
}

/** The new list has every type of the old one (defect 11 of the library: a GCE replaces the whole list). */
export function checkNothingDropped(old: ReadonlyMap<number, Bytes>, next: ReadonlyMap<number, Bytes>): void {
  for (const type of old.keys()) need(next.has(type), 'EXTENSIONS', 'extension dropped');
}

/** The leaves that the Adds of a commit carry, in order. */
export function addedLeafNodes(resolved: readonly Resolved[]): readonly LeafNode[] {
  return resolved.flatMap(({ proposal }) =>
    proposal.proposalType === 'add' ? [proposal.add.keyPackage.leafNode] : [],
  );
}

export function extensionsProposal(state: ClientState, changes: readonly GroupExtension[]): Proposal {
  const extensions = carryOver(state.groupContext.extensions, changes);
  return { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } };
}
