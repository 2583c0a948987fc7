/**
 * What the in-memory delivery service remembers of a call (D7): an immutable record, so that taking a commit back, and
 * showing two halves of a call two histories, are each one assignment. It never looks inside MLS.
 */

import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { LOG_ENTRIES_MAX, PARTICIPANTS_MAX, PROPOSALS_PER_EPOCH_MAX } from '@conclave/protocol/limits';
import { err, ok, type Result } from '@conclave/protocol/result';
import type { ClientMessage, LogEntry } from '@conclave/protocol/wire';

export type CommitRequest = Extract<ClientMessage, { t: 'commit' }>;
export type FoundRequest = Extract<ClientMessage, { t: 'found' }>;

export interface GroupRecord {
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly isFrozen: boolean;
  readonly groupInfo: Bytes;
  readonly treeByEpoch: ReadonlyMap<number, Bytes>;
  /** The entry at index `i` ended epoch `i`. */
  readonly log: readonly LogEntry[];
  /** Proposals of the current epoch. */
  readonly proposals: readonly Bytes[];
  readonly author: string;
}

export interface CallRecord {
  readonly roomId: Bytes;
  readonly hostKeyHash: Bytes;
  readonly callId: Bytes;
  /** Hexadecimal SHA-256 of the `access` in force, and of those before. */
  readonly accessHash: string;
  readonly earlierAccessHashes: readonly string[];
  /** Participants that a commit named as `joined` and none since as `left`. */
  readonly members: ReadonlySet<string>;
  readonly everJoined: ReadonlySet<string>;
  readonly group: GroupRecord | undefined;
  /** The record before the last commit, for a reopening; forgotten by the next commit. */
  readonly before: CallRecord | undefined;
  readonly reporters: ReadonlySet<string>;
  readonly refusalsByAuthor: ReadonlyMap<string, number>;
}

export function newCallRecord(
  given: Pick<CallRecord, 'roomId' | 'hostKeyHash' | 'callId' | 'accessHash'>,
): CallRecord {
  return {
    ...given,
    earlierAccessHashes: [],
    members: new Set(),
    everJoined: new Set(),
    group: undefined,
    before: undefined,
    reporters: new Set(),
    refusalsByAuthor: new Map(),
  };
}

export type NotTaken = { readonly code: ErrorCode | 'EPOCH_TAKEN' };

/** Compare-and-set: the founder's group takes the place of the one it names, or of none. */
export function acceptFounding(
  call: CallRecord,
  author: string,
  request: FoundRequest,
): Result<CallRecord, NotTaken> {
  const { group } = call;
  const isExpected =
    request.replaces === null
      ? group === undefined
      : group?.epoch === request.replaces.epoch && equalBytes(group.groupId, request.replaces.groupId);
  if (!isExpected) return err({ code: 'EPOCH_TAKEN' });
  const { nextAccessHash } = request;
  if (group?.isFrozen && nextAccessHash === undefined) return err({ code: 'NOT_ALLOWED' });
  return ok({
    ...call,
    ...(nextAccessHash && changedAccess(call, nextAccessHash)),
    members: new Set([author]),
    everJoined: new Set([...call.everJoined, author]),
    before: undefined,
    reporters: new Set(),
    group: {
      groupId: request.groupId,
      epoch: 0,
      isFrozen: false,
      groupInfo: request.groupInfo,
      treeByEpoch: new Map([[0, request.tree]]),
      log: [],
      proposals: [],
      author,
    },
  });
}

function changedAccess(
  call: CallRecord,
  hash: Bytes,
): Pick<CallRecord, 'accessHash' | 'earlierAccessHashes'> {
  return { accessHash: toHex(hash), earlierAccessHashes: [...call.earlierAccessHashes, call.accessHash] };
}

