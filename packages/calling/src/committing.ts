/**
 * Committing: one wish at a time becomes a commit, when nothing is in flight and its rank's time has come (D9). The
 * commit is merged only when the server has taken it; otherwise the wishes are weighed anew in the new epoch.
 *
 * @see SPEC.md C81–C88
 */
import {
  commit,
  type Leaf,
  LINK_ID,
  OLD_META,
  type OwnCommit,
  ownLeafIndex,
  POLICY,
  type ProposalRequest,
  screenKeyPackages,
} from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { CallState, Knocking, Member } from './call-state.ts';
import { pskSecrets, storeBeside } from './held-links.ts';
import { encodeMarker, type Marker } from './markers.ts';
import { isHost, signPolicy, withHost, withRevokedHost } from './policy.ts';
import { policyInForce } from './policy-in-force.ts';
import { rankDelayMs } from './rank.ts';
import { deriveNextLink, sealNextOldMeta } from './rotation.ts';
import { type CommitKind, truthOf } from './rules.ts';
import { sendCommit } from './sending.ts';
import type { Turn } from './turn.ts';
import { nameOf, type RankedWish, type Wish, wishesOf } from './wishes.ts';

/** Commits the first wish whose time has come; returns when the next one's comes. */
export async function commitOnTime(turn: Turn): Promise<number | undefined> {
  const { member } = turn.state;
  if (member === undefined || !canCommit(turn.state, member)) return undefined;
  const { commitAfterMs } = turn.state;
  if (turn.nowMs < commitAfterMs) return commitAfterMs;
  const all = wishesOf(turn.state, member, turn.nowMs);
  const wishes = all.filter(({ wish }) => !member.unmakeable.has(nameOf(wish)));
  noteWishes(turn, member, wishes);
  let wakeAtMs: number | undefined;
  for (const ranked of wishes) {
    const dueAtMs = await dueAt(turn.state, ranked, turn.nowMs);
    if (dueAtMs === undefined) continue;
    if (dueAtMs <= turn.nowMs) {
      await make(turn, ranked.wish);
      if (turn.state.inFlight !== undefined) return undefined;
      continue;
    }
    wakeAtMs = Math.min(wakeAtMs ?? dueAtMs, dueAtMs);
  }
  return wakeAtMs;
}

function canCommit(state: CallState, member: Member): boolean {
  const { session, inFlight, external, log } = state;
  const isLive = session !== undefined && !session.isLogOnly;
  return isLive && !inFlight && !external && !log && member.stuckSinceMs === undefined;
}

/** Since when each wish has been there in this epoch: the rank's delay counts from then. */
function noteWishes(turn: Turn, member: Member, wishes: readonly RankedWish[]): void {
  const since = new Map(
    wishes.map(({ wish, notBeforeMs }) => [
      wish.t,
      member.wishSinceMs.get(wish.t) ?? Math.max(turn.nowMs, notBeforeMs),
    ]),
  );
  turn.setMember({ wishSinceMs: since });
}

async function dueAt(state: CallState, ranked: RankedWish, nowMs: number): Promise<number | undefined> {
  const { member } = state;
  if (member === undefined) return undefined;
  const { candidates, notBeforeMs, wish } = ranked;
  if (candidates === undefined) return notBeforeMs;
  const request = { secret: member.rankSecret, candidates, own: ownLeafIndex(member.group) };
  const delayMs = await rankDelayMs(request, () => member.rankRandom);
  // Of a refresh only rank 0 is the bearer: it is wanted by nobody in particular.
  if (delayMs === undefined || (wish.t === 'refresh' && delayMs > 0)) return undefined;
  return Math.max(notBeforeMs, (member.wishSinceMs.get(wish.t) ?? nowMs) + delayMs);
}

interface Draft {
  readonly kind: CommitKind;
  readonly proposals: readonly ProposalRequest[];
  readonly references?: readonly Bytes[];
  readonly marker?: Marker;
  readonly removed?: readonly Leaf[];
  readonly admitted?: readonly Knocking[];
}

async function make(turn: Turn, wish: Wish): Promise<void> {
  const { member, suite, session } = turn.state;
  if (member === undefined || session === undefined) return;
  const draft = await draftOf(turn, member, wish);
  if (draft === undefined) return;
  const { kind, proposals, references = [], marker = { t: 'none' }, removed = [], admitted = [] } = draft;
  const authenticatedData = encodeMarker(marker);
  const psks = pskSecrets(turn.state);
  const request = { proposals, references, psks, authenticatedData };
  const own = await commit(member.group, suite, request).catch(() => undefined);
  if (own === undefined) return giveUpWish(turn, wish);
  const added = admitted.map(({ leafKey }) => ({ leafIndex: 0, signatureKey: leafKey, identity: leafKey }));
  const { callId } = session;
  const rotated = member.next && { rotated: member.next };
  const entry = await truthOf({ added, removed }, kind, { callId, ...rotated });
  if (kind === 'kick' || kind === 'freeze') {
    // Before it is sent: should this page be gone by the time the reply comes, the new link is there.
    const { held, oldMetaKeys } = member;
    const next = await deriveNextLink({ state: own.state, suite, ...held, oldMetaKeys });
    storeBeside(turn, held, next.link);
  }
  await sendCommit(turn, {
    kind,
    groupId: member.groupId,
    epoch: member.epoch,
    own,
    entry,
    removed,
    marker: authenticatedData,
    suite,
    welcomes: welcomesOf(own, admitted),
  });
}

