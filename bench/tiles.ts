/**
 * The interface of a person who sees nine tiles: how many frames a second, and where the processors' time goes. A real
 * call through the pages, the server and LiveKit; what the others take on the same machine stands in the table.
 */
import { cpus } from 'node:os';
import type { CDPSession, Page } from 'playwright-core';
import { closeBrowsers } from '../e2e/browsers.ts';
import { startProduct } from '../e2e/call/product.ts';
import { pause, until } from '../e2e/scenario.ts';
import { busySince, readThreads } from './processor-time.ts';
import { median, percentile, spread, type Table } from './report.ts';
import { enter, freshPage } from './subjects.ts';
import { CAMERA, launchOthers, OTHERS, type Others } from './tiles-others.ts';
import { type CountedFrames, countFrames, keepFullRate, type Shown, show } from './tiles-page.ts';
import { BROWSER_PARTS, MAIN_THREAD, PARTS_AROUND, partOf } from './tiles-parts.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
/** The bit rates and layers have been found. */
const SETTLES_MS = 8_000;
/** After a change of what is shown. */
const CHANGES_MS = 2_000;
const WATCHED_MS = 10_000;
const PATIENCE_MS = 60_000;
/** One frame of 60 a second was left out. */
const LATE_MS = 25;

const SCRIPT = '— of it script';
const STYLE = '— of it style and layout';

interface Way {
  readonly name: string;
  readonly shown: Shown;
  /** The browser's own choice otherwise. */
  readonly isAtFullRate: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'interface', shown: 'interface', isAtFullRate: true },
  { name: 'the pictures alone', shown: 'pictures', isAtFullRate: true },
  { name: 'nothing', shown: 'nothing', isAtFullRate: true },
  { name: 'interface, as the browser paces it', shown: 'interface', isAtFullRate: false },
];

interface Watched extends CountedFrames {
  readonly tookMs: number;
  /** By part of `partOf`, and of the page's thread by kind. */
  readonly busyMs: ReadonlyMap<string, number>;
  readonly styles: number;
  readonly layouts: number;
}

export async function measureTiles(): Promise<Table[]> {
  const product = await startProduct();
  const others = await launchOthers();
  const watched = new Map<Way, Watched[]>(WAYS.map((way) => [way, []]));
  try {
    const watcher = await freshPage();
    await watcher.goto(product.origin);
    await watcher.getByRole('button', { name: 'Start a call' }).click();
    await enter(watcher, 'Ada');
    const link = await watcher.getByLabel('Link of this call').inputValue();
    await others.join(link);
    const pictures = watcher.locator('[role=group] video');
    await until('nine pictures', async () => (await pictures.count()) === OTHERS + 1, PATIENCE_MS);
    await pause(SETTLES_MS);
    const page = await watcher.context().newCDPSession(watcher);
    await page.send('Performance.enable');
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [way, rounds] of watched) rounds.push(await watch(watcher, page, way, others));
    }
  } finally {
    await others.close();
    await closeBrowsers();
    await product.stop();
  }
  return [framesTable(watched), timeTable(watched)];
}

async function watch(watcher: Page, page: CDPSession, way: Way, { processId }: Others): Promise<Watched> {
  await watcher.evaluate(show, way.shown);
  if (way.isAtFullRate) await watcher.evaluate(keepFullRate);
  await pause(CHANGES_MS);
  const before = { threads: readThreads(), page: await pageTimes(page), atMs: performance.now() };
  const frames = await watcher.evaluate(countFrames, WATCHED_MS);
  const tookMs = performance.now() - before.atMs;
  const threads = busySince(before.threads);
  const after = await pageTimes(page);
  await watcher.evaluate(() => document.querySelector('#beat')?.remove());
  const busyMs = new Map<string, number>();
  for (const thread of threads) {
    const part = partOf(thread, processId);
    busyMs.set(part, (busyMs.get(part) ?? 0) + thread.busyMs);
  }
  const since = (name: string) => (after.get(name) ?? 0) - (before.page.get(name) ?? 0);
  // Tasks are timed by the clock, and wait on a busy machine: only their proportions are taken.
  const perTask = (busyMs.get(MAIN_THREAD) ?? 0) / since('TaskDuration');
  busyMs.set(SCRIPT, since('ScriptDuration') * perTask);
  busyMs.set(STYLE, (since('RecalcStyleDuration') + since('LayoutDuration')) * perTask);
  return { ...frames, tookMs, busyMs, styles: since('RecalcStyleCount'), layouts: since('LayoutCount') };
}

