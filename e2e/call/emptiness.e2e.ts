/** What the server holds of a call when everybody has left: nothing. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseLink } from '@conclave/crypto/link';
import { scenario, until } from '../scenario.ts';
import { throughPages } from './cast.ts';
import { startProduct } from './product.ts';
import { hidesIn } from './wire-tap.ts';

/** A call's rows may stay that long after its end. */
const ROWS_GONE_MS = 60_000;
const TABLES = ['calls', 'earlier_access', 'members', 'log_entries', 'proposals', 'trees'] as const;

scenario(
  '[P48, P43] after the last Leave the server has no row of the call, and no name or secret in its files and its log',
  throughPages(
    async (cast) => {
      const { product } = cast;
      const ada = await cast.person('Adalgisa-Canary');
      const link = await ada.startCall(product.origin);
      const bob = await cast.person('Bohumil-Canary');
      await bob.enter(link);
      await Promise.all([ada.sees(bob.name), bob.sees(ada.name)]);
      const during = countRows(product.dataDir);
      assert.equal(during.get('calls'), 1, 'the call is in the store while it goes on');
      assert.equal(during.get('members'), 2);
      await ada.leave();
      await bob.hasNoTile(ada.name);
      await bob.leave();
      await until(
        'no row is left',
        async () => [...countRows(product.dataDir).values()].every((count) => count === 0),
        ROWS_GONE_MS,
      );
      await product.stop();
      const { pathname, hash } = new URL(link);
      const parsed = parseLink(pathname, hash);
      assert.ok(parsed.ok);
      const needles = {
        'a name': Buffer.from(ada.name),
        'another name': Buffer.from(bob.name),
        'the secret': parsed.value.secret,
        'the room': parsed.value.roomId,
        'the host key': parsed.value.hostKeyHash,
      };
      const places = new Map([['the log', Buffer.from(product.log())], ...(await filesOf(product.dataDir))]);
      for (const [place, bytes] of places) {
        for (const [what, needle] of Object.entries(needles)) {
          assert.deepEqual(hidesIn(bytes, needle), [], `${what} is in ${place}`);
        }
      }
    },
    () => startProduct(),
  ),
  180_000,
);

function countRows(dataDir: string): ReadonlyMap<string, number> {
  const database = new DatabaseSync(join(dataDir, 'calls.sqlite'), { readOnly: true });
  try {
    const count = (table: string) =>
      Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
    return new Map(TABLES.map((table) => [table, count(table)]));
  } finally {
    database.close();
  }
}

async function filesOf(folder: string): Promise<readonly (readonly [string, Buffer])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => [name, await readFile(join(parentPath, name))] as const),
  );
}
