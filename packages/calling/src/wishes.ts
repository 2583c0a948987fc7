/**
 * Wishes: what this member would commit next, the most urgent first (D9, D10). Pure; who goes first among those who wish
 * the same is `rank.ts`'s question.
 *
 * rotation of a frozen group > kick, what is left of one, and link change > leaves and attested removals > policy > admissions > refresh
 *
 * @see SPEC.md C81–C85
 */
import type { Leaf } from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { ADMISSIONS_PER_COMMIT_MAX, PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { mayAdmit } from './additions.ts';
import type { CallState, Knocking, Member } from './call-state.ts';
import { isConfirmed } from './confirmations.ts';
import { ADMISSION_INTERVAL_MS, REFRESH_INTERVAL_MS } from './machine-limits.ts';
import type { Attestation } from './markers.ts';
import { isHost } from './policy.ts';
import { mayBecomeHost, mayKick, policyInForce } from './policy-in-force.ts';

export type Wish =
  | { readonly t: 'rotate' }
  | { readonly t: 'kick'; readonly target: Leaf }
  | { readonly t: 'freeze' }
  | { readonly t: 'remove'; readonly references: readonly Bytes[]; readonly attested: readonly Attestation[] }
  | { readonly t: 'policy'; readonly hostKey: Bytes }
  | { readonly t: 'revoke'; readonly hostKey: Bytes }
  | { readonly t: 'admit'; readonly knocks: readonly Knocking[] }
  | { readonly t: 'refresh' };

/** Of a wish and what it is for; equal for the same wish in the next step. */
export function nameOf(wish: Wish): string {
  if (wish.t === 'kick') return `kick ${toHex(wish.target.signatureKey)}`;
  return wish.t === 'policy' || wish.t === 'revoke' ? `${wish.t} ${toHex(wish.hostKey)}` : wish.t;
}

export interface RankedWish {
  readonly wish: Wish;
  /** Leaf indexes among whom the rank decides; undefined: it is mine alone, at once. */
  readonly candidates: readonly number[] | undefined;
  /** Not before this time. */
  readonly notBeforeMs: number;
}

export function wishesOf(state: CallState, member: Member, nowMs: number): readonly RankedWish[] {
  const ranked = candidates(state, member, nowMs);
  if (state.leaving !== undefined) return successorWish(state, member);
  const own = (wish: Wish | undefined): RankedWish[] =>
    wish ? [{ wish, candidates: undefined, notBeforeMs: 0 }] : [];
  return [
    ...rotationWish(state, member, ranked),
    ...kickWishes(state, member).flatMap(own),
    ...own(revocationWish(state, member)),
    ...own(freezeWish(state, member)),
    ...removalWish(state, member, ranked),
    ...own(policyWish(state, member)),
    ...admissionWishes(state, member, ranked),
    ...refreshWish(state, member, ranked),
  ];
}

function rotationWish(state: CallState, member: Member, ranked: readonly number[]): RankedWish[] {
  const { freeze, next } = member;
  if (freeze === undefined || next === undefined) return [];
  const isMine = equalBytes(freeze.by, state.ownKey);
  const byLeaf = member.leaves.find(({ signatureKey }) => equalBytes(signatureKey, freeze.by));
  const others = ranked.filter((index) => index !== byLeaf?.leafIndex);
  // The one who froze the group goes first: everybody else waits one step longer.
  const notBeforeMs = isMine ? 0 : member.mergedAtMs + 400;
  return [{ wish: { t: 'rotate' }, candidates: isMine ? undefined : others, notBeforeMs }];
}

function kickWishes({ kicks, ownKey }: CallState, member: Member): readonly Wish[] {
  return kicks.flatMap(({ leafKey }): Wish[] => {
    const target = member.leaves.find(({ signatureKey }) => equalBytes(signatureKey, leafKey));
    return target !== undefined && mayKick(member, ownKey, leafKey) ? [{ t: 'kick', target }] : [];
  });
}

/** Targets of a kick who went before it came: what it would have done besides the Remove is still to be done. */
function escaped({ kicks, ownKey }: CallState, member: Member): readonly Bytes[] {
  const isIn = (key: Bytes) => member.leaves.some(({ signatureKey }) => equalBytes(signatureKey, key));
  return kicks
    .map(({ leafKey }) => leafKey)
    .filter((leafKey) => !isIn(leafKey) && mayKick(member, ownKey, leafKey));
}

function revocationWish(state: CallState, member: Member): Wish | undefined {
  if (member.freeze !== undefined) return undefined;
  const hostKey = escaped(state, member).find((key) => isHost(member.policy, key));
  return hostKey && { t: 'revoke', hostKey };
}

function freezeWish(state: CallState, member: Member): Wish | undefined {
  const { wantsNewLinkSinceMs, ownKey } = state;
  const isWanted = wantsNewLinkSinceMs !== undefined || escaped(state, member).length > 0;
  if (!isWanted || member.freeze !== undefined) return undefined;
  return isHost(policyInForce(member), ownKey) ? { t: 'freeze' } : undefined;
}

function removalWish(state: CallState, member: Member, ranked: readonly number[]): RankedWish[] {
  const isIn = (key: Bytes) => member.leaves.some(({ signatureKey }) => equalBytes(signatureKey, key));
  const references = latestOfEach(member).filter(({ leafKey }) => isIn(leafKey) && !isOwn(state, leafKey));
  const leaverKeys = references.map(({ leafKey }) => leafKey);
  const attested = member.leaves.flatMap(({ signatureKey: leafKey }) => {
    const signature = member.attestations.get(toHex(leafKey));
    const isLeaver = leaverKeys.some((key) => equalBytes(key, leafKey));
    return signature === undefined || isLeaver || isOwn(state, leafKey) ? [] : [{ leafKey, signature }];
  });
  if (references.length + attested.length === 0) return [];
  const wish: Wish = { t: 'remove', references: references.map(({ reference }) => reference), attested };
  return [{ wish, candidates: ranked, notBeforeMs: 0 }];
}

/** One leaf can be removed once: a repeated proposal counts once. */
function latestOfEach({ proposals }: Member): Member['proposals'] {
  return proposals.filter(
    ({ leafKey }, index) => !proposals.slice(index + 1).some((later) => equalBytes(later.leafKey, leafKey)),
  );
}

function policyWish({ wantedHosts, ownKey }: CallState, { policy, freeze }: Member): Wish | undefined {
  if (freeze !== undefined || !isHost(policy, ownKey)) return undefined;
  const hostKey = wantedHosts.find((key) => mayBecomeHost(policy, key));
  return hostKey && { t: 'policy', hostKey };
}

function successorWish(state: CallState, member: Member): RankedWish[] {
  const wish = state.leaving?.step === 'successor' ? policyWish(state, member) : undefined;
  return wish ? [{ wish, candidates: undefined, notBeforeMs: 0 }] : [];
}

/** With the lobby on, hosts let in whom they clicked, and anybody lets in a key that is a host. */
function admissionWishes(state: CallState, member: Member, ranked: readonly number[]): RankedWish[] {
  const { policy, freeze, leaves } = member;
  const given = { policy, isFrozen: freeze !== undefined || member.isFreezeUnknown };
  const room = Math.max(0, Math.min(ADMISSIONS_PER_COMMIT_MAX, PARTICIPANTS_MAX - leaves.length));
  const isWanted = ({ leafKey, participantId }: Knocking) =>
    !policy.isLobbyOn ||
    isHost(policy, leafKey) ||
    state.admitted.has(participantId) ||
    state.formerKeys.has(toHex(leafKey));
  const knocks = state.knocks.filter((knock) => {
    const memberCount = leaves.length;
    return isWanted(knock) && mayAdmit(state.ownKey, knock.leafKey, { ...given, memberCount }) === undefined;
  });
  if (knocks.length === 0 || room === 0 || freeze !== undefined) return [];
  const needsHost = policy.isLobbyOn && !knocks.every(({ leafKey }) => isHost(policy, leafKey));
  const admitters = ranked.filter((index) => {
    const leaf = leaves.find(({ leafIndex }) => leafIndex === index);
    return !needsHost || (leaf !== undefined && isHost(policy, leaf.signatureKey));
  });
  return [
    {
      wish: { t: 'admit', knocks: knocks.slice(0, room) },
      candidates: admitters,
      notBeforeMs: state.lastAdmissionAtMs + ADMISSION_INTERVAL_MS,
    },
  ];
}

function refreshWish(state: CallState, member: Member, ranked: readonly number[]): RankedWish[] {
  if (member.leaves.length < 2) return [];
  const { mustRefresh } = state.hearing;
  if (mustRefresh) return [{ wish: { t: 'refresh' }, candidates: undefined, notBeforeMs: 0 }];
  const notBeforeMs = member.lastPathAtMs + REFRESH_INTERVAL_MS;
  return [{ wish: { t: 'refresh' }, candidates: ranked, notBeforeMs }];
}

/** Those counted as confirmed, without leavers and without whom the server attests to be gone. */
function candidates(state: CallState, member: Member, nowMs: number): readonly number[] {
  const isGoing = (key: Bytes) =>
    member.attestations.has(toHex(key)) || member.proposals.some(({ leafKey }) => equalBytes(leafKey, key));
  return member.leaves
    .filter(({ signatureKey }) => {
      if (isOwn(state, signatureKey)) return true;
      return isConfirmed(state.hearing.ledger, signatureKey, nowMs) && !isGoing(signatureKey);
    })
    .map(({ leafIndex }) => leafIndex);
}

function isOwn({ ownKey }: CallState, key: Bytes): boolean {
  return equalBytes(ownKey, key);
}
