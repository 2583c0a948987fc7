/**
 * Giving up: what becomes of a membership, or of an own commit, that is of no use any more. Its secrets are overwritten;
 * of a membership stays what holds for every later one: the least that its group must be, and that its link was about to
 * be changed.
 *
 * @see SPEC.md C140–C144, C150
 */
import { eraseState, type GroupState } from '@conclave/crypto/mls/engine';
import { equalBytes } from '@conclave/protocol/bytes';
import type { CallState, InFlight, Member, SeenGroup } from './call-state.ts';
import { withHeldFirst } from './held-links.ts';
import { SEEN_GROUPS_MAX, SHELVED_COMMITS_MAX } from './machine-limits.ts';
import type { Turn } from './turn.ts';

/** Gives the commit in flight up, but keeps it: its reply may be late, or the log may hold it. */
export function shelve(turn: Turn): void {
  const { inFlight, shelved } = turn.state;
  if (inFlight === undefined) return;
  keepOnly(turn, undefined, [inFlight, ...shelved].slice(0, SHELVED_COMMITS_MAX));
}

/** None of the own commits is merged any more. */
export function dropCommits(turn: Turn): void {
  keepOnly(turn, undefined, []);
}

/**
 * After a merge: own commits of the epoch before are void. A way back into this group that lies ahead is not, while the
 * log brings what came before it; but a kick or a freeze voids that too, and so does another link (D10).
 */
export function keepWhatContinues(turn: Turn, member: Member, isFreezing: boolean): void {
  const continues = ({ entry, groupId, epoch }: InFlight) =>
    entry !== undefined &&
    !isFreezing &&
    equalBytes(groupId, member.groupId) &&
    epoch >= member.epoch &&
    equalBytes(entry.claim.held.keys.linkId, member.held.keys.linkId);
  const { inFlight, shelved } = turn.state;
  keepOnly(
    turn,
    inFlight !== undefined && continues(inFlight) ? inFlight : undefined,
    shelved.filter(continues),
  );
}

/** It is merged now, and lives on. */
export function takeOut(turn: Turn, own: InFlight): void {
  const { inFlight, shelved } = turn.state;
  turn.set({
    inFlight: inFlight === own ? undefined : inFlight,
    shelved: shelved.filter((other) => other !== own),
  });
}

function keepOnly(turn: Turn, inFlight: InFlight | undefined, shelved: readonly InFlight[]): void {
  const before = ownCommits(turn.state);
  turn.set({ inFlight, shelved });
  const kept = ownCommits(turn.state);
  const alive = [...statesOf(turn.state), ...kept.map(({ next }) => next)];
  for (const own of before) if (!kept.includes(own)) eraseState(own.next, alive);
}

/** In flight, or given up. */
export function ownCommits({ inFlight, shelved }: CallState): readonly InFlight[] {
  return inFlight === undefined ? shelved : [inFlight, ...shelved];
}

function statesOf({ member }: CallState): readonly GroupState[] {
  return member === undefined ? [] : [member.group];
}

/** A founding that was not taken, or that something else was faster than. */
export function dropFounding(turn: Turn): void {
  const { founding } = turn.state;
  if (founding === undefined) return;
  turn.set({ founding: undefined });
  eraseState(founding.group);
}

/** This client is in the group no more, as far as the server says: it enters anew. */
export function dropMember(turn: Turn): void {
  const { member } = turn.state;
  dropCommits(turn);
  if (member === undefined) return;
  turn.set({ member: undefined, seenGroups: withSeen(turn.state, seenOf(member)) });
  if (member.freeze !== undefined && member.next !== undefined) holdAsAfterReload(turn, member, member.next);
  eraseState(member.group);
  member.rankSecret.fill(0);
}

/** A page that is loaded anew finds both links, the next one first: who loses its state in between holds them alike. */
function holdAsAfterReload(turn: Turn, { held }: Member, next: NonNullable<Member['next']>): void {
  const { identity, links } = turn.state;
  const others = (identity.otherLinks ?? []).filter(({ secret }) => !equalBytes(secret, held.link.secret));
  turn.set({
    identity: { ...identity, link: next.link, otherLinks: [held.link, ...others] },
    links: withHeldFirst(withHeldFirst(links, held), { link: next.link, keys: next.keys }),
  });
}

function withSeen({ seenGroups }: CallState, seen: SeenGroup): readonly SeenGroup[] {
  const others = seenGroups.filter(({ groupId }) => !equalBytes(groupId, seen.groupId));
  return [...others, seen].slice(-SEEN_GROUPS_MAX);
}

/** The least that a group must be to be entered again: one commit earlier only if that one may be, and was, taken back. */
function seenOf({ groupId, epoch, policy, policyBytes, isTakenBack, policyBefore }: Member): SeenGroup {
  if (isTakenBack && policyBefore !== undefined) return { groupId, epoch: epoch - 1, ...policyBefore };
  return { groupId, epoch, policy, bytes: policyBytes };
}

/** What this client has seen of a group, now or before. */
export function whatWasSeen({ member, seenGroups }: CallState, groupId: Uint8Array): SeenGroup | undefined {
  if (member !== undefined && equalBytes(member.groupId, groupId)) return seenOf(member);
  return seenGroups.find((seen) => equalBytes(seen.groupId, groupId));
}
