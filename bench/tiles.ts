/**
 * The interface of a person who sees nine tiles: how many frames a second, and where the processors' time goes. A real
 * call through the pages, the server and LiveKit. The other eight share a second browser at the lowest priority, as far
 * from machines of their own as two cores allow; what they take stands in the table.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { closeBrowsers, installed, launchChromium } from '../e2e/browsers.ts';
import { startProduct } from '../e2e/call/product.ts';
import { pause, until } from '../e2e/scenario.ts';
import { busySince, readThreads, type ThreadTime } from './processor-time.ts';
import { percentile, type Table } from './report.ts';
import { enter, freshPage } from './subjects.ts';
import {
  type CountedFrames,
  countFrames,
  keepFullRate,
  type Shown,
  sendSmallPicture,
  show,
} from './tiles-page.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const OTHERS = 8;
const CAMERA = { widthPx: 160, heightPx: 90, framesPerSecond: 10 };
/** The bit rates and layers have been found. */
const SETTLES_MS = 8_000;
/** After a change of what is shown. */
const CHANGES_MS = 2_000;
const WATCHED_MS = 10_000;
const PATIENCE_MS = 60_000;
/** One frame of 60 a second was left out. */
const LATE_MS = 25;

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
  const others = await launchAtLowestPriority();
  const watched = new Map<Way, Watched[]>(WAYS.map((way) => [way, []]));
  try {
    const watcher = await freshPage();
    await watcher.goto(product.origin);
    await watcher.getByRole('button', { name: 'Start a call' }).click();
    await enter(watcher, 'Ada');
    const link = await watcher.getByLabel('Link of this call').inputValue();
    for (let index = 0; index < OTHERS; index += 1) await sendFrom(others.browser, link, index);
    const pictures = watcher.locator('[role=group] video');
    await until('nine pictures', async () => (await pictures.count()) === OTHERS + 1, PATIENCE_MS);
    await pause(SETTLES_MS);
    const page = await watcher.context().newCDPSession(watcher);
    await page.send('Performance.enable');
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [way, rounds] of watched) rounds.push(await watch(watcher, page, way, others.processId));
    }
  } finally {
    await others.close();
    await closeBrowsers();
    await product.stop();
  }
  return [framesTable(watched), timeTable(watched)];
}

/** @returns also the id of its first process, of which the others are children */
async function launchAtLowestPriority() {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-bench-'));
  const program = join(folder, 'chromium');
  // Where Linux groups processes by session, the group has a priority of its own.
  const lines = [
    '#!/bin/sh',
    'echo 19 > /proc/$$/autogroup',
    `exec nice -n 19 ${installed('chromium')} "$@"`,
  ];
  await writeFile(program, lines.join('\n'));
  await chmod(program, 0o755);
  const browser = await launchChromium(program);
  const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
  const processId = processInfo.find(({ type }) => type === 'browser')?.id;
  const close = async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  };
  return { browser, processId, close };
}

/** The first of them looks at the call, so that the watching person's encoder has somebody to encode for. */
async function sendFrom(browser: Browser, link: string, index: number): Promise<void> {
  const isUnwatched = index > 0;
  const viewport = isUnwatched ? { width: 320, height: 240 } : { width: 1280, height: 800 };
  const page = await (await browser.newContext({ viewport })).newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.addInitScript(sendSmallPicture, { ...CAMERA, hue: (index * 360) / OTHERS, isUnwatched });
  await page.goto(link);
  await enter(page, `Person ${index + 1}`);
  await page.locator('[role=group]').first().waitFor();
}

async function watch(
  watcher: Page,
  page: CDPSession,
  way: Way,
  othersProcessId: number | undefined,
): Promise<Watched> {
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
    const part = partOf(thread, othersProcessId);
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

const MAIN_THREAD = 'page: main thread';
const SCRIPT = '— of it script';
const STYLE = '— of it style and layout';

/** By process type and thread of the watching browser, in the order of the table; the first that fits. */
const PARTS: readonly (readonly [part: string, fits: RegExp])[] = [
  [MAIN_THREAD, /^renderer main$/],
  ['page: compositor and raster', /^renderer (Compositor|VideoFrameCompo)/],
  ['page: workers (MLS, media)', /^renderer DedicatedWorker/],
  ['page: WebRTC’s network and signalling', /^renderer WebRTC/],
  ['sound', /audio/i],
  ['page: encoder and decoders, in the thread pool', /^renderer ThreadPool/],
  ['page: the rest', /^renderer/],
  ['camera', /^utility video/],
  ['display compositor', /^gpu-process/],
  ['browser, network', /./],
];
const AROUND = ['the eight others', 'LiveKit', 'server', 'this measurement'] as const;
type Around = (typeof AROUND)[number];

function partOf({ processId, ancestry, command, thread, isFirst }: ThreadTime, othersId?: number): string {
  const around = (part: Around) => part;
  if (processId === process.pid) return around('this measurement');
  if (othersId !== undefined && ancestry.includes(othersId)) return around('the eight others');
  const words = command.join(' ');
  if (words.includes('livekit-server')) return around('LiveKit');
  if (command[0]?.endsWith('node')) return around('server');
  const type = /--type=([a-z-]+)/.exec(words)?.[1] ?? 'browser';
  const service = /--utility-sub-type=([a-z_]+)/.exec(words)?.[1] ?? '';
  const name = `${type} ${service}${service && ' '}${isFirst ? 'main' : thread}`;
  return PARTS.find(([, fits]) => fits.test(name))?.[0] ?? '';
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
      pictures.length === 0 ? '' : `${Math.min(...pictures).toFixed(0)}–${Math.max(...pictures).toFixed(0)}`,
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
      'pictures a second',
    ],
    rows,
    note:
      `requestAnimationFrame at 1280×800, ${ROUNDS} × ${WATCHED_MS / 1_000} s of each, in turns within one call; the call goes on behind the pictures alone and behind nothing. ` +
      `Chromium halves a page's frames while two or more pictures play, none of more than 30 a second: the last row. In the others a picture of 8×8 px at 60 a second keeps it from that. ` +
      `The others send ${CAMERA.widthPx}×${CAMERA.heightPx} at ${CAMERA.framesPerSecond} a second and no sound; the watching person sends 1280×720 at 20 and sound.`,
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
  const parts = PARTS.flatMap(([part]) => (part === MAIN_THREAD ? [part, SCRIPT, STYLE] : [part]));
  return {
    title: 'Where the time goes with nine tiles (% of one core)',
    head: ['part', ...[...watched.keys()].map(({ name }) => name)],
    rows: [...parts, ...AROUND].map(row),
    note: `Of ${cpus().length} cores. Time on a processor as Linux counts it for each thread; the first ten parts are the watching browser.`,
  };
}
