/**
 * Commits that remove: leaves by the leaver's own proposal, crashes that the server attests, kicks by a host (D8, D10).
 *
 * @see SPEC.md C16–C20
 */
import { verify } from '@conclave/crypto/mls/signing-key';
import { equalBytes } from '@conclave/protocol/bytes';
import { err, ok, type Result } from '@conclave/protocol/result';
import { attestationBytes } from '@conclave/protocol/signed-bytes';
import { type CommitContext, type CommitFacts, effectivePolicy } from './commit-context.ts';
import type { Attestation, Marker } from './markers.ts';
import { isFirstHost, isHost, verifyPolicy } from './policy.ts';
import { extendsPolicy, followsPolicy } from './policy-history.ts';
import type { RefusalCode } from './refusal.ts';

type RemoveProposal = Extract<CommitFacts['proposals'][number], { type: 'remove' }>;

/** {Remove × k} with a path; legal also while the group is frozen. */
export async function judgeRemoval(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Promise<Result<'remove' | 'kick', RefusalCode>> {
  if (!staged.hasPath) return err('SHAPE');
  const removes = staged.proposals.flatMap((proposal) => (proposal.type === 'remove' ? [proposal] : []));
  if (!isDifferenceAnnounced(staged, removes)) return err('LEAVES');
  if (marker.t === 'freeze') return err('MARKER');
  if (marker.t === 'kick') return judgeKick(staged, removes, marker, given);
  const attestations = marker.t === 'attested' ? marker.attestations : [];
  if (!(await areAttestationsTrue(attestations, removes, given))) return err('ATTESTATION');
  const policy = effectivePolicy(given);
  const isCommitterHost = isHost(policy, staged.committer.signatureKey);
  for (const remove of removes) {
    const key = remove.removed.signatureKey;
    if (isOwnLeave(remove) || attestations.some(({ leafKey }) => equalBytes(leafKey, key))) continue;
    if (!isCommitterHost) return err('NOT_ALLOWED');
    // A host goes by a kick that revokes it, or the key would come back as a host.
    if (isFirstHost(policy, key)) return err('FIRST_HOST');
    if (isHost(policy, key)) return err('KICK_POLICY');
  }
  return ok('remove');
}

async function judgeKick(
  staged: CommitFacts,
  removes: readonly RemoveProposal[],
  marker: Extract<Marker, { t: 'kick' }>,
  given: CommitContext,
): Promise<Result<'kick', RefusalCode>> {
  const policy = effectivePolicy(given);
  if (!isHost(policy, staged.committer.signatureKey)) return err('NOT_HOST');
  const [remove] = removes;
  if (remove === undefined || removes.length !== 1 || remove.byReference) return err('SHAPE');
  if (!equalBytes(remove.removed.signatureKey, marker.key)) return err('KICK_TARGET');
  if (isFirstHost(policy, marker.key)) return err('FIRST_HOST');
  if (!isHost(policy, marker.key)) return marker.policy === undefined ? ok('kick') : err('KICK_POLICY');
  if (marker.policy === undefined) return err('KICK_POLICY');
  const next = await verifyPolicy(marker.policy, given);
  // Who came back during the freeze may have missed kicks before this one, and with them the policies between.
  const continues = given.isFrozen === 'unknown' ? followsPolicy : extendsPolicy;
  if (!next.ok || !continues(policy, next.value)) return err('POLICY');
  return isHost(next.value, marker.key) ? err('KICK_POLICY') : ok('kick');
}

/** Every attestation names a leaf that goes, once, and is the server's for this very epoch. */
async function areAttestationsTrue(
  attestations: readonly Attestation[],
  removes: readonly RemoveProposal[],
  given: CommitContext,
): Promise<boolean> {
  const keys = attestations.map(({ leafKey }) => leafKey);
  const isEachNeeded = keys.every((key, index) => {
    const isFirstMention = keys.findIndex((other) => equalBytes(other, key)) === index;
    return isFirstMention && removes.some(({ removed }) => equalBytes(removed.signatureKey, key));
  });
  if (!isEachNeeded) return false;
  const verified = await Promise.all(
    attestations.map(({ leafKey, signature }) =>
      verify(given.policy.serverKey, signature, attestationBytes(given.groupId, given.epoch, leafKey)),
    ),
  );
  return verified.every(Boolean);
}

function isOwnLeave({ byReference, sender, leafIndex }: RemoveProposal): boolean {
  return byReference && sender === leafIndex;
}

function isDifferenceAnnounced(staged: CommitFacts, removes: readonly RemoveProposal[]): boolean {
  return (
    staged.added.length === 0 &&
    staged.removed.length === removes.length &&
    removes.every(({ removed }) =>
      staged.removed.some((leaf) => equalBytes(leaf.signatureKey, removed.signatureKey)),
    )
  );
}
