/**
 * Commits that bring a leaf: admissions by a member, external commits, resyncs (D5, protocol §4).
 *
 * @see SPEC.md C12–C15
 */
import { equalBytes } from '@conclave/protocol/bytes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { err, ok, type Result } from '@conclave/protocol/result';
import { type CommitContext, type CommitFacts, effectivePolicy } from './commit-context.ts';
import type { Marker } from './markers.ts';
import { isHost, type Policy } from './policy.ts';
import { type Refusal, type RefusalCode, refusal } from './refusal.ts';

/** Where somebody stands who would let this key in. */
export interface AdmissionContext {
  readonly policy: Policy;
  readonly isFrozen: boolean | 'unknown';
  readonly isChangeDue?: boolean;
  readonly memberCount: number;
}

/** Whether a member with `committerKey` may admit a joiner with `joinerKey` now: also what a committer asks itself. */
export function mayAdmit(
  committerKey: Uint8Array,
  joinerKey: Uint8Array,
  given: AdmissionContext,
): Refusal | undefined {
  const { policy, memberCount } = given;
  if (isShut(given)) return refusal('FROZEN');
  if (memberCount >= PARTICIPANTS_MAX) return refusal('FULL');
  const isJoinerHost = isHost(policy, joinerKey);
  if (policy.isLocked && !isJoinerHost) return refusal('LOCKED');
  if (policy.isLobbyOn && !isJoinerHost && !isHost(policy, committerKey)) return refusal('LOBBY');
  return undefined;
}

function isShut({ isFrozen, isChangeDue }: Pick<AdmissionContext, 'isFrozen' | 'isChangeDue'>): boolean {
  return isFrozen === true || (isFrozen === 'unknown' && isChangeDue === true);
}

/** {Add × k, PSK(link_id)} by a member, judged Add by Add. */
export function judgeAdmission(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Result<'admit', RefusalCode> {
  if (marker.t !== 'none') return err('MARKER');
  const adds = staged.proposals.flatMap((proposal) => (proposal.type === 'add' ? [proposal] : []));
  if (staged.proposals.length !== adds.length + 1 || staged.proposals.some((p) => p.byReference))
    return err('SHAPE');
  if (!hasPskOfLink(staged, given)) return err('PSK');
  const areAnnounced = adds.every(({ signatureKey, identity }, index) => {
    const leaf = staged.added[index];
    return leaf && equalBytes(leaf.signatureKey, signatureKey) && equalBytes(leaf.identity, identity);
  });
  if (!areAnnounced || staged.added.length !== adds.length || staged.removed.length > 0) return err('LEAVES');
  const policy = effectivePolicy(given);
  for (const [index, { signatureKey }] of adds.entries()) {
    const memberCount = given.memberCount + index;
    const refused = mayAdmit(staged.committer.signatureKey, signatureKey, { ...given, policy, memberCount });
    if (refused !== undefined) return err(refused.code);
  }
  return ok('admit');
}

/** {ExternalInit, PSK(link_id)}, or with the Remove of the own old leaf: a resync. */
export function judgeExternal(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Result<'external' | 'resync', RefusalCode> {
  if (isShut(given)) return err('FROZEN');
  if (marker.t !== 'none') return err('MARKER');
  if (!staged.hasPath || staged.proposals.some((p) => p.byReference)) return err('SHAPE');
  const kinds = staged.proposals.map(({ type }) => type).sort();
  const [newLeaf] = staged.added;
  if (kinds.join() === 'external_init,psk,remove') return judgeResync(staged, given);
  if (kinds.join() !== 'external_init,psk') return err('SHAPE');
  if (!hasPskOfLink(staged, given)) return err('PSK');
  if (newLeaf === undefined || staged.added.length !== 1 || staged.removed.length > 0) return err('LEAVES');
  const policy = effectivePolicy(given);
  if (policy.isLobbyOn) return err('LOBBY');
  if (policy.isLocked && !isHost(policy, newLeaf.signatureKey)) return err('LOCKED');
  if (given.memberCount >= PARTICIPANTS_MAX) return err('FULL');
  return ok('external');
}

function judgeResync(staged: CommitFacts, given: CommitContext): Result<'resync', RefusalCode> {
  if (!hasPskOfLink(staged, given)) return err('PSK');
  const [newLeaf] = staged.added;
  const [oldLeaf] = staged.removed;
  if (!newLeaf || !oldLeaf || staged.added.length !== 1 || staged.removed.length !== 1) return err('LEAVES');
  return equalBytes(newLeaf.signatureKey, oldLeaf.signatureKey) ? ok('resync') : err('FOREIGN_REMOVE');
}

function hasPskOfLink(staged: CommitFacts, given: CommitContext): boolean {
  const psks = staged.proposals.flatMap((proposal) => (proposal.type === 'psk' ? [proposal.pskId] : []));
  return psks.length === 1 && psks.every((pskId) => equalBytes(pskId, given.linkId));
}
