/**
 * Weighs a built web app: brotli bytes of what the first page loads (`entry`: the entry chunk, what it imports at once,
 * and its styles), of each part loaded later (lazy chunks, workers), and of everything.
 * Run by itself it prints the weights of apps/web/dist: `node scripts/node24.mjs scripts/bundle-size.ts`.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

export interface Budgets {
  /** Bytes after brotli, as are all of these. */
  readonly entry: number;
  readonly total: number;
  /** Of a part that is not named. */
  readonly other: number;
  /** By the name of the file without its hash. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface Part {
  readonly name: string;
  readonly brotliBytes: number;
  readonly budgetBytes: number;
}

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

export function readBudgets(): Budgets {
  return JSON.parse(readFileSync(new URL('./bundle-budgets.json', import.meta.url), 'utf8')) as Budgets;
}

/** @param dist - a folder that vite built, with `.vite/manifest.json` */
export function weighBundle(dist: string, budgets: Budgets): Part[] {
  const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    Chunk
  >;
  const atOnce = filesAtOnce(manifest);
  const files = globSync('**/*.{js,css,wasm}', { cwd: dist }).sort();
  const bytes = new Map(
    files.map((file) => [file, brotliCompressSync(readFileSync(join(dist, file))).length]),
  );
  const sum = (chosen: readonly string[]) =>
    chosen.reduce((total, file) => total + (bytes.get(file) ?? 0), 0);
  const later = files.filter((file) => !atOnce.has(file));
  return [
    { name: 'entry', brotliBytes: sum(files.filter((file) => atOnce.has(file))), budgetBytes: budgets.entry },
    ...later.map((file) => {
      const name = basename(file).replace(/-[\w-]{8}\.(js|css|wasm)$/, '');
      return { name, brotliBytes: sum([file]), budgetBytes: budgets.parts[name] ?? budgets.other };
    }),
    { name: 'total', brotliBytes: sum(files), budgetBytes: budgets.total },
  ];
}

function filesAtOnce(manifest: Readonly<Record<string, Chunk>>): Set<string> {
  const files = new Set<string>();
  const visit = (chunk: Chunk | undefined): void => {
    if (chunk === undefined || files.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    for (const key of chunk.imports ?? []) visit(manifest[key]);
  };
  for (const chunk of Object.values(manifest)) if (chunk.isEntry === true) visit(chunk);
  return files;
}

if (import.meta.main) {
  for (const { name, brotliBytes } of weighBundle(
    join(import.meta.dirname, '../apps/web/dist'),
    readBudgets(),
  )) {
    console.log(`${name.padEnd(40)}${String(brotliBytes).padStart(9)} bytes`);
  }
}
