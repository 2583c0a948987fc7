/**
 * What the media worker costs: CPU time of the whole browser for each frame of a call that a page makes to itself, with
 * the app's transforms and with ones that pass frames on, in pairs within one browser.
 */
import type { CDPSession, Page } from 'playwright-core';
import { closeBrowsers, sharedChromium } from '../e2e/browsers.ts';
import { pause } from '../e2e/scenario.ts';
import { serveBuilt } from './built-pages.ts';
import { geometricMeanInterval, median, type Table } from './report.ts';
import { freshPage } from './subjects.ts';

const PAIRS = Number(process.env['ROUNDS'] ?? 20);
const SETTLES_MS = 1_500;
const WATCHED_MS = 4_000;
/** The camera gives 20 a second. */
const FRAMES_MIN = 70;

export async function measureTransform(): Promise<Table> {
  const server = await serveBuilt(`${import.meta.dirname}/pages`, 'loopback');
  const costs = { sealed: [] as number[], passed: [] as number[] };
  try {
    const page = await freshPage();
    await page.goto(server.origin);
    const processes = await (await sharedChromium()).newBrowserCDPSession();
    for (let pair = 0; pair < PAIRS; pair += 1) {
      // A-B, then B-A: what drifts falls on both
      for (const kind of pair % 2 === 0 ? (['sealed', 'passed'] as const) : (['passed', 'sealed'] as const)) {
        costs[kind].push(await costPerFrame(page, processes, kind === 'sealed'));
      }
    }
  } finally {
    await closeBrowsers();
    server.stop();
  }
  const ratios = costs.sealed.map((cost, index) => cost / (costs.passed[index] ?? Number.NaN));
  const { mean, low, high } = geometricMeanInterval(ratios);
  return {
    title: 'Cost of sealing and opening, against transforms that pass frames on',
    head: ['CPU ms a frame, sealed', 'passed on', 'ratio', '95 % interval', 'pairs'],
    rows: [
      [
        median(costs.sealed).toFixed(3),
        median(costs.passed).toFixed(3),
        mean.toFixed(3),
        `${low.toFixed(3)}–${high.toFixed(3)}`,
        String(PAIRS),
      ],
    ],
    note: 'CPU time of all processes of the browser: camera, VP8 encoder and decoder, both transforms, rendering; 640×360. Interval of the geometric mean by bootstrap over pairs.',
  };
}

async function costPerFrame(page: Page, processes: CDPSession, isSealed: boolean): Promise<number> {
  await page.evaluate(`testPage.start(${isSealed})`);
  await pause(SETTLES_MS);
  const before = await reading(page, processes);
  await pause(WATCHED_MS);
  const after = await reading(page, processes);
  const frames = after.frames - before.frames;
  if (frames < FRAMES_MIN) throw new Error(`only ${frames} frames were decoded: this is not a call`);
  return (after.cpuMs - before.cpuMs) / frames;
}

async function reading(page: Page, processes: CDPSession) {
  const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
  const cpuMs = processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1_000, 0);
  return { cpuMs, frames: await page.evaluate<number>('testPage.framesDecoded()') };
}
