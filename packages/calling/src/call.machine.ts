/**
 * The call machine: one member's view of a call, without I/O. It wires; the rules decide (`rules.ts`, `joining.ts`,
 * `wishes.ts`, `confirmations.ts`, `pauses.ts`, `media-schedule.ts`).
 *
 *   connecting ─connected─► ready ─join─► asking / waiting ─(entering.ts)─► in ─leave─► left
 *        ▲                                                                 │ ▲
 *        └────────── disconnected ◄──────────────────────────────────────── in: log replay, resync (recovering.ts)
 *   any ──(a named reason)──► closed
 *
 * Every step: the event, then what time brings, then at most one commit, then the view. One mailbox: the runner awaits a
 * step before it feeds the next event. Effects are carried out in their order.
 *
 * @see SPEC.md C50–C99
 */
import { epochAuthenticator } from '@conclave/crypto/mls/engine';
import { deriveSecurityCode } from '@conclave/crypto/security-code';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import type { ServerMessage } from '@conclave/protocol/wire';
import { askLog, shelve } from './asking.ts';
import { askAll, beatOnTime, goOn, hurryBeat, receiveBeats, silence } from './beating.ts';
import type { CallEffect, CallEvent, CallIdentity, CallPorts, CallState, Session } from './call-state.ts';
import { commitOnTime } from './committing.ts';
import {
  completeFounding,
  enter,
  enterOnTime,
  enterWakes,
  foundingTaken,
  noteFromOutside,
  receiveGroupNews,
  receiveTreeForWelcome,
  receiveWelcome,
} from './entering.ts';
import {
  externalOnTime,
  externalWakes,
  receiveGroupInfo,
  receiveTreeForExternal,
  retryLater,
} from './external.ts';
import { holdLink, withHeldFirst } from './held-links.ts';
import { dropKnock, receiveKnock } from './knocks.ts';
import { leaveOnTime, leaveWakes, startLeaving } from './leaving.ts';
import { EARLY_COMMITS_MAX } from './machine-limits.ts';
import { emptySchedule } from './media-schedule.ts';
import { isHost } from './policy.ts';
import { mayBecomeHost, mayKick, policyInForce } from './policy-in-force.ts';
import { mergeOwn, ownCommits, receiveCommit, receiveLeaveProposal } from './receiving.ts';
import { recoverOnTime, recoveryWakes, reopened, replayLog, withoutLog } from './recovering.ts';
import { troubleWakes } from './troubles.ts';
import { Turn } from './turn.ts';
import type { ClosedReason } from './view.ts';
import { isInTree, showView } from './viewing.ts';

export type { CallEffect, CallEvent, CallIdentity, CallPorts, CallState } from './call-state.ts';

