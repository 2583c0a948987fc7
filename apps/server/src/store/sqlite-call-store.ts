/**
 * The store of live calls on SQLite. Queries are Kysely's and run on PostgreSQL as they are; what is SQLite's own is
 * the emptying of the write-ahead log.
 *
 * @see SPEC.md V20–V22, V61
 */
import type { DatabaseSync } from 'node:sqlite';
import { LOG_ENTRIES_MAX, PROPOSALS_PER_EPOCH_MAX } from '@conclave/protocol/limits';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { EARLIER_ACCESS_MAX, TREES_KEPT } from '../delivery-limits.ts';
import { loadCalls, measureLog, readLog, readProposals, readTree } from './call-queries.ts';
import type {
  CallStore,
  CommitChange,
  EpochChange,
  GroupPoint,
  ReopenChange,
  StoredCall,
  StoredGroup,
  StoredMember,
} from './call-store.ts';
import { migrations } from './migrations.ts';
import type { Database } from './schema.ts';
import { asKyselyDatabase, openSqlite, truncateWal } from './sqlite.ts';

/** Opens the store and brings its tables up to date. @param file - path of the database, made when missing */
export async function openCallStore(file: string): Promise<CallStore> {
  const sqlite = openSqlite(file);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: asKyselyDatabase(sqlite) }) });
  const { error } = await new Migrator({ db, provider: migrations }).migrateToLatest();
  if (error !== undefined) throw error;
  truncateWal(sqlite);
  return createStore(db, sqlite);
}

function createStore(db: Kysely<Database>, sqlite: DatabaseSync): CallStore {
  return {
    loadCalls: () => loadCalls(db),
    createCall: async (call) => {
      await db.insertInto('calls').values(callRow(call)).execute();
    },
    found: (roomHash, replaces, change) =>
      db.transaction().execute((tx) => found(tx, roomHash, replaces, change)),
    commit: (roomHash, from, change) => db.transaction().execute((tx) => commit(tx, roomHash, from, change)),
    reopen: (roomHash, from, change) => db.transaction().execute((tx) => reopen(tx, roomHash, from, change)),
    addProposal: (roomHash, epoch, message) =>
      db.transaction().execute((tx) => addProposal(tx, roomHash, epoch, message)),
    measureLog: (roomHash, fromEpoch, toEpoch) => measureLog(db, roomHash, fromEpoch, toEpoch),
    readLog: (roomHash, fromEpoch, toEpoch) => readLog(db, roomHash, fromEpoch, toEpoch),
    readProposals: (roomHash, epoch) => readProposals(db, roomHash, epoch),
    readTree: (roomHash, epoch) => readTree(db, roomHash, epoch),
    deleteCall: async (roomHash) => {
      await db.deleteFrom('calls').where('room_id', '=', roomHash).execute();
      truncateWal(sqlite);
    },
    close: async () => {
      truncateWal(sqlite);
      await db.destroy();
    },
  };
}

function callRow(call: StoredCall) {
  return {
    room_id: call.roomHash,
    call_id: call.callId,
    host_key_hash: call.hostKeyHash,
    access_hash: call.accessHash,
    server_key: call.serverKey,
    ...groupRow(call.group),
    created_at: call.createdAtUnixMs,
  };
}

function groupRow(group: StoredGroup | null) {
  return {
    group_id: group?.groupId ?? null,
    epoch: group?.epoch ?? 0,
    is_frozen: group?.isFrozen === true ? 1 : 0,
    group_info: group?.groupInfo ?? null,
  };
}

