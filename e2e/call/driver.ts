/**
 * A browser window with a page of the app, driven by what a person can name: roles, names and words. Chromium by
 * playwright-core, Firefox by puppeteer-core.
 */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Page as ChromiumPage } from 'playwright-core';
import type { Page as FirefoxPage } from 'puppeteer-core';
import { collect, type Engine, sharedChromium, sharedFirefox } from '../browsers.ts';
import { addRedCamera, rememberPeers } from './senses.ts';

export type Size = { readonly width: number; readonly height: number };
export const DESKTOP: Size = { width: 1280, height: 800 };
export const PHONE: Size = { width: 390, height: 844 };

/** `argument` and the answer travel as JSON; the function's text goes into the page. */
type InPage = <A, T>(action: (argument: A) => T | Promise<T>, argument: A) => Promise<T>;

export type Driver = {
  readonly engine: Engine;
  readonly goTo: (url: string) => Promise<void>;
  readonly address: () => string;
  readonly reload: () => Promise<void>;
  /** Waits for the one element of this role and exact name. */
  readonly click: (role: string, name: string) => Promise<void>;
  /** Clicks the first thing that shows these words. */
  readonly clickWords: (words: string) => Promise<void>;
  readonly fill: (label: string, text: string) => Promise<void>;
  readonly run: InPage;
  readonly resize: (size: Size) => Promise<void>;
  readonly screenshot: (path: string) => Promise<void>;
  /** Warnings and errors of the page's console. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
  /** Only in Chromium: what only Playwright can do. */
  readonly chromium: ChromiumPage | undefined;
};

/** For one action: a busy machine is slow, a broken page is slower. */
const ACTION_TIMEOUT_MS = 20_000;

export function openDriver(engine: Engine): Promise<Driver> {
  return engine === 'chromium' ? openChromium() : openFirefox();
}

async function openChromium(): Promise<Driver> {
  const browser = await sharedChromium();
  const context = await browser.newContext({
    viewport: DESKTOP,
    permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'],
  });
  return driveChromium(await context.newPage(), () => context.close());
}

export async function driveChromium(page: ChromiumPage, close: () => Promise<void>): Promise<Driver> {
  page.setDefaultTimeout(ACTION_TIMEOUT_MS);
  await page.addInitScript(rememberPeers);
  await page.addInitScript(addRedCamera);
  const complaints: string[] = [];
  page.on('console', (message) => collect(complaints, message.type(), message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    engine: 'chromium',
    goTo: async (url) => void (await page.goto(url)),
    address: () => page.url(),
    reload: async () => void (await page.reload()),
    click: (role, name) =>
      page.getByRole(role as Parameters<typeof page.getByRole>[0], { name, exact: true }).click(),
    clickWords: (words) => page.getByText(words).first().click(),
    fill: (label, text) => page.getByLabel(label, { exact: true }).fill(text),
    run: ((action: (argument: unknown) => unknown, argument: unknown) =>
      page.evaluate(action, argument)) as InPage,
    resize: (size) => page.setViewportSize(size),
    screenshot: async (path) => void (await page.screenshot({ path })),
    complaints,
    close,
    chromium: page,
  };
}

async function openFirefox(): Promise<Driver> {
  const page: FirefoxPage = await (await sharedFirefox()).newPage({ type: 'window' });
  page.setDefaultTimeout(ACTION_TIMEOUT_MS);
  await page.setViewport({ ...DESKTOP });
  const complaints: string[] = [];
  page.on('console', (message) => collect(complaints, message.type(), message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const named = (role: string, name: string) => page.locator(`::-p-aria([name="${name}"][role="${role}"])`);
  return {
    engine: 'firefox',
    goTo: async (url) => void (await page.goto(url)),
    address: () => page.url(),
    reload: async () => void (await page.reload()),
    click: (role, name) => named(role, name).click(),
    clickWords: (words) => page.locator(`::-p-text(${words})`).click(),
    fill: (label, text) => named('textbox', label).fill(text),
    run: ((action: (argument: unknown) => unknown, argument: unknown) =>
      page.evaluate(action, argument)) as InPage,
    resize: (size) => page.setViewport({ ...size }),
    screenshot: async (path) => {
      await mkdir(dirname(path), { recursive: true });
      await page.screenshot({ path: path as `${string}.png` });
    },
    complaints,
    close: () => page.close(),
    chromium: undefined,
  };
}
