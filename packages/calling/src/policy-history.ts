/**
 * How one policy follows another (D6): append-only, and signed by a host of the one before. A policy that is sound by
 * itself may still be a forgery of history; this comparison is what a member makes who knows the policy before.
 *
 * @see SPEC.md C8, C9
 */
import { equalBytes } from '@conclave/protocol/bytes';
import { type HostEntry, isHost, type Policy, type VerifiedPolicy } from './policy.ts';

/**
 * Whether `after` is the very next policy: seq + 1, suite and server key unchanged, every entry and revocation kept as
 * it was, what is new dated now, and signed by a host of `before`.
 */
export function extendsPolicy(before: Policy, after: VerifiedPolicy): boolean {
  return after.seq === before.seq + 1 && followsPolicy(before, after);
}

/** As `extendsPolicy`, over any number of changes: for who did not see those between. */
export function followsPolicy(before: Policy, after: VerifiedPolicy): boolean {
  if (after.seq <= before.seq) return false;
  if (after.suite !== before.suite || !equalBytes(after.serverKey, before.serverKey)) return false;
  if (after.hosts.length < before.hosts.length) return false;
  if (!isHost(before, after.signerKey)) return false;
  return after.hosts.every((entry, index) => {
    const old = before.hosts[index];
    return old === undefined ? isNew(entry, before.seq) : continues(old, entry, before.seq);
  });
}

/** Dated later than the policy before: who was revoked by then cannot have signed it. */
function isNew(entry: HostEntry, beforeSeq: number): boolean {
  return entry.addedSeq > beforeSeq;
}

function continues(old: HostEntry, entry: HostEntry, beforeSeq: number): boolean {
  const isSameEntry =
    equalBytes(old.key, entry.key) &&
    old.addedBy === entry.addedBy &&
    old.addedSeq === entry.addedSeq &&
    equalBytes(old.signature, entry.signature);
  if (!isSameEntry) return false;
  const { revocation } = entry;
  if (old.revocation === undefined) return revocation === undefined || revocation.seq > beforeSeq;
  return (
    revocation !== undefined &&
    revocation.by === old.revocation.by &&
    revocation.seq === old.revocation.seq &&
    equalBytes(revocation.signature, old.revocation.signature)
  );
}
