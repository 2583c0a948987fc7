import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from './sqlite.ts';

test.skipIf(process.platform === 'win32')(
  "[V74] the store's files are for the server's user alone, also when they were there before",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conclave-modes-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await chmod(folder, 0o755);
    const file = join(folder, 'calls.sqlite');
    const modes = async () => {
      const paths = [file, `${file}-wal`, `${file}-shm`];
      return Promise.all(paths.map(async (path) => ((await stat(path)).mode & 0o777).toString(8)));
    };
    const first = openSqlite(file);
    first.exec('CREATE TABLE secrets (value TEXT)');
    expect(await modes()).toEqual(['600', '600', '600']);
    await chmod(file, 0o644);
    first.close();
    await writeFile(`${file}-wal`, '', { mode: 0o644 });
    const second = openSqlite(file);
    second.exec("INSERT INTO secrets VALUES ('kept')");
    expect(await modes()).toEqual(['600', '600', '600']);
    second.close();
  },
);
