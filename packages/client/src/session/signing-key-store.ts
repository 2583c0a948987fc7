/**
 * Signing keys that outlive a page, SPEC S50–S53, design D24: non-extractable CryptoKeys in IndexedDB. A host's key is
 * found by the room it founds; a guest's by a random id that only this tab's sessionStorage knows.
 */
import type { SigningKey } from '@conclave/crypto/mls/signing-key';
import { type Bytes, concatBytes, toHex, utf8 } from '@conclave/protocol/bytes';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { HOST_KEY_LIFETIME_AFTER_LEAVE_MS } from '../limits.ts';

interface Schema extends DBSchema {
  'signing-keys': {
    key: string;
    value: SigningKey & { readonly deleteAfterUnixMs?: number };
  };
}

const STORE = 'signing-keys';
let opening: Promise<IDBPDatabase<Schema> | undefined> | undefined;

/** Undefined where IndexedDB is not to be had (private windows of some browsers): one then returns as a new person. */
function database(): Promise<IDBPDatabase<Schema> | undefined> {
  opening ??= openDB<Schema>('conclave', 1, { upgrade: (db) => void db.createObjectStore(STORE) }).then(
    async (db) => {
      await sweep(db);
      return db;
    },
    () => undefined,
  );
  return opening;
}

async function sweep(db: IDBPDatabase<Schema>): Promise<void> {
  const now = Date.now();
  const transaction = db.transaction(STORE, 'readwrite');
  for await (const cursor of transaction.store) {
    if ((cursor.value.deleteAfterUnixMs ?? Number.POSITIVE_INFINITY) < now) await cursor.delete();
  }
  await transaction.done;
}

/** Where a host's key of a room lies: SHA-256('conclave host' ‖ room id), so that a crashed tab finds it again. */
export async function hostKeyId(roomId: Bytes): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', concatBytes(utf8('conclave host'), roomId));
  return toHex(new Uint8Array(digest));
}

export async function loadSigningKey(id: string): Promise<SigningKey | undefined> {
  const db = await database();
  const found = await db?.get(STORE, id).catch(() => undefined);
  return found && { publicKey: found.publicKey, privateKey: found.privateKey };
}

/** True when the key will still be there after a reload. */
export async function storeSigningKey(id: string, key: SigningKey): Promise<boolean> {
  const db = await database();
  if (db === undefined) return false;
  return db.put(STORE, { publicKey: key.publicKey, privateKey: key.privateKey }, id).then(
    () => true,
    () => false,
  );
}

export async function forgetSigningKey(id: string): Promise<void> {
  const db = await database();
  await db?.delete(STORE, id).catch(() => undefined);
}

/** A host may come back for a day after leaving (D24); the key of a room that is kept stays. */
export async function expireHostKey(id: string): Promise<void> {
  const db = await database();
  const key = await db?.get(STORE, id).catch(() => undefined);
  if (db === undefined || key === undefined) return;
  const deleteAfterUnixMs = Date.now() + HOST_KEY_LIFETIME_AFTER_LEAVE_MS;
  await db.put(STORE, { ...key, deleteAfterUnixMs }, id).catch(() => undefined);
}
