/**
 * The eight others of a call with nine tiles, as cheap as they can be on the machine that is measured: one browser at the
 * lowest priority, small pictures, no sound, and nobody in front of seven of the pages.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { installed, launchChromium } from '../e2e/browsers.ts';
import { enter } from './subjects.ts';
import { sendSmallPicture } from './tiles-page.ts';

export const OTHERS = 8;
/** As large as the layer that a tile of the nine is sent. */
export const CAMERA = { widthPx: 320, heightPx: 180, framesPerSecond: 15 };
const PATIENCE_MS = 60_000;

export interface Others {
  /** Of the browser; its other processes descend from it. */
  readonly processId: number;
  /** All come in by this link, one after another. */
  readonly join: (link: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function launchOthers(): Promise<Others> {
  const folder = await mkdtemp(join(tmpdir(), 'conclave-bench-'));
  const program = join(folder, 'chromium');
  // Where Linux groups processes by session, it is the group that has a priority against others.
  const lines = [
    '#!/bin/sh',
    'echo 19 2>/dev/null >/proc/$$/autogroup',
    `exec nice -n 19 ${installed('chromium')} "$@"`,
  ];
  await writeFile(program, lines.join('\n'));
  await chmod(program, 0o755);
  const browser = await launchChromium(program);
  const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
  const processId = processInfo.find(({ type }) => type === 'browser')?.id;
  if (processId === undefined) throw new Error('a browser without a process');
  return {
    processId,
    join: async (link) => {
      for (let index = 0; index < OTHERS; index += 1) await sendFrom(browser, link, index);
    },
    close: async () => {
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
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
