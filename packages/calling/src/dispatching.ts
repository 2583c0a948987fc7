/**
 * Dispatching: what the server says goes to the part of the machine that it concerns; its refusals are given their
 * meaning here.
 *
 * @see SPEC.md C50–C99
 */
import { verify } from '@conclave/crypto/mls/signing-key';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { attestationBytes } from '@conclave/protocol/signed-bytes';
import type { ServerMessage } from '@conclave/protocol/wire';
import { askLog } from './asking.ts';
import { receiveBeats } from './beating.ts';
import type { CallEvent } from './call-state.ts';
import {
  completeFounding,
  foundingTaken,
  noteFromOutside,
  receiveGroupNews,
  receiveTreeForWelcome,
  receiveWelcome,
} from './entering.ts';
import { receiveGroupInfo, receiveTreeForExternal, retryLater } from './external.ts';
import { dropFounding, ownCommits, shelve } from './giving-up.ts';
import { dropKnock, receiveKnock } from './knocks.ts';
import { COMMIT_RETRY_MS, EARLY_COMMITS_MAX } from './machine-limits.ts';
import { mergeOwn, receiveCommit, receiveLeaveProposal } from './receiving.ts';
import { reopened, replayLog, withoutLog } from './recovering.ts';
import type { Turn } from './turn.ts';
import type { ClosedReason } from './view.ts';
import { isInTree } from './viewing.ts';

/** A tree that was asked for; any other is nobody's. */
export async function receiveTree(turn: Turn, event: Extract<CallEvent, { t: 'tree' }>): Promise<void> {
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

/** What the server says, to the part that it concerns. */
export async function receiveMessage(turn: Turn, message: ServerMessage): Promise<void> {
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
  if (await mergeOwn(turn, own)) await takeEarly(turn);
}

/** Somebody else was first: the commit is dropped, and what was wanted is weighed anew in the epoch that the log brings. */
function onEpochTaken(turn: Turn, message: Extract<ServerMessage, { t: 'epoch-taken' }>): void {
  const { inFlight, external, knock } = turn.state;
  if (inFlight?.request !== message.request) return;
  shelve(turn);
  turn.set({ commitAfterMs: turn.nowMs + COMMIT_RETRY_MS });
  if (external !== undefined) {
    retryLater(turn);
    if (knock !== undefined) turn.set({ knock: { ...knock, sinceMs: turn.nowMs } });
    return;
  }
  if (message.epoch > (turn.state.member?.epoch ?? 0)) askLog(turn);
}

/** Kept only if it is true and of somebody who is there: a commit that rests on another one is refused by all. */
async function onAttestation(
  turn: Turn,
  { groupId, epoch, leafKey, signature }: Extract<ServerMessage, { t: 'attestation' }>,
): Promise<void> {
  const { member } = turn.state;
  if (member === undefined || epoch !== member.epoch || !equalBytes(member.groupId, groupId)) return;
  if (!isInTree(turn.state, leafKey)) return;
  const { serverKey } = member.policy;
  if (!(await verify(serverKey, signature, attestationBytes(groupId, epoch, leafKey)))) return;
  turn.setMember({ attestations: new Map(member.attestations).set(toHex(leafKey), signature) });
}

function onConnection(
  turn: Turn,
  { participantId, isConnected }: Extract<ServerMessage, { t: 'connection' }>,
): void {
  const others = [...turn.state.lostParticipants].filter((other) => other !== participantId);
  const lost = isConnected ? others : [...others, participantId];
  turn.set({ lostParticipants: new Set(lost.slice(-PARTICIPANTS_MAX)) });
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
      turn.set({ commitAfterMs: turn.nowMs + COMMIT_RETRY_MS });
      if (external !== undefined) retryLater(turn);
    } else if (external?.request === request) retryLater(turn);
    else if (founding?.request === request) dropFounding(turn);
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