export interface Step {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

const DEFAULT_NAME = 'Guest';

/** The state before the first connection. The link is of kind `e2ee`. */
export async function createCall(
  identity: CallIdentity,
  ports: CallPorts = { random: Math.random },
): Promise<CallState> {
  return {
    identity,
    ownKey: identity.signingKey.publicKey,
    ports,
    suite: identity.suite,
    links: await Promise.all([identity.link, ...(identity.otherLinks ?? [])].map(holdLink)),
    shown: undefined,
    name: identity.name ?? DEFAULT_NAME,
    session: undefined,
    wasConnected: false,
    wantsIn: false,
    shutOutSinceMs: 0,
    closed: undefined,
    founding: undefined,
    knock: undefined,
    welcome: undefined,
    external: undefined,
    member: undefined,
    inFlight: undefined,
    shelved: [],
    early: [],
    log: undefined,
    knocks: [],
    admitted: new Set(),
    usedReferences: new Set(),
    lastAdmissionAtMs: Number.NEGATIVE_INFINITY,
    kicks: [],
    kickedKeys: new Set(),
    formerKeys: new Set(),
    wantsNewLinkSinceMs: undefined,
    wantedHosts: [],
    leaving: undefined,
    refused: undefined,
    resyncsAtMs: [],
    returningSinceMs: undefined,
    retryAtMs: 0,
    lostParticipants: new Set(),
    oldLinkCount: 0,
    flags: { microphone: false, camera: false, screen: false, hand: false },
    contexts: [],
    contextsEpoch: undefined,
    hearing: silence(),
    schedule: emptySchedule(),
    pause: undefined,
    wentOnWithout: new Set(),
    code: undefined,
    requestCount: 0,
    shownView: '',
    wakeAtMs: undefined,
  };
}

/** One event. @param nowMs - a clock that never goes back; Unix milliseconds, for the label of the security code */
export async function step(state: CallState, event: CallEvent, nowMs: number): Promise<Step> {
  if (state.closed !== undefined) return { state, effects: [] };
  const turn = new Turn(state, nowMs);
  await onEvent(turn, event);
  await onTime(turn);
  return { state: turn.state, effects: turn.effects };
}

/** What time brings, in the order in which one thing may lead to the next. */
async function onTime(turn: Turn): Promise<void> {
  const wakes: number[] = [];
  if (turn.state.closed === undefined) {
    externalOnTime(turn);
    recoverOnTime(turn);
    await enterOnTime(turn);
    await leaveOnTime(turn);
  }
  if (turn.state.closed === undefined) {
    const commitAtMs = await commitOnTime(turn);
    if (commitAtMs !== undefined) wakes.push(commitAtMs);
    wakes.push(...(await beatOnTime(turn)));
    wakes.push(...waitsOf(turn.state));
    askForWake(turn, wakes);
  }
  showView(turn);
}

function waitsOf(state: CallState): readonly number[] {
  const parts = [externalWakes, recoveryWakes, enterWakes, leaveWakes, troubleWakes];
  return parts.flatMap((part) => part(state));
}

/** Times that have passed have been dealt with: what they brought is waited for elsewhere. */
function askForWake(turn: Turn, wakes: readonly number[]): void {
  const atMs = Math.min(...wakes.filter((wake) => wake > turn.nowMs));
  if (!Number.isFinite(atMs) || atMs === turn.state.wakeAtMs) return;
  turn.set({ wakeAtMs: atMs });
  turn.effects.push({ t: 'wake', atMs });
}

async function onEvent(turn: Turn, event: CallEvent): Promise<void> {
  switch (event.t) {
    case 'connected':
      return onConnected(turn, event);
    case 'disconnected':
      return onDisconnected(turn);
    case 'message':
      return onMessage(turn, event.message);
    case 'tree':
      return onTree(turn, event);
    case 'wake':
      return turn.set({ wakeAtMs: undefined });
    case 'join':
      turn.set({ wantsIn: true, name: event.name ?? turn.state.name });
      return enter(turn);
    case 'leave':
      return startLeaving(turn);
    case 'admit':
      return turn.set({ admitted: new Set([...turn.state.admitted, event.participantId]) });
    case 'kick':
      return wantKick(turn, event.leafKey);
    case 'make-host':
      return wantHost(turn, event.leafKey);
    case 'change-link':
      return wantNewLink(turn);
    case 'set-flags':
      turn.set({ flags: event.flags });
      return hurryBeat(turn);
    case 'set-contexts':
      return turn.set({ contexts: event.contexts, contextsEpoch: event.epoch });
    case 'show-code':
      return showCode(turn);
    case 'go-on':
      return goOn(turn);
  }
}

function wantKick(turn: Turn, leafKey: Bytes): void {
  const { kicks, member, ownKey } = turn.state;
  const isKnown = kicks.some((kick) => equalBytes(kick.leafKey, leafKey));
  if (isKnown || member === undefined || !isInTree(turn.state, leafKey)) return;
  if (mayKick(member, ownKey, leafKey)) turn.set({ kicks: [...kicks, { leafKey, sinceMs: turn.nowMs }] });
}

function wantHost(turn: Turn, leafKey: Bytes): void {
  const { member, wantedHosts } = turn.state;
  if (member === undefined || !amHost(turn.state) || !isInTree(turn.state, leafKey)) return;
  if (mayBecomeHost(policyInForce(member), leafKey)) turn.set({ wantedHosts: [...wantedHosts, leafKey] });
}

function wantNewLink(turn: Turn): void {
  if (!amHost(turn.state)) return;
  turn.set({ wantsNewLinkSinceMs: turn.state.wantsNewLinkSinceMs ?? turn.nowMs });
}

function amHost({ member, ownKey }: CallState): boolean {
  return member !== undefined && isHost(policyInForce(member), ownKey);
}

async function showCode(turn: Turn): Promise<void> {
  const { member } = turn.state;
  if (member === undefined) return;
  const groups = await deriveSecurityCode(epochAuthenticator(member.group), member.groupId);
  turn.set({ code: { digits: groups.join(' '), atUnixMs: turn.nowMs, epoch: member.epoch } });
}

async function onConnected(turn: Turn, event: Extract<CallEvent, { t: 'connected' }>): Promise<void> {
  const { session, link } = event;
  const { links, member, founding } = turn.state;
  const known = link && links.find((held) => equalBytes(held.link.secret, link.secret));
  const shown = known ?? (link ? await holdLink(link) : links[0]);
  turn.set({ session, shown, wasConnected: true, shutOutSinceMs: turn.nowMs });
  if (shown && !known) turn.set({ links: [...links, shown] });
  if (member === undefined && shown) turn.set({ links: withHeldFirst(turn.state.links, shown) });
  if (founding !== undefined) return resumeFounding(turn, session);
  if (member === undefined) return enter(turn);
  const isSameGroup = session.group !== null && equalBytes(session.group.groupId, member.groupId);
  if (!isSameGroup) {
    turn.set({ member: undefined, inFlight: undefined });
    return enter(turn);
  }
  if ((session.group?.epoch ?? 0) < member.epoch) return reopened(turn, session.group?.epoch ?? 0);
  askLog(turn);
  if (session.isMember && !session.isLogOnly) askAll(turn);
}

async function resumeFounding(turn: Turn, session: Session): Promise<void> {
  const { founding } = turn.state;
  const isTaken = session.group && founding && equalBytes(session.group.groupId, founding.groupId);
  if (!isTaken) {
    turn.set({ founding: undefined });
    return enter(turn);
  }
  await completeFounding(turn);
  askLog(turn);
}

/** What was asked on the old socket is void; a commit in flight is not: the log tells what became of it. */
function onDisconnected(turn: Turn): void {
  shelve(turn);
  turn.set({
    session: undefined,
    knock: undefined,
    welcome: undefined,
    external: undefined,
    log: undefined,
    knocks: [],
    early: [],
    lostParticipants: new Set(),
  });
}

async function onTree(turn: Turn, event: Extract<CallEvent, { t: 'tree' }>): Promise<void> {
  const { welcome, external } = turn.state;
  const isOf = (wanted: { groupId: Bytes | undefined; epoch: number } | undefined) =>
    wanted?.groupId !== undefined &&
    equalBytes(wanted.groupId, event.groupId) &&
    wanted.epoch === event.epoch;
  if (isOf(welcome)) await receiveTreeForWelcome(turn, event.tree);
  else if (isOf(external)) await receiveTreeForExternal(turn, event.tree);
  await takeEarly(turn);
}

/** Commits that came while the own entry was still under way. */
async function takeEarly(turn: Turn): Promise<void> {
  if (turn.state.member === undefined) return;
  const { early } = turn.state;
  turn.set({ early: [] });
  for (const commit of early) await onCommit(turn, commit);
}

async function onCommit(turn: Turn, message: Extract<ServerMessage, { t: 'commit' }>): Promise<void> {
  const { member, early, welcome, external, knock } = turn.state;
  if (member === undefined) {
    const isEntering = welcome !== undefined || external !== undefined || knock !== undefined;
    if (isEntering) turn.set({ early: [...early, message].slice(-EARLY_COMMITS_MAX) });
    return noteFromOutside(turn, message);
  }
  if (!equalBytes(member.groupId, message.groupId)) return;
  await receiveCommit(turn, message, false);
}

async function onMessage(turn: Turn, message: ServerMessage): Promise<void> {
  const { member, founding, log } = turn.state;
  switch (message.t) {
    case 'commit':
      return onCommit(turn, message);
    case 'accepted':
      if (founding?.request === message.request) return completeFounding(turn);
      return onAccepted(turn, message.request);
    case 'epoch-taken':
      if (founding?.request === message.request) return foundingTaken(turn, message.groupId);
      return onEpochTaken(turn, message);
    case 'knock':
      return receiveKnock(turn, message);
    case 'knock-gone':
      return dropKnock(turn, message.participantId);
    case 'welcome':
      return receiveWelcome(turn, message);
    case 'proposal':
      if (member && message.epoch === member.epoch) await receiveLeaveProposal(turn, message.message);
      return;
    case 'beats':
      return receiveBeats(turn, message.beats);
    case 'log':
      return replayLog(turn, message);
    case 'group-info':
      return receiveGroupInfo(turn, message);
    case 'attestation':
      return onAttestation(turn, message);
    case 'connection':
      return onConnection(turn, message);
    case 'group':
      return receiveGroupNews(turn, message);
    case 'reopened':
      if (member && equalBytes(member.groupId, message.groupId)) reopened(turn, message.epoch);
      return;
    case 'old-link':
      return turn.set({ oldLinkCount: message.count });
    case 'ended':
      return turn.close('ENDED');
    case 'error':
      if (log !== undefined && log.request === message.request) return withoutLog(turn);
      return onError(turn, message.code, message.request);
    default:
      return;
  }
}

async function onAccepted(turn: Turn, request: number): Promise<void> {
  const own = ownCommits(turn.state).find((sent) => sent.request === request);
  if (own === undefined) return;
  await mergeOwn(turn, own);
  await takeEarly(turn);
}

/** Somebody else was first: the commit is dropped, and what was wanted is weighed anew in the epoch that the log brings. */
function onEpochTaken(turn: Turn, message: Extract<ServerMessage, { t: 'epoch-taken' }>): void {
  const { inFlight, external, knock } = turn.state;
  if (inFlight?.request !== message.request) return;
  shelve(turn);
  if (external !== undefined) {
    retryLater(turn);
    if (knock !== undefined) turn.set({ knock: { ...knock, sinceMs: turn.nowMs } });
    return;
  }
  if (message.epoch > (turn.state.member?.epoch ?? 0)) askLog(turn);
}

function onAttestation(turn: Turn, message: Extract<ServerMessage, { t: 'attestation' }>): void {
  const { member } = turn.state;
  if (member === undefined || message.epoch !== member.epoch) return;
  if (!equalBytes(member.groupId, message.groupId)) return;
  const attestations = new Map(member.attestations).set(toHex(message.leafKey), message.signature);
  turn.setMember({ attestations });
}

function onConnection(
  turn: Turn,
  { participantId, isConnected }: Extract<ServerMessage, { t: 'connection' }>,
): void {
  const lostParticipants = new Set(turn.state.lostParticipants);
  if (isConnected) lostParticipants.delete(participantId);
  else lostParticipants.add(participantId);
  turn.set({ lostParticipants });
}

const CLOSING: Partial<Record<ErrorCode, ClosedReason>> = {
  NO_SUCH_ROOM: 'NO_SUCH_ROOM',
  ACCESS_DENIED: 'ACCESS_DENIED',
  ROOM_FULL: 'ROOM_FULL',
  ROOMS_NEED_TOKEN: 'ROOMS_NEED_TOKEN',
  TOO_MANY: 'TOO_MANY',
  SUPERSEDED: 'SUPERSEDED',
};

/** An attested removal closes the socket and nothing else: whoever comes back knocks anew. */
function onError(turn: Turn, code: ErrorCode, request: number | undefined): void {
  const { inFlight, external, founding, member, knock } = turn.state;
  if (request !== undefined) {
    if (inFlight?.request === request) {
      shelve(turn);
      if (external !== undefined) retryLater(turn);
    } else if (external?.request === request) retryLater(turn);
    else if (founding?.request === request) turn.set({ founding: undefined });
    if (code === 'FROZEN' && knock !== undefined) turn.set({ knock: { ...knock, sinceMs: turn.nowMs } });
    return;
  }
  if (code === 'LINK_CHANGED' && member === undefined) {
    turn.close('LINK_CHANGED');
    return;
  }
  const reason = CLOSING[code];
  if (reason !== undefined) turn.close(reason);
}
