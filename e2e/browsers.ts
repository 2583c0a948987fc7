/**
 * Real browsers: Chromium by playwright-core, Firefox by puppeteer-core, behind one small interface. One browser process
 * per engine for a whole run, one window per participant, because pages in the background are slowed down.
 */

import { existsSync } from 'node:fs';
import type { BrowserContext, Browser as Chromium } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { Browser as Firefox } from 'puppeteer-core';
import puppeteer from 'puppeteer-core';
import { Skipped } from './skipped.ts';

export type Engine = 'chromium' | 'firefox';

export type BrowserWindow = {
  readonly engine: Engine;
  /** Calls an asynchronous method of the page's `window.testPage`; argument and answer travel as JSON. */
  readonly call: <T>(method: string, argument?: unknown) => Promise<T>;
  readonly screenshot: (path: string) => Promise<void>;
  /** Warnings and errors of the page's console. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
};

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream=fps=20,device-count=2',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

const FIREFOX_PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // The fake microphone's tone.
  'media.navigator.audio.fake_frequency': 880,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'media.gmp-manager.updateEnabled': false,
};

let chromiumBrowser: Promise<Chromium> | undefined;
let firefoxBrowser: Promise<Firefox> | undefined;

/** Opens a window and waits for the page's `window.testPage`. Throws `Skipped` where the browser is not installed. */
export async function openWindow(engine: Engine, url: string): Promise<BrowserWindow> {
  return engine === 'chromium' ? openChromium(url) : openFirefox(url);
}

/** The run's one Chromium; throws `Skipped` where it is not installed. */
export function sharedChromium(): Promise<Chromium> {
  chromiumBrowser ??= launchChromium(installed('chromium'));
  return chromiumBrowser;
}

/** @param path - of the program; another one than the installed for a browser that lives in a network of its own */
export function launchChromium(path: string): Promise<Chromium> {
  return chromium.launch({ executablePath: path, headless: true, args: CHROMIUM_ARGUMENTS });
}

/** The run's one Firefox; throws `Skipped` where it is not installed. */
export function sharedFirefox(): Promise<Firefox> {
  firefoxBrowser ??= puppeteer.launch({
    browser: 'firefox',
    executablePath: installed('firefox'),
    headless: true,
    extraPrefsFirefox: FIREFOX_PREFERENCES,
    protocolTimeout: 60_000,
  });
  return firefoxBrowser;
}

/** Path of the browser. Throws `Skipped` where it is not installed. */
export function installed(engine: Engine): string {
  const path = engine === 'chromium' ? CHROMIUM : FIREFOX;
  if (!existsSync(path)) throw new Skipped(`${engine} is not installed at ${path}`);
  return path;
}

export async function closeBrowsers(): Promise<void> {
  const browsers = [chromiumBrowser, firefoxBrowser];
  chromiumBrowser = undefined;
  firefoxBrowser = undefined;
  for (const browser of browsers)
    await (await browser?.catch(() => undefined))?.close().catch(() => undefined);
}

async function openChromium(url: string): Promise<BrowserWindow> {
  const context: BrowserContext = await (await sharedChromium()).newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => collect(complaints, message.type(), message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction('window.testPage !== undefined');
  return {
    engine: 'chromium',
    call: (method, argument) => page.evaluate(callSource(method, argument)),
    screenshot: async (path) => {
      await page.screenshot({ path });
    },
    complaints,
    close: () => context.close(),
  };
}

async function openFirefox(url: string): Promise<BrowserWindow> {
  const page = await (await sharedFirefox()).newPage({ type: 'window' });
  const complaints: string[] = [];
  page.on('console', (message) => collect(complaints, message.type(), message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction('window.testPage !== undefined');
  return {
    engine: 'firefox',
    call: async <T>(method: string, argument?: unknown) =>
      (await page.evaluate(callSource(method, argument))) as T,
    screenshot: async (path) => {
      await page.screenshot({ path: path as `${string}.png` });
    },
    complaints,
    close: () => page.close(),
  };
}

function callSource(method: string, argument: unknown): string {
  return `window.testPage[${JSON.stringify(method)}](${JSON.stringify(argument) ?? ''})`;
}

export function collect(complaints: string[], type: string, text: string): void {
  if (['error', 'warn', 'warning'].includes(type) && !text.includes('favicon'))
    complaints.push(text.slice(0, 300));
}