/** Seconds and counts since the page began. */
async function pageTimes(page: CDPSession): Promise<ReadonlyMap<string, number>> {
  const { metrics } = await page.send('Performance.getMetrics');
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

function framesTable(watched: ReadonlyMap<Way, readonly Watched[]>): Table {
  const rows = [...watched].map(([{ name }, rounds]) => {
    const intervalsMs = rounds.flatMap((one) => one.intervalsMs);
    const sum = (of: (one: Watched) => number) => rounds.reduce((total, one) => total + of(one), 0);
    const seconds = sum(({ tookMs }) => tookMs) / 1_000;
    const late = intervalsMs.filter((ms) => ms > LATE_MS).length / intervalsMs.length;
    const pictures = rounds.flatMap(({ picturesPerSecond }) => picturesPerSecond);
    const longest = Math.max(0, ...rounds.flatMap(({ longTasksMs }) => longTasksMs));
    return [
      name,
      (intervalsMs.length / seconds).toFixed(1),
      percentile(intervalsMs, 0.5).toFixed(1),
      percentile(intervalsMs, 0.95).toFixed(1),
      `${(late * 100).toFixed(1)} %`,
      `${sum(({ longTasksMs }) => longTasksMs.length)} (${longest.toFixed(0)})`,
      `${(sum(({ styles }) => styles) / seconds).toFixed(1)}, ${(sum(({ layouts }) => layouts) / seconds).toFixed(1)}`,
      ...(pictures.length === 0 ? ['', ''] : [median(pictures).toFixed(0), spread(pictures)]),
    ];
  });
  return {
    title: 'Frames of the interface, with nine pictures that move',
    head: [
      'shown',
      'frames a second',
      'p50, ms',
      'p95, ms',
      `> ${LATE_MS} ms`,
      'long tasks (longest, ms)',
      'styles, layouts a second',
      'frames of a picture a second',
      'min–max',
    ],
    rows,
    note:
      `requestAnimationFrame at 1280×800, ${ROUNDS} × ${WATCHED_MS / 1_000} s of each, in turns within one call; the call goes on behind the pictures alone and behind nothing. ` +
      `Chromium halves a page's frames while two or more pictures play, none of more than 30 a second: the last row. In the others a picture of 8×8 px at 60 a second keeps it from that. ` +
      `The others send ${CAMERA.widthPx}×${CAMERA.heightPx} at ${CAMERA.framesPerSecond} a second and no sound, at the lowest priority; the watching person sends sound, and a fake camera's 640×360 and 320×180 at 20, which one of the others looks at.`,
  };
}

function timeTable(watched: ReadonlyMap<Way, readonly Watched[]>): Table {
  const all = [...watched.values()];
  const row = (part: string) => {
    const cells = all.map((rounds) => {
      const busyMs = rounds.reduce((sum, one) => sum + (one.busyMs.get(part) ?? 0), 0);
      return ((100 * busyMs) / rounds.reduce((sum, { tookMs }) => sum + tookMs, 0)).toFixed(1);
    });
    return [part, ...cells];
  };
  const parts = BROWSER_PARTS.flatMap((part) => (part === MAIN_THREAD ? [part, SCRIPT, STYLE] : [part]));
  return {
    title: 'Where the time goes with nine tiles (% of one core)',
    head: ['part', ...[...watched.keys()].map(({ name }) => name)],
    rows: [...parts, ...PARTS_AROUND].map(row),
    note: `Of ${cpus().length} cores. Time on a processor as Linux counts it for each thread; all up to ‘browser, network’ is the watching person's.`,
  };
}
