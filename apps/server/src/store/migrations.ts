/**
 * Migrations, in order. A released one is never edited.
 */
import type { Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';

const liveCalls: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('calls')
      .addColumn('room_id', 'text', (column) => column.primaryKey())
      .addColumn('call_id', 'blob', (column) => column.notNull())
      .addColumn('host_key_hash', 'blob', (column) => column.notNull())
      .addColumn('access_hash', 'blob', (column) => column.notNull())
      .addColumn('server_key', 'blob', (column) => column.notNull())
      .addColumn('group_id', 'blob')
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('is_frozen', 'integer', (column) => column.notNull())
      .addColumn('group_info', 'blob')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await ofCall(db, 'earlier_access')
      .addColumn('access_hash', 'blob', (column) => column.notNull())
      .execute();
    await ofCall(db, 'members')
      .addColumn('participant_id', 'text', (column) => column.notNull())
      .addColumn('leaf_key', 'blob', (column) => column.notNull())
      .addColumn('joined_epoch', 'bigint', (column) => column.notNull())
      .addColumn('left_epoch', 'bigint')
      .addPrimaryKeyConstraint('members_key', ['room_id', 'participant_id'])
      .execute();
    await ofCall(db, 'log_entries')
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('phase', 'text', (column) => column.notNull())
      .addColumn('commit_bytes', 'blob', (column) => column.notNull())
      .addColumn('joined', 'text', (column) => column.notNull())
      .addColumn('left', 'text', (column) => column.notNull())
      .addColumn('next_access_hash', 'blob')
      .addPrimaryKeyConstraint('log_entries_key', ['room_id', 'epoch'])
      .execute();
    await ofCall(db, 'proposals')
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('message', 'blob', (column) => column.notNull())
      .addPrimaryKeyConstraint('proposals_key', ['room_id', 'epoch', 'position'])
      .execute();
    await ofCall(db, 'trees')
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('tree', 'blob', (column) => column.notNull())
      .addPrimaryKeyConstraint('trees_key', ['room_id', 'epoch'])
      .execute();
  },
};

/** A table whose rows go when their call goes. */
function ofCall(db: Kysely<unknown>, table: string) {
  return db.schema
    .createTable(table)
    .addColumn('room_id', 'text', (column) =>
      column.notNull().references('calls.room_id').onDelete('cascade'),
    );
}

export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ '2026-11-live-calls': liveCalls }),
};
