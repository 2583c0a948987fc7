/**
 * A secret that is made once and kept in the data folder, readable by the server's user alone.
 *
 * @see SPEC.md V9
 */
import { chmod, link, open, readFile, unlink } from 'node:fs/promises';

/**
 * Reads the secret, or makes, flushes and keeps it. Two processes that do so at once end up with the same one.
 *
 * @param path - file in an existing folder; its mode becomes 600
 * @param make - called only when there is no secret yet
 */
export async function keepSecret(path: string, make: () => string): Promise<string> {
  const kept = await readIfThere(path);
  if (kept !== undefined) {
    await chmod(path, 0o600);
    return kept;
  }
  const draft = `${path}.${process.pid}.new`;
  const file = await open(draft, 'w', 0o600);
  await file.writeFile(make());
  await file.sync();
  await file.close();
  // A link is refused when the name exists, so the first of two writers wins and no half-written file is ever read.
  await link(draft, path).catch(ignoreExists);
  await unlink(draft);
  return readFile(path, 'utf8');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function ignoreExists(error: unknown): void {
  if (!isCode(error, 'EEXIST')) throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
