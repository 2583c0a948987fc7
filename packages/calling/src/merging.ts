/**
 * Merging: adopting the state of a new epoch, however it came about. A merge is final (D7): whoever has adopted an epoch
 * never goes back to the one before. Everything that belongs to one epoch alone starts anew here.
 *
 * @see SPEC.md C60–C64
 */
import {
  epoch as epochOf,
  eraseConsumed,
  extension,
  type GroupState,
  groupId as groupIdOf,
  type Leaf,
  LINK_ID,
  leaves as leavesOf,
  OLD_META,
  POLICY,
} from '@conclave/crypto/mls/engine';
import { openOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { hearNewEpoch } from './beating.ts';
import type { Advent, CallState, Freeze, HeldLink, Member } from './call-state.ts';
import { departuresAfter } from './departures.ts';
import { dropFounding, dropMember, keepWhatContinues } from './giving-up.ts';
import { findHeld, isOutdated, storeBeside, storeLink, withHeldFirst } from './held-links.ts';
import { FORMER_KEYS_MAX, USED_REFERENCES_MAX } from './machine-limits.ts';
import { decodeMarker } from './markers.ts';
import { isHost, type VerifiedPolicy, verifyPolicy } from './policy.ts';
import { mayBecomeHost, mayKick, policyInForce } from './policy-in-force.ts';
import { exportRankSecret } from './rank.ts';
import { deriveNextLink } from './rotation.ts';
import type { Turn } from './turn.ts';

/** Adopts a state that has been judged. */
export async function merge(turn: Turn, group: GroupState, advent: Advent): Promise<void> {
  if (turn.state.member !== undefined && !isContinued(turn.state, group)) dropMember(turn);
  dropFounding(turn);
  const { state } = turn;
  const before = isContinued(state, group) ? state.member : undefined;
  const held = heldOf(state, group, before);
  const policyBytes = required(extension(group, POLICY));
  const policy = await policyOf(state, group, policyBytes);
  const sealedOldMeta = required(extension(group, OLD_META));
  const oldMetaKeys = (await openOldMeta(held.keys.metaKey, sealedOldMeta)) ?? [];
  const leaves = leavesOf(group);
  const epoch = epochOf(group);
  // Under another link the freeze that it followed is over, however this client came there.
  const isThawed = before !== undefined && !equalBytes(before.held.keys.linkId, held.keys.linkId);
  const freeze = isThawed ? undefined : await freezeAfter(state, group, before, advent, turn.nowMs);
  const isChangeDue = isOutdated(state, held);
  const isFreezeUnknown = isUnknownAfter(before, advent, isChangeDue);
  const member: Member = {
    group,
    groupId: groupIdOf(group),
    epoch,
    leaves,
    policy,
    policyBytes,
    held,
    oldMetaKeys,
    freeze,
    isFreezeUnknown,
    next: undefined,
    arrivals: arrivalsOf(leaves, epoch, before),
    rankSecret: state.ports.unsafeTestingRankSecret?.(epoch) ?? (await exportRankSecret(group, state.suite)),
    rankRandom: state.ports.random(),
    mergedAtMs: turn.nowMs,
    lastPathAtMs: hasPath(advent) ? turn.nowMs : (before?.lastPathAtMs ?? turn.nowMs),
    proposals: [],
    attestations: new Map(),
    wishSinceMs: new Map(),
    unmakeable: new Set(),
    stuckSinceMs: undefined,
    isThawSeen: false,
    policyBefore:
      mayBeTakenBack(advent) && before ? { policy: before.policy, bytes: before.policyBytes } : undefined,
    isTakenBack: false,
  };
  const isUnderNewLink = isThawed || advent.kind === 'founded';
  const barred = [...kickedBy(advent), ...barredNow(state, member, isUnderNewLink)];
  turn.set({ member, kickedKeys: new Set([...state.kickedKeys, ...barred]) });
  const replaced = before?.held.link ?? state.identity.otherLinks?.[0];
  const isNewLink = replaced !== undefined && !isChangeDue && !equalBytes(replaced.secret, held.link.secret);
  if (isNewLink) storeLink(turn, held.link, replaced);
  // What became of the kick or freeze is unknown: a host changes the link now, so that it is known.
  if (before === undefined && isChangeDue) turn.set({ wantsNewLinkSinceMs: turn.nowMs });
  if (freeze !== undefined || isFreezeUnknown) await prepareRotation(turn, member);
  settleWants(turn, advent, { barred, isUnderNewLink });
  const { departures, hearing } = turn.state;
  const gone = before && departuresAfter(departures, before, member, advent, hearing.roster);
  turn.set({ departures: gone ?? [] });
  await hearNewEpoch(turn, required(turn.state.member), before, advent);
  eraseConsumed(advent.consumed);
  before?.rankSecret.fill(0);
}

/** The next link is derived at once and handed out to be stored before anything rests on it (D10). */
async function prepareRotation(turn: Turn, member: Member): Promise<void> {
  const next = await deriveNextLink({
    state: member.group,
    suite: turn.state.suite,
    ...member.held,
    oldMetaKeys: member.oldMetaKeys,
  });
  turn.setMember({ next });
  if (member.freeze === undefined) return;
  storeBeside(turn, member.held, next.link);
}

/** What was wanted and has come true, or can no longer come true, is wanted no more. */
function settleWants(
  turn: Turn,
  advent: Advent,
  { barred, isUnderNewLink }: { readonly barred: readonly string[]; readonly isUnderNewLink: boolean },
): void {
  const { state } = turn;
  const member = required(state.member);
  const isIn = (key: Bytes) => member.leaves.some(({ signatureKey }) => equalBytes(signatureKey, key));
  keepWhatContinues(turn, member, advent.kind === 'kick' || advent.kind === 'freeze');
  turn.set({
    links: withHeldFirst(state.links, member.held),
    commitAfterMs: 0,
    kicks: state.kicks.filter(({ leafKey }) => {
      return !barred.includes(toHex(leafKey)) && mayKick(member, state.ownKey, leafKey);
    }),
    wantsNewLinkSinceMs: isUnderNewLink || changesLink(advent) ? undefined : state.wantsNewLinkSinceMs,
    wantedHosts: state.wantedHosts.filter((key) => isIn(key) && mayBecomeHost(member.policy, key)),
    formerKeys: formerAfter(state, member, barred),
    returningSinceMs: undefined,
    usedReferences: withUsed(state, isIn),
    knocks: advent.kind === 'rotate' ? [] : state.knocks.filter(({ leafKey }) => !isIn(leafKey)),
    lastAdmissionAtMs: advent.kind === 'admit' ? turn.nowMs : state.lastAdmissionAtMs,
    code: undefined,
  });
}

/** The newest of those who were ever here, without the kicked. */
function formerAfter(
  { formerKeys }: CallState,
  member: Member,
  kicked: readonly string[],
): ReadonlySet<string> {
  const keys = new Set([...formerKeys, ...member.leaves.map(({ signatureKey }) => toHex(signatureKey))]);
  for (const key of kicked) keys.delete(key);
  return new Set([...keys].slice(-FORMER_KEYS_MAX));
}

/** KeyPackages that were admitted, by whomever: a replayed knock is refused (G15). */
function withUsed({ knocks, usedReferences }: CallState, isIn: (key: Bytes) => boolean): ReadonlySet<string> {
  const used = knocks.filter(({ leafKey }) => isIn(leafKey)).map(({ reference }) => reference);
  if (used.length === 0) return usedReferences;
  return new Set([...usedReferences, ...used].slice(-USED_REFERENCES_MAX));
}

function isContinued(state: CallState, group: GroupState): boolean {
  return state.member !== undefined && equalBytes(state.member.groupId, groupIdOf(group));
}

function heldOf(state: CallState, group: GroupState, before: Member | undefined): HeldLink {
  const linkId = required(extension(group, LINK_ID));
  const links = before?.next === undefined ? state.links : [before.next, ...state.links];
  const held = required(findHeld(links, linkId));
  return { link: held.link, keys: held.keys };
}

/** It was judged before; only a bug lets another one through. */
async function policyOf(state: CallState, group: GroupState, bytes: Bytes): Promise<VerifiedPolicy> {
  const { roomId, hostKeyHash, suite } = state.identity.link;
  const verified = await verifyPolicy(bytes, { groupId: groupIdOf(group), roomId, hostKeyHash, suite });
  if (!verified.ok) throw new Error('a state was adopted whose policy is not sound');
  return verified.value;
}

async function freezeAfter(
  state: CallState,
  group: GroupState,
  before: Member | undefined,
  advent: Advent,
  nowMs: number,
): Promise<Freeze | undefined> {
  if (advent.kind !== 'kick' && advent.kind !== 'freeze') return before?.freeze;
  const marker = decodeMarker(advent.marker);
  const bytes = marker?.t === 'kick' ? marker.policy : undefined;
  const brought = bytes && { policy: await policyOf(state, group, bytes), bytes };
  return {
    sinceMs: before?.freeze?.sinceMs ?? nowMs,
    by: required(advent.by),
    pendingPolicy: brought ?? before?.freeze?.pendingPolicy,
  };
}

function isUnknownAfter(before: Member | undefined, { kind }: Advent, isChangeDue: boolean): boolean {
  if (kind === 'returned' || (before === undefined && isChangeDue)) return true;
  const tells = kind !== 'remove' && kind !== 'refresh';
  return tells ? false : (before?.isFreezeUnknown ?? false);
}

/** A kick, a freeze and a rotation never are, nor is what one came in by. */
function mayBeTakenBack({ kind }: Advent): boolean {
  return ['admit', 'external', 'resync', 'remove', 'policy', 'refresh'].includes(kind);
}

function kickedBy({ kind, removed }: Advent): readonly string[] {
  return kind === 'kick' ? removed.map(({ signatureKey }) => toHex(signatureKey)) : [];
}

/**
 * Whom this client wanted kicked and who is shut out now: gone from the tree, no host, and the link is changed or being
 * changed. How the key left the tree does not matter: a service must not spare somebody a kick by attesting him away.
 */
function barredNow({ kicks }: CallState, member: Member, isUnderNewLink: boolean): readonly string[] {
  if (member.freeze === undefined && !isUnderNewLink) return [];
  const isIn = (key: Bytes) => member.leaves.some(({ signatureKey }) => equalBytes(signatureKey, key));
  const out = kicks.filter(({ leafKey }) => !isIn(leafKey) && !isHost(policyInForce(member), leafKey));
  return out.map(({ leafKey }) => toHex(leafKey));
}

function changesLink({ kind }: Advent): boolean {
  return kind === 'kick' || kind === 'freeze' || kind === 'rotate';
}

function hasPath({ kind }: Advent): boolean {
  return kind !== 'admit' && kind !== 'policy' && kind !== 'rotate';
}

function arrivalsOf(
  leaves: readonly Leaf[],
  epoch: number,
  before: Member | undefined,
): ReadonlyMap<string, number> {
  const keys = leaves.map(({ signatureKey }) => toHex(signatureKey));
  return new Map(keys.map((key) => [key, before?.arrivals.get(key) ?? epoch]));
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a state was adopted that lacks what every judged state has');
  return value;
}
