/**
 * `npm run bench`: measures, prints, and writes `bench/RESULTS.md` with the machine it ran on. Figures are medians of one
 * run; compare ratios within a run, not numbers across machines.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { measureGlass } from './glass.ts';
import { measureJoin } from './join.ts';
import { measureMls } from './mls.ts';
import { type Table, toMarkdown } from './report.ts';
import { measureSize } from './size.ts';
import { measureSound } from './sound.ts';
import { measureTiles } from './tiles.ts';
import { measureTransform } from './transform.ts';

const suites: Record<string, () => Promise<Table[]>> = {
  join: measureJoin,
  glass: async () => [await measureGlass()],
  sound: async () => [await measureSound()],
  tiles: measureTiles,
  transform: async () => [await measureTransform()],
  mls: async () => [await measureMls()],
  size: async () => [measureSize()],
};

const loadBefore = loadavg();
const chosen = process.argv.slice(2);
const tables: Table[] = [];
for (const [name, measure] of Object.entries(suites)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const measured = await measure();
  for (const table of measured) console.log(toMarkdown(table));
  tables.push(...measured);
}
const load = (values: readonly number[]) => (values[0] ?? 0).toFixed(1);
const machine = [
  new Date().toISOString().slice(0, 10),
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  `${Math.round(totalmem() / 2 ** 30)} GiB`,
  `Node ${process.version}`,
  `load ${load(loadBefore)} before, ${load(loadavg())} after`,
];
const text = `# Results\n\n${machine.join(' · ')}\n\n${tables.map(toMarkdown).join('\n')}`;
if (chosen.length === 0) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text);
