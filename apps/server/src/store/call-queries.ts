/**
 * Reading the store: rows become the shapes that the rest of the server knows.
 */
import type { Bytes } from '@conclave/protocol/bytes';
import type { CommitPhase, LogEntry } from '@conclave/protocol/wire';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { EntryMeasure, StoredCall, StoredMember } from './call-store.ts';
import type { Database } from './schema.ts';

/** Own copy of a blob; PostgreSQL would give a Buffer over a shared pool. */
function bytesOf(blob: Uint8Array): Bytes {
  return Uint8Array.from(blob);
}

export async function loadCalls(db: Kysely<Database>): Promise<StoredCall[]> {
  const calls = await db.selectFrom('calls').selectAll().execute();
  const earlierRows = await db.selectFrom('earlier_access').selectAll().execute();
  const memberRows = await db.selectFrom('members').selectAll().execute();
  const earlierByRoom = Map.groupBy(earlierRows, (row) => row.room_id);
  const membersByRoom = Map.groupBy(memberRows, (row) => row.room_id);
  return calls.map((call) => ({
    roomHash: call.room_id,
    callId: bytesOf(call.call_id),
    hostKeyHash: bytesOf(call.host_key_hash),
    accessHash: bytesOf(call.access_hash),
    earlierAccessHashes: (earlierByRoom.get(call.room_id) ?? []).map((row) => bytesOf(row.access_hash)),
    serverKey: bytesOf(call.server_key),
    group:
      call.group_id === null || call.group_info === null
        ? null
        : {
            groupId: bytesOf(call.group_id),
            epoch: call.epoch,
            isFrozen: call.is_frozen === 1,
            groupInfo: bytesOf(call.group_info),
          },
    members: (membersByRoom.get(call.room_id) ?? []).map(memberOf),
    createdAtUnixMs: call.created_at,
  }));
}

function memberOf(row: Selectable<Database['members']>): StoredMember {
  return {
    participantId: row.participant_id,
    leafKey: bytesOf(row.leaf_key),
    joinedEpoch: row.joined_epoch,
    leftEpoch: row.left_epoch,
  };
}

export async function measureLog(
  db: Kysely<Database>,
  roomHash: string,
  fromEpoch: number,
  toEpoch: number,
): Promise<EntryMeasure[]> {
  const entries = await db
    .selectFrom('log_entries')
    .select(['epoch', sql<number>`length(commit_bytes) + length(joined) + length("left")`.as('bytes')])
    .where('room_id', '=', roomHash)
    .where('epoch', '>=', fromEpoch)
    .where('epoch', '<=', toEpoch)
    .orderBy('epoch')
    .execute();
  const proposals = await db
    .selectFrom('proposals')
    .select(['epoch', sql<number>`sum(length(message))`.as('bytes')])
    .where('room_id', '=', roomHash)
    .where('epoch', '>=', fromEpoch)
    .where('epoch', '<=', toEpoch)
    .groupBy('epoch')
    .execute();
  const proposalBytes = new Map(proposals.map(({ epoch, bytes }) => [epoch, bytes]));
  return entries.map(({ epoch, bytes }) => ({ epoch, bytes: bytes + (proposalBytes.get(epoch) ?? 0) }));
}

export async function readLog(
  db: Kysely<Database>,
  roomHash: string,
  fromEpoch: number,
  toEpoch: number,
): Promise<LogEntry[]> {
  const rows = await db
    .selectFrom('log_entries')
    .selectAll()
    .where('room_id', '=', roomHash)
    .where('epoch', '>=', fromEpoch)
    .where('epoch', '<=', toEpoch)
    .orderBy('epoch')
    .execute();
  const entries: LogEntry[] = [];
  for (const row of rows) {
    entries.push({
      epoch: row.epoch,
      phase: row.phase as CommitPhase,
      commit: bytesOf(row.commit_bytes),
      joined: JSON.parse(row.joined) as string[],
      left: JSON.parse(row.left) as string[],
      ...(row.next_access_hash === null ? {} : { nextAccessHash: bytesOf(row.next_access_hash) }),
      proposals: await readProposals(db, roomHash, row.epoch),
    });
  }
  return entries;
}

export async function readProposals(db: Kysely<Database>, roomHash: string, epoch: number): Promise<Bytes[]> {
  const rows = await db
    .selectFrom('proposals')
    .select('message')
    .where('room_id', '=', roomHash)
    .where('epoch', '=', epoch)
    .orderBy('position')
    .execute();
  return rows.map((row) => bytesOf(row.message));
}

export async function readTree(
  db: Kysely<Database>,
  roomHash: string,
  epoch: number,
): Promise<Bytes | undefined> {
  const row = await db
    .selectFrom('trees')
    .select('tree')
    .where('room_id', '=', roomHash)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  return row === undefined ? undefined : bytesOf(row.tree);
}
