// Where Node 24 is: the running one if it is new enough, else the platform package among the optional dependencies.
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN = [24, 15];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Path of a Node ≥ 24.15 and an environment whose PATH finds it first; undefined when there is none. */
export function node24Path() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > MIN[0] || (major === MIN[0] && minor >= MIN[1]);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const packaged = join(root, 'node_modules', name, 'bin', file);
  const path = isNew ? process.execPath : existsSync(packaged) ? packaged : undefined;
  if (path === undefined) return undefined;
  return { path, env: { ...process.env, PATH: dirname(path) + delimiter + (process.env.PATH ?? '') } };
}
