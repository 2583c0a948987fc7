/** The gallery in a browser: serves it, and shows its scenes one after the other in one page, at any size and theme. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createServer } from 'vite';

export type Size = { readonly width: number; readonly height: number };
export type Theme = 'light' | 'dark';

export const SIZES: readonly Size[] = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];
export const THEMES: readonly Theme[] = ['light', 'dark'];

export type Gallery = {
  readonly address: string;
  readonly stop: () => Promise<void>;
};

export async function serveGallery(): Promise<Gallery> {
  const server = await createServer({
    configFile: join(import.meta.dirname, 'vite.config.ts'),
    server: { port: 0, host: '127.0.0.1', hmr: false },
    logLevel: 'error',
  });
  await server.listen();
  return { address: server.resolvedUrls?.local[0] ?? '', stop: () => server.close() };
}

/** A page of one size on the list of scenes, without motion, so that it stands at once. */
export async function openGallery(browser: Browser, address: string, size: Size): Promise<Page> {
  const context = await browser.newContext({
    viewport: size,
    hasTouch: size.width < 700,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(address);
  await standing(page, 'contents');
  return page;
}

export function sceneNames(page: Page): Promise<string[]> {
  return page.locator('a').allTextContents();
}

export async function showScene(page: Page, name: string): Promise<void> {
  await page.evaluate((hash) => {
    delete document.documentElement.dataset['ready'];
    location.hash = hash;
  }, name);
  await standing(page, name);
}

async function standing(page: Page, name: string): Promise<void> {
  await page.waitForSelector(`html[data-ready="${name}"]`, { timeout: 15_000 });
}
