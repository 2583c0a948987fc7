/**
 * Recovering (D24): replaying the log, and coming back by an external commit when it does not help.
 *
 * @see SPEC.md C70–C76
 */
import { equalBytes } from '@conclave/protocol/bytes';
import type { LogEntry, ServerMessage } from '@conclave/protocol/wire';
import { askLog, beStuck } from './asking.ts';
import type { CallState, Member } from './call-state.ts';
import { startExternal } from './external.ts';
import { dropMember, shelve } from './giving-up.ts';
import {
  BEHIND_WAIT_MS,
  REOPEN_WAIT_MS,
  REPLY_TIMEOUT_MS,
  RESYNCS_PER_MINUTE_MAX,
  RETURN_TIMEOUT_MS,
} from './machine-limits.ts';
import { receiveCommit, receiveLeaveProposal } from './receiving.ts';
import type { Turn } from './turn.ts';

const MINUTE_MS = 60_000;

type Log = Extract<ServerMessage, { t: 'log' }>;

/** Replays the log. A commit in flight that it does not hold was not taken. */
export async function replayLog(turn: Turn, message: Log): Promise<void> {
  const { log } = turn.state;
  if (log === undefined || log.request !== message.request) return;
  turn.set({ log: undefined });
  const { member: before } = turn.state;
  if (before === undefined) return;
  if (!equalBytes(before.groupId, message.groupId)) return dropMember(turn);
  const inFlight = turn.state.inFlight;
  for (const entry of message.entries) await replayEntry(turn, entry);
  const { member } = turn.state;
  if (member === undefined) return;
  if (message.hasMore && member.epoch > before.epoch) return askLog(turn);
  if (turn.state.inFlight === inFlight) shelve(turn);
  for (const proposal of message.proposals) await receiveLeaveProposal(turn, proposal);
  const isBehind = message.entries.some(({ epoch }) => epoch >= member.epoch);
  if (isBehind) beStuck(turn, 'BEHIND');
  else turn.set({ hearing: { ...turn.state.hearing, behindSinceMs: undefined } });
  if (turn.state.session?.isLogOnly) afterLogOnly(turn);
}

async function replayEntry(turn: Turn, entry: LogEntry): Promise<void> {
  const { member } = turn.state;
  if (member === undefined || member.epoch !== entry.epoch || member.stuckSinceMs !== undefined) return;
  for (const proposal of entry.proposals) await receiveLeaveProposal(turn, proposal);
  await receiveCommit(turn, entry, true);
}

/** With the link that came out of the log one says hello again; without one, the person is told. */
function afterLogOnly(turn: Turn): void {
  const { member, shown } = turn.state;
  const isCaughtUp = member !== undefined && shown !== undefined && member.held.link !== shown.link;
  if (isCaughtUp) turn.effects.push({ t: 'reconnect' });
  else turn.close('LINK_CHANGED');
}

/** The log cannot be had: too much was missed, or it is another call's. */
export function withoutLog(turn: Turn): void {
  turn.set({ log: undefined });
  if (turn.state.session?.isLogOnly) {
    turn.close('LINK_CHANGED');
    return;
  }
  if (turn.state.session?.isMember) resync(turn);
  else dropMember(turn);
}

/** The server took a commit back. Who has merged it never goes back (D7): it comes back forward. */
export function reopened(turn: Turn, epoch: number): void {
  const { member } = turn.state;
  if (member === undefined) return;
  if (epoch === member.epoch) turn.setMember({ stuckSinceMs: undefined });
  else if (epoch < member.epoch) {
    // Not below what may be taken back: see `knownOf`. The way back is `recoverOnTime`'s from here on.
    turn.setMember({ isTakenBack: epoch === member.epoch - 1, stuckSinceMs: turn.nowMs - REOPEN_WAIT_MS });
    resync(turn);
  }
}

/** Comes back by an external commit in place of the own leaf. Others' commits may come first: it is tried for a minute. */
export function resync(turn: Turn): void {
  const { nowMs } = turn;
  const { external, resyncsAtMs, retryAtMs, returningSinceMs } = turn.state;
  if (external !== undefined || nowMs < retryAtMs) return;
  const recent = resyncsAtMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
  const sinceMs = returningSinceMs ?? nowMs;
  if (recent.length >= RESYNCS_PER_MINUTE_MAX || nowMs >= sinceMs + RETURN_TIMEOUT_MS) {
    turn.close('CANNOT_RECOVER');
    return;
  }
  shelve(turn);
  turn.set({ returningSinceMs: sinceMs });
  startExternal(turn);
}

/** What time alone brings. */
export function recoverOnTime(turn: Turn): void {
  const { member, session, log, inFlight, hearing, external } = turn.state;
  if (member === undefined || session === undefined) return;
  if (log !== undefined && turn.nowMs >= log.sinceMs + REPLY_TIMEOUT_MS) {
    turn.set({ log: undefined });
    askLog(turn);
  }
  if (
    inFlight !== undefined &&
    external === undefined &&
    turn.nowMs >= inFlight.sentAtMs + REPLY_TIMEOUT_MS
  ) {
    askLog(turn);
  }
  const { behindSinceMs } = hearing;
  if (behindSinceMs !== undefined && turn.nowMs >= behindSinceMs + BEHIND_WAIT_MS) {
    turn.set({ hearing: { ...hearing, behindSinceMs: undefined } });
    askLog(turn);
  }
  const { stuckSinceMs } = member;
  if (stuckSinceMs === undefined) return;
  if (mayReturn(member)) {
    if (turn.nowMs >= stuckSinceMs + REOPEN_WAIT_MS) resync(turn);
  } else if (turn.nowMs >= stuckSinceMs + RETURN_TIMEOUT_MS) turn.close('CANNOT_RECOVER');
}

/** Others refuse a resync while the group is frozen. */
function mayReturn({ freeze, isThawSeen }: Member): boolean {
  return freeze === undefined || isThawSeen;
}

/** When `recoverOnTime` has something to do next. */
export function recoveryWakes({
  member,
  session,
  log,
  inFlight,
  hearing,
  external,
  retryAtMs,
}: CallState): readonly number[] {
  if (member === undefined || session === undefined) return [];
  const { behindSinceMs } = hearing;
  return [
    ...(log === undefined ? [] : [log.sinceMs + REPLY_TIMEOUT_MS]),
    ...(inFlight === undefined || external !== undefined || log !== undefined
      ? []
      : [inFlight.sentAtMs + REPLY_TIMEOUT_MS]),
    ...(behindSinceMs === undefined ? [] : [behindSinceMs + BEHIND_WAIT_MS]),
    ...returnWakes(member, external === undefined ? retryAtMs : undefined),
  ];
}

function returnWakes(member: Member, retryAtMs: number | undefined): readonly number[] {
  const { stuckSinceMs } = member;
  if (stuckSinceMs === undefined) return [];
  if (!mayReturn(member)) return [stuckSinceMs + RETURN_TIMEOUT_MS];
  return retryAtMs === undefined ? [] : [Math.max(stuckSinceMs + REOPEN_WAIT_MS, retryAtMs)];
}
