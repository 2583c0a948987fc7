/**
 * One server per data folder. The lock is SQLite's exclusive lock on a file of its own, which the operating system
 * holds: it ends with the process, however that ends, so there is never a stale one to judge.
 *
 * @see SPEC.md V5
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { err, ok, type Result } from '@conclave/protocol/result';

/** Held until released or until the process ends. */
export interface DataLock {
  release(): void;
}

/**
 * Makes the folder when it is missing (readable by its owner alone) and locks it.
 *
 * @returns the lock, or one line that says who holds it or why the folder cannot be used
 */
export function acquireDataLock(dataDir: string): Result<DataLock, string> {
  const pidFile = join(dataDir, 'server.pid');
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(join(dataDir, 'server.lock'), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    database?.close();
    if (isBusy(error)) return err(`--data: ${dataDir} is in use by another Conclave${holder(pidFile)}`);
    return err(
      `--data: cannot use ${dataDir} (${error instanceof Error ? error.message : 'unknown reason'})`,
    );
  }
  const locked = database;
  held.add(locked);
  return ok({
    release: () => {
      if (held.delete(locked)) locked.close();
    },
  });
}

// A database that nothing refers to is closed by the garbage collector, and its lock would go with it.
const held = new Set<DatabaseSync>();

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function holder(pidFile: string): string {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    return /^\d+$/.test(pid) ? ` (process ${pid})` : '';
  } catch {
    return '';
  }
}
