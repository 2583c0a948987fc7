/**
 * Commits that change no leaf but the committer's keys: empty ones, policy changes, the rotation of the link (D6, D10).
 *
 * @see SPEC.md C21–C23
 */
import { LINK_ID, OLD_META, POLICY } from '@conclave/crypto/mls/extensions';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import { err, ok, type Result } from '@conclave/protocol/result';
import { type CommitContext, type CommitFacts, effectivePolicy } from './commit-context.ts';
import type { Marker } from './markers.ts';
import { isHost, verifyPolicy } from './policy.ts';
import { extendsPolicy, followsPolicy } from './policy-history.ts';
import type { RefusalCode } from './refusal.ts';

/** {} with a path: a refresh by anybody, also while frozen; marked as a freeze, by a host alone. */
export function judgeEmpty(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Result<'refresh' | 'freeze', RefusalCode> {
  if (!staged.hasPath) return err('SHAPE');
  if (!isLeafSetUnchanged(staged)) return err('LEAVES');
  if (marker.t === 'none') return ok('refresh');
  if (marker.t !== 'freeze') return err('MARKER');
  return isHost(effectivePolicy(given), staged.committer.signatureKey) ? ok('freeze') : err('NOT_HOST');
}

/** {GCE} alone: the next policy, by a host and signed by a host of the policy before. */
export async function judgePolicyChange(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Promise<Result<'policy', RefusalCode>> {
  if (marker.t !== 'none') return err('MARKER');
  if (staged.proposals.length !== 1) return err('SHAPE');
  if (!isLeafSetUnchanged(staged)) return err('LEAVES');
  if (given.isFrozen === true) return err('FROZEN');
  if (!isHost(given.policy, staged.committer.signatureKey)) return err('NOT_HOST');
  if (!isUnchanged(staged, LINK_ID)) return err('LINK_ID');
  if (!isUnchanged(staged, OLD_META)) return err('OLD_META');
  const bytes = staged.extensionsAfter.get(POLICY);
  const next = bytes && (await verifyPolicy(bytes, given));
  if (!next?.ok || !extendsPolicy(given.policy, next.value)) return err('POLICY');
  return ok('policy');
}

/** {GCE, PSK(link_id')}: from any member, while frozen, and to nothing else than what everybody derives. */
export async function judgeRotation(
  staged: CommitFacts,
  marker: Marker,
  given: CommitContext,
): Promise<Result<'rotate', RefusalCode>> {
  if (marker.t !== 'none') return err('MARKER');
  if (staged.proposals.length !== 2) return err('SHAPE');
  if (!isLeafSetUnchanged(staged)) return err('LEAVES');
  if (given.isFrozen === false) return err('NOT_FROZEN');
  const { rotated } = given;
  const linkId = staged.extensionsAfter.get(LINK_ID);
  if (rotated === undefined || linkId === undefined || !equalBytes(linkId, rotated.linkId))
    return err('LINK_ID');
  const hasPsk = staged.proposals.some((p) => p.type === 'psk' && equalBytes(p.pskId, rotated.linkId));
  if (!hasPsk) return err('PSK');
  const oldMeta = staged.extensionsAfter.get(OLD_META);
  if (oldMeta === undefined || !(await rotated.opensOldMeta(oldMeta))) return err('OLD_META');
  return (await isPolicyOfRotation(staged, given)) ? ok('rotate') : err('POLICY');
}

/** Exactly what the kicks have brought, or the old one: nobody gets to choose at this point. */
async function isPolicyOfRotation(staged: CommitFacts, given: CommitContext): Promise<boolean> {
  const after = staged.extensionsAfter.get(POLICY);
  const before = staged.extensionsBefore.get(POLICY);
  if (after === undefined || before === undefined) return false;
  if (equalBytes(after, given.pendingPolicy?.bytes ?? before)) return true;
  if (given.isFrozen !== 'unknown') return false;
  // Who came back during the freeze did not see the kick: a host's signature has to do.
  const next = await verifyPolicy(after, given);
  return next.ok && followsPolicy(effectivePolicy(given), next.value);
}

function isLeafSetUnchanged({ added, removed }: CommitFacts): boolean {
  return added.length === 0 && removed.length === 0;
}

function isUnchanged({ extensionsBefore, extensionsAfter }: CommitFacts, type: number): boolean {
  return equalBytes(extensionsBefore.get(type) ?? EMPTY, extensionsAfter.get(type) ?? EMPTY);
}

const EMPTY: Bytes = new Uint8Array(0);