/**
 * The engine could not make it: somebody in the tree, or who knocks, has a key that nobody can use. The wish waits for the
 * next epoch, and stops no other; a kick or a rotation that is not merged is told anyway. Of knocks each is tried alone.
 */
async function giveUpWish(turn: Turn, wish: Wish): Promise<void> {
  turn.set({ refused: `NOT_MADE ${wish.t}` });
  if (wish.t !== 'admit') {
    const { unmakeable = new Set<string>() } = turn.state.member ?? {};
    return turn.setMember({ unmakeable: new Set([...unmakeable, nameOf(wish)]) });
  }
  const [knock] = wish.knocks;
  if (wish.knocks.length === 1) {
    return turn.set({ knocks: turn.state.knocks.filter((other) => other !== knock) });
  }
  for (const each of wish.knocks) {
    if (turn.state.inFlight === undefined) await make(turn, { t: 'admit', knocks: [each] });
  }
}

/** A Welcome names its joiner by the KeyPackage's reference. */
function welcomesOf({ welcomes }: OwnCommit, admitted: readonly Knocking[]) {
  return admitted.flatMap(({ participantId, reference }) => {
    const own = welcomes.find((entry) => toHex(entry.reference) === reference);
    return own === undefined ? [] : [{ participantId, welcome: own.welcome }];
  });
}

async function draftOf(turn: Turn, member: Member, wish: Wish): Promise<Draft | undefined> {
  switch (wish.t) {
    case 'rotate':
      return draftRotation(member);
    case 'kick':
      return draftKick(turn.state, member, wish.target);
    case 'freeze':
      return { kind: 'freeze', proposals: [], marker: { t: 'freeze' } };
    case 'remove':
      return draftRemoval(member, wish);
    case 'policy':
      return draftPolicy(turn.state, member, withHost, wish.hostKey);
    case 'revoke':
      return draftPolicy(turn.state, member, withRevokedHost, wish.hostKey);
    case 'admit':
      return draftAdmission(turn, member, wish.knocks);
    case 'refresh':
      return { kind: 'refresh', proposals: [] };
  }
}

async function draftRotation({ next, freeze, policyBytes }: Member): Promise<Draft | undefined> {
  if (next === undefined) return undefined;
  const extensions = [
    { type: LINK_ID, data: next.linkId },
    { type: OLD_META, data: await sealNextOldMeta(next) },
    { type: POLICY, data: freeze?.pendingPolicy?.bytes ?? policyBytes },
  ];
  const proposals: ProposalRequest[] = [
    { type: 'extensions', extensions },
    { type: 'psk', pskId: next.linkId },
  ];
  return { kind: 'rotate', proposals };
}

async function draftKick(state: CallState, member: Member, target: Leaf): Promise<Draft> {
  const key = target.signatureKey;
  const policy = policyInForce(member);
  const { signingKey, link } = state.identity;
  const context = { groupId: member.groupId, roomId: link.roomId };
  const bytes = isHost(policy, key)
    ? await signPolicy(await withRevokedHost(policy, context, key, signingKey), context, signingKey)
    : undefined;
  return {
    kind: 'kick',
    proposals: [{ type: 'remove', leafIndex: target.leafIndex }],
    marker: { t: 'kick', key, ...(bytes && { policy: bytes }) },
    removed: [target],
  };
}

function draftRemoval(member: Member, wish: Extract<Wish, { t: 'remove' }>): Draft {
  const { references, attested } = wish;
  const leafOf = (key: Bytes) => member.leaves.filter(({ signatureKey }) => equalBytes(signatureKey, key));
  const leavers = member.proposals.filter(({ reference }) => references.includes(reference));
  const gone = attested.flatMap(({ leafKey }) => leafOf(leafKey));
  return {
    kind: 'remove',
    proposals: gone.map(({ leafIndex }) => ({ type: 'remove', leafIndex })),
    references,
    ...(attested.length > 0 && { marker: { t: 'attested', attestations: attested } as const }),
    removed: [...gone, ...leavers.flatMap(({ leafKey }) => leafOf(leafKey))],
  };
}

async function draftPolicy(
  state: CallState,
  member: Member,
  change: typeof withHost | typeof withRevokedHost,
  hostKey: Bytes,
): Promise<Draft> {
  const { signingKey, link } = state.identity;
  const context = { groupId: member.groupId, roomId: link.roomId };
  const policy = await change(member.policy, context, hostKey, signingKey);
  const data = await signPolicy(policy, context, signingKey);
  return { kind: 'policy', proposals: [{ type: 'extensions', extensions: [{ type: POLICY, data }] }] };
}

/** One bad KeyPackage must not spoil the commit for the others; what is used is never taken again. */
async function draftAdmission(
  turn: Turn,
  member: Member,
  knocks: readonly Knocking[],
): Promise<Draft | undefined> {
  const packages = knocks.map(({ keyPackage }) => keyPackage);
  const screened = await screenKeyPackages(member.group, turn.state.suite, packages);
  const admitted = knocks.filter((_, index) => screened[index]?.ok);
  const refused = knocks.filter((_, index) => !screened[index]?.ok);
  turn.set({ knocks: turn.state.knocks.filter((knock) => !refused.includes(knock)) });
  if (admitted.length === 0) return undefined;
  const proposals: ProposalRequest[] = [
    ...admitted.map(({ keyPackage }) => ({ type: 'add', keyPackage }) as const),
    { type: 'psk', pskId: member.held.keys.linkId },
  ];
  return { kind: 'admit', proposals, admitted };
}
