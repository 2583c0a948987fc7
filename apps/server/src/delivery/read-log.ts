/**
 * log: the commits from one epoch on, for a member that missed some, in frames of bounded size (D7). Who shows an
 * earlier access reads up to and including the entry that removed it, and no further.
 *
 * @see SPEC.md V45, V46
 */
import { LOG_BYTES_MAX, LOG_ENTRIES_MAX, SOCKET_MESSAGE_BYTES_MAX } from '@conclave/protocol/limits';
import type { ClientMessage, LogEntry } from '@conclave/protocol/wire';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { refuse, type Session, sendTo } from './session.ts';

type LogRequest = Extract<ClientMessage, { t: 'log' }>;

/** Room for base64url, field names, ids and the envelope. */
const FRAME_CONTENT_BYTES_MAX = Math.floor((SOCKET_MESSAGE_BYTES_MAX * 3) / 4) - 64 * 1024;

export async function handleLog(
  context: DeliveryContext,
  call: Call,
  session: Session,
  { request, fromEpoch }: LogRequest,
): Promise<void> {
  const { participantId, outlet } = session;
  const group = call.group;
  if (group === null) return refuse(outlet, 'NO_GROUP', request);
  const member = call.members.get(participantId);
  const mayRead = member !== undefined && (member.leftEpoch === null || session.isLogOnly);
  if (!mayRead) return refuse(outlet, 'NOT_ALLOWED', request);

  // The epoch that the last readable entry leads to
  const endEpoch = member.leftEpoch === null ? group.epoch : member.leftEpoch + 1;
  const isKept = fromEpoch <= endEpoch && group.epoch - fromEpoch <= LOG_ENTRIES_MAX;
  const entries = isKept ? await context.store.readLog(call.roomId, fromEpoch, endEpoch - 1) : [];
  const isComplete = entries.length === endEpoch - fromEpoch;
  if (!isKept || !isComplete || totalBytes(entries) > LOG_BYTES_MAX) {
    return refuse(outlet, 'WRONG_EPOCH', request);
  }
  const isRemoved = member.leftEpoch !== null;
  const current = isRemoved ? [] : await context.store.readProposals(call.roomId, group.epoch);
  const page = firstPage(entries, current);
  sendTo(outlet, { t: 'log', request, groupId: group.groupId, ...page });
}

function firstPage(entries: readonly LogEntry[], current: LogEntry['proposals']) {
  const page: LogEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    bytes += entryBytes(entry);
    if (bytes > FRAME_CONTENT_BYTES_MAX) return { entries: page, proposals: [], hasMore: true };
    page.push(entry);
  }
  bytes += sum(current.map((message) => message.length));
  if (bytes > FRAME_CONTENT_BYTES_MAX) return { entries: page, proposals: [], hasMore: true };
  return { entries: page, proposals: current, hasMore: false };
}

function totalBytes(entries: readonly LogEntry[]): number {
  return sum(entries.map(entryBytes));
}

function entryBytes({ commit, joined, left, proposals }: LogEntry): number {
  const names = (joined.length + left.length) * 25;
  return commit.length + names + 256 + sum(proposals.map((message) => message.length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
