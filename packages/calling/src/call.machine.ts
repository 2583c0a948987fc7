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
import { epochAuthenticator, eraseKeyPackage } from '@conclave/crypto/mls/engine';
import { deriveSecurityCode } from '@conclave/crypto/security-code';
import { beatOnTime, goOn, hurryBeat, noteContexts, silence } from './beating.ts';
import type { CallEffect, CallEvent, CallIdentity, CallPorts, CallState } from './call-state.ts';
import { commitOnTime } from './committing.ts';
import { connect, disconnect } from './connecting.ts';
import { receiveMessage, receiveTree } from './dispatching.ts';
import { enter, enterOnTime, enterWakes } from './entering.ts';
import { externalOnTime, externalWakes } from './external.ts';
import { dropFounding, dropMember } from './giving-up.ts';
import { holdLink } from './held-links.ts';
import { leaveOnTime, leaveWakes, startLeaving } from './leaving.ts';
import { emptySchedule } from './media-schedule.ts';
import { recoverOnTime, recoveryWakes } from './recovering.ts';
import { troubleWakes } from './troubles.ts';
import { Turn } from './turn.ts';
import { showView } from './viewing.ts';
import { wantHost, wantKick, wantNewLink } from './wanting.ts';

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
    groupNews: undefined,
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
    seenGroups: [],
    commitAfterMs: 0,
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
    departures: [],
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
  if (turn.state.closed !== undefined) forget(turn);
  return { state: turn.state, effects: turn.effects };
}

/** A call that is over keeps no secret of the group. */
function forget(turn: Turn): void {
  const { knock } = turn.state;
  dropMember(turn);
  dropFounding(turn);
  if (knock !== undefined) eraseKeyPackage(knock.keyPackage);
  turn.set({ knock: undefined, external: undefined, seenGroups: [] });
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
      return connect(turn, event);
    case 'disconnected':
      return disconnect(turn);
    case 'message':
      return receiveMessage(turn, event.message);
    case 'tree':
      return receiveTree(turn, event);
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
      return noteContexts(turn, event.contexts, event.epoch);
    case 'show-code':
      return showCode(turn);
    case 'go-on':
      return goOn(turn);
  }
}

async function showCode(turn: Turn): Promise<void> {
  const { member } = turn.state;
  if (member === undefined) return;
  const groups = await deriveSecurityCode(epochAuthenticator(member.group), member.groupId);
  turn.set({ code: { digits: groups.join(' '), atUnixMs: turn.nowMs, epoch: member.epoch } });
}
