/**
 * log: the commits from one epoch on, for a member that missed some, in frames of bounded size (D7). Who shows an
 * earlier access reads up to and including the entry that removed it, and no further.
 *
 * @see SPEC.md V45, V46
 */
import { LOG_BYTES_MAX, LOG_ENTRIES_MAX, SOCKET_MESSAGE_BYTES_MAX } from '@conclave/protocol/limits';
import type { ClientMessage } from '@conclave/protocol/wire';
import type { EntryMeasure } from '../store/call-store.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { refuse, type Session, sendTo } from './session.ts';

type LogRequest = Extract<ClientMessage, { t: 'log' }>;

/** Field names and numbers of one entry. */
const ENTRY_OVERHEAD_BYTES = 256;
/** Leaves room for base64url and the envelope. */
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
  const sizes = isKept ? await context.store.measureLog(call.roomHash, fromEpoch, endEpoch - 1) : [];
  const isComplete = sizes.length === endEpoch - fromEpoch;
  if (!isKept || !isComplete || sum(sizes.map(entryBytes)) > LOG_BYTES_MAX) {
    refuse(outlet, 'WRONG_EPOCH', request);
    return;
  }
  const page = await readPage(context, call, sizes, fromEpoch, member.leftEpoch !== null);
  sendTo(outlet, { t: 'log', request, groupId: group.groupId, ...page });
}

/** As many entries as fit a frame; the current epoch's proposals with the last of them, if these fit, too. */
async function readPage(
  { store }: DeliveryContext,
  call: Call,
  sizes: readonly EntryMeasure[],
  fromEpoch: number,
  isRemoved: boolean,
) {
  let bytes = 0;
  const fitting = sizes.filter((size) => {
    bytes += entryBytes(size);
    return bytes <= FRAME_CONTENT_BYTES_MAX;
  });
  const entries = await store.readLog(call.roomHash, fromEpoch, fromEpoch + fitting.length - 1);
  if (fitting.length < sizes.length) return { entries, proposals: [], hasMore: true };
  const proposals = isRemoved ? [] : await store.readProposals(call.roomHash, call.group?.epoch ?? 0);
  bytes += sum(proposals.map((message) => message.length));
  const fits = bytes <= FRAME_CONTENT_BYTES_MAX;
  return { entries, proposals: fits ? proposals : [], hasMore: !fits };
}

function entryBytes({ bytes }: EntryMeasure): number {
  return bytes + ENTRY_OVERHEAD_BYTES;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
