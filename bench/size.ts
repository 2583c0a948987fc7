/** What a person downloads: scripts and styles of the built app, brotli, until the preview shows and until media flows. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readBudgets, weighBundle } from '../scripts/bundle-size.ts';
import type { Table } from './report.ts';

const GOALS_KB: Readonly<Record<string, number>> = { entry: 170, total: 330 };
const NAMES: Readonly<Record<string, string>> = { entry: 'until the preview', total: 'all there is' };

export function measureSize(): Table {
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/build-web.mjs')], {
    stdio: 'inherit',
  });
  const parts = weighBundle(join(import.meta.dirname, '../apps/web/dist'), readBudgets());
  return {
    title: 'Scripts and styles (kB, brotli)',
    head: ['part', 'kB', 'goal'],
    rows: parts.map(({ name, brotliBytes }) => [
      NAMES[name] ?? `— ${name}`,
      (brotliBytes / 1_000).toFixed(1),
      GOALS_KB[name] === undefined ? '' : `≤ ${GOALS_KB[name]}`,
    ]),
    note: 'Media needs no more than all there is.',
  };
}
