/**
 * Figures as people read them: medians, and tables in Markdown.
 */

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
}

/** Middle value; of an even count the lower of the two. `values` is not empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error('a median of nothing');
  return middle;
}

/** Nearest-rank percentile. @param share - in (0, 1] */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('a percentile of nothing');
  return value;
}

const RESAMPLES = 10_000;

/** Geometric mean of ratios and its 95 % bootstrap interval; the same for the same values. */
export function geometricMeanInterval(ratios: readonly number[]): {
  mean: number;
  low: number;
  high: number;
} {
  const logs = ratios.map(Math.log);
  const meanOf = (values: readonly number[]) => Math.exp(values.reduce((a, b) => a + b, 0) / values.length);
  // Mulberry32: a fixed seed, so that a report can be made again from its values
  let seed = 1;
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    const mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    const more = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = () => logs[Math.floor(random() * logs.length)] ?? Number.NaN;
  const means = Array.from({ length: RESAMPLES }, () => meanOf(logs.map(pick)));
  return { mean: meanOf(logs), low: percentile(means, 0.025), high: percentile(means, 0.975) };
}

/** Least and greatest, as `12–34`. */
export function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
}

export function toMarkdown({ title, head, rows, note }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
  return `## ${title}\n\n${table}\n${note === undefined ? '' : `\n${note}\n`}`;
}
