/**
 * SQLite through `node:sqlite`, as Kysely's SQLite driver wants it: that driver was written for better-sqlite3, which
 * takes parameters as one array and says of a statement whether it returns rows.
 */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { SqliteDatabase } from 'kysely';

const PRIVATE = 0o600;

/**
 * Opens or makes the database: readable by the server's user alone, durable on commit (WAL, synchronous=FULL), and what
 * is deleted is overwritten.
 *
 * @param file - path
 * @see SPEC.md V74
 */
export function openSqlite(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', PRIVATE));
  // SQLite makes its other files with the mode of this one; those of an earlier start may be there already
  for (const each of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(each)) chmodSync(each, PRIVATE);
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 1_000 });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA secure_delete = ON');
  // Temporary files would keep what the database itself has overwritten
  database.exec('PRAGMA temp_store = MEMORY');
  return database;
}

/** Moves all of the write-ahead log into the database and empties it, so that it keeps nothing of a deleted row. */
export function truncateWal(database: DatabaseSync): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

export function asKyselyDatabase(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (text) => {
      const statement = database.prepare(text);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}