/** Moves the call from one point to another; false when it stands elsewhere. */
async function compareAndSet(
  tx: Transaction<Database>,
  roomHash: string,
  from: GroupPoint | null,
  group: StoredGroup,
): Promise<boolean> {
  const update = tx.updateTable('calls').set(groupRow(group)).where('room_id', '=', roomHash);
  const guarded =
    from === null
      ? update.where('group_id', 'is', null)
      : update.where('group_id', '=', from.groupId).where('epoch', '=', from.epoch);
  const { numUpdatedRows } = await guarded.executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function found(
  tx: Transaction<Database>,
  roomHash: string,
  replaces: GroupPoint | null,
  change: EpochChange,
): Promise<boolean> {
  if (!(await compareAndSet(tx, roomHash, replaces, change.group))) return false;
  for (const table of ['members', 'log_entries', 'proposals', 'trees'] as const) {
    await tx.deleteFrom(table).where('room_id', '=', roomHash).execute();
  }
  await writeMembers(tx, roomHash, change.members);
  await writeTree(tx, roomHash, change);
  await changeAccess(tx, roomHash, change);
  return true;
}

async function commit(
  tx: Transaction<Database>,
  roomHash: string,
  from: GroupPoint,
  change: CommitChange,
): Promise<boolean> {
  if (!(await compareAndSet(tx, roomHash, from, change.group))) return false;
  const { entry } = change;
  await tx
    .insertInto('log_entries')
    .values({
      room_id: roomHash,
      epoch: entry.epoch,
      phase: entry.phase,
      commit_bytes: entry.commit,
      joined: JSON.stringify(entry.joined),
      left: JSON.stringify(entry.left),
      next_access_hash: entry.nextAccessHash ?? null,
    })
    .execute();
  await writeMembers(tx, roomHash, change.members);
  await writeTree(tx, roomHash, change);
  await changeAccess(tx, roomHash, change);
  const oldest = change.group.epoch - LOG_ENTRIES_MAX;
  await tx.deleteFrom('log_entries').where('room_id', '=', roomHash).where('epoch', '<', oldest).execute();
  await tx.deleteFrom('proposals').where('room_id', '=', roomHash).where('epoch', '<', oldest).execute();
  return true;
}

async function changeAccess(
  tx: Transaction<Database>,
  roomHash: string,
  { access }: EpochChange,
): Promise<void> {
  if (access === undefined) return;
  await tx.updateTable('calls').set({ access_hash: access.hash }).where('room_id', '=', roomHash).execute();
  const { count } = await tx
    .selectFrom('earlier_access')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('room_id', '=', roomHash)
    .executeTakeFirstOrThrow();
  if (count >= EARLIER_ACCESS_MAX) return;
  await tx.insertInto('earlier_access').values({ room_id: roomHash, access_hash: access.earlier }).execute();
}

async function addProposal(
  tx: Transaction<Database>,
  roomHash: string,
  epoch: number,
  message: Uint8Array,
): Promise<boolean> {
  const { count: position } = await tx
    .selectFrom('proposals')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('room_id', '=', roomHash)
    .where('epoch', '=', epoch)
    .executeTakeFirstOrThrow();
  if (position >= PROPOSALS_PER_EPOCH_MAX) return false;
  await tx.insertInto('proposals').values({ room_id: roomHash, epoch, position, message }).execute();
  return true;
}

async function reopen(
  tx: Transaction<Database>,
  roomHash: string,
  from: GroupPoint,
  change: ReopenChange,
): Promise<boolean> {
  if (!(await compareAndSet(tx, roomHash, from, change.group))) return false;
  const { epoch } = change.group;
  await tx.deleteFrom('log_entries').where('room_id', '=', roomHash).where('epoch', '=', epoch).execute();
  await tx.deleteFrom('trees').where('room_id', '=', roomHash).where('epoch', '>', epoch).execute();
  await tx.deleteFrom('proposals').where('room_id', '=', roomHash).where('epoch', '>', epoch).execute();
  if (change.forgotten.length > 0) {
    await tx
      .deleteFrom('members')
      .where('room_id', '=', roomHash)
      .where('participant_id', 'in', [...change.forgotten])
      .execute();
  }
  await writeMembers(tx, roomHash, change.members);
  return true;
}

async function writeMembers(
  tx: Transaction<Database>,
  roomHash: string,
  members: readonly StoredMember[],
): Promise<void> {
  for (const member of members) {
    const epochs = { joined_epoch: member.joinedEpoch, left_epoch: member.leftEpoch };
    await tx
      .insertInto('members')
      .values({
        room_id: roomHash,
        participant_id: member.participantId,
        leaf_key: member.leafKey,
        ...epochs,
      })
      .onConflict((conflict) => conflict.columns(['room_id', 'participant_id']).doUpdateSet(epochs))
      .execute();
  }
}

async function writeTree(tx: Transaction<Database>, roomHash: string, change: EpochChange): Promise<void> {
  const { epoch } = change.group;
  await tx.insertInto('trees').values({ room_id: roomHash, epoch, tree: change.tree }).execute();
  await tx
    .deleteFrom('trees')
    .where('room_id', '=', roomHash)
    .where('epoch', '<=', epoch - TREES_KEPT)
    .execute();
}