/** Compare-and-set on the epoch, with the frozen rules and the rotation's access hash. */
export function acceptCommit(
  call: CallRecord,
  author: string,
  request: CommitRequest,
): Result<CallRecord, NotTaken> {
  const { group } = call;
  if (group === undefined) return err({ code: 'NO_GROUP' });
  if (!equalBytes(group.groupId, request.groupId) || group.epoch !== request.epoch) {
    return err({ code: 'EPOCH_TAKEN' });
  }
  const refusal = whyNotTaken(call, group, author, request);
  if (refusal !== undefined) return err({ code: refusal });

  const {
    t: _t,
    request: _request,
    groupId: _groupId,
    groupInfo,
    tree,
    welcomes: _welcomes,
    ...entry
  } = request;
  const members = new Set(call.members);
  for (const participant of request.left) members.delete(participant);
  for (const participant of request.joined) members.add(participant);
  if (members.size > PARTICIPANTS_MAX) return err({ code: 'ROOM_FULL' });
  const epoch = group.epoch + 1;
  const trees = [...group.treeByEpoch, [epoch, tree] as const].slice(-4);
  return ok({
    ...call,
    members,
    everJoined: new Set([...call.everJoined, ...request.joined]),
    before: { ...call, before: undefined },
    reporters: new Set(),
    ...(request.nextAccessHash && changedAccess(call, request.nextAccessHash)),
    group: {
      groupId: group.groupId,
      epoch,
      isFrozen: request.phase === 'kick' || (group.isFrozen && request.phase !== 'rotate'),
      groupInfo,
      treeByEpoch: new Map(trees),
      log: [...group.log, { ...entry, proposals: [...group.proposals] }],
      proposals: [],
      author,
    },
  });
}

function whyNotTaken(
  call: CallRecord,
  group: GroupRecord,
  author: string,
  request: CommitRequest,
): ErrorCode | undefined {
  const isMember = call.members.has(author);
  if ((call.refusalsByAuthor.get(author) ?? 0) >= 2) return 'NOT_ALLOWED';
  if (!isMember && group.isFrozen) return 'FROZEN';
  if (!isMember && !request.joined.includes(author)) return 'NOT_ALLOWED';
  if (group.isFrozen && request.joined.length > 0) return 'FROZEN';
  const isRotation = request.phase === 'rotate';
  if (isRotation !== (request.nextAccessHash !== undefined)) return 'MALFORMED';
  if (isRotation && !group.isFrozen) return 'NOT_ALLOWED';
  return undefined;
}

/** Keeps a proposal of the current epoch; undefined when it is of another one or there are too many. */
export function acceptProposal(
  call: CallRecord,
  proposal: { groupId: Bytes; epoch: number; message: Bytes },
): CallRecord | undefined {
  const { group } = call;
  if (group === undefined || !equalBytes(group.groupId, proposal.groupId)) return undefined;
  if (group.epoch !== proposal.epoch || group.proposals.length >= PROPOSALS_PER_EPOCH_MAX) return undefined;
  return { ...call, group: { ...group, proposals: [...group.proposals, proposal.message] } };
}

/**
 * Counts a report about the commit that ended `epoch`, and takes the commit back when enough members have reported it.
 * A kick and a rotation are never taken back.
 */
export function acceptReport(
  call: CallRecord,
  reporter: string,
  about: { groupId: Bytes; epoch: number },
): { readonly call: CallRecord; readonly isReopened: boolean } {
  const { group, before } = call;
  const entry = group?.log[about.epoch];
  const isLatest = group !== undefined && group.epoch === about.epoch + 1;
  if (!isLatest || before === undefined || entry === undefined || !equalBytes(group.groupId, about.groupId)) {
    return { call, isReopened: false };
  }
  const mayReport = (member: string) => member !== group.author && !entry.left.includes(member);
  if (entry.phase !== 'none' || !before.members.has(reporter) || !mayReport(reporter)) {
    return { call, isReopened: false };
  }
  const reporters = new Set([...call.reporters, reporter]);
  const needed = Math.min(2, [...before.members].filter(mayReport).length);
  if (reporters.size < needed) return { call: { ...call, reporters }, isReopened: false };
  const refusals = (call.refusalsByAuthor.get(group.author) ?? 0) + 1;
  return {
    call: { ...before, refusalsByAuthor: new Map(call.refusalsByAuthor).set(group.author, refusals) },
    isReopened: true,
  };
}

/** Entries from the commit that ends `fromEpoch` on; for one who only reads the log, up to the entry that removed it. */
export function readLog(
  group: GroupRecord,
  fromEpoch: number,
  upToRemovalOf: string | undefined,
): readonly LogEntry[] | undefined {
  if (fromEpoch > group.epoch || group.epoch - fromEpoch > LOG_ENTRIES_MAX) return undefined;
  const entries = group.log.slice(fromEpoch);
  if (upToRemovalOf === undefined) return entries;
  const removal = entries.findIndex((entry) => entry.left.includes(upToRemovalOf));
  return removal < 0 ? entries : entries.slice(0, removal + 1);
}
