/**
 * Takes a screenshot of every scene at both sizes in both themes, into `artefacts/gallery/`.
 * `node e2e/pages/gallery/shoot.ts [scene…]`
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { createServer } from 'vite';

const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const;
const THEMES = ['light', 'dark'] as const;
const OUT = join(import.meta.dirname, '../../../artefacts/gallery');
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
/** Pictures and the glide of the tiles have settled by then. */
const SETTLE_MS = 500;

const server = await createServer({
  configFile: join(import.meta.dirname, 'vite.config.ts'),
  server: { port: 0, host: '127.0.0.1', hmr: false },
  logLevel: 'error',
});
await server.listen();
const address = server.resolvedUrls?.local[0] ?? '';
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: CHROMIUM_ARGUMENTS,
});
try {
  await mkdir(OUT, { recursive: true });
  const names = process.argv.length > 2 ? process.argv.slice(2) : await sceneNames(browser);
  for (const size of SIZES) for (const theme of THEMES) await shoot(browser, names, size, theme);
  console.log(`${names.length * SIZES.length * THEMES.length} screenshots in artefacts/gallery`);
} finally {
  await browser.close();
  await server.close();
}

async function sceneNames(from: Browser): Promise<string[]> {
  const page = await from.newPage();
  await page.goto(address);
  const names = await page.locator('a').allTextContents();
  await page.close();
  return names;
}

async function shoot(
  from: Browser,
  names: readonly string[],
  viewport: (typeof SIZES)[number],
  colorScheme: (typeof THEMES)[number],
): Promise<void> {
  const context = await from.newContext({ viewport, colorScheme, hasTouch: viewport.width < 700 });
  for (const name of names) {
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
    await page.goto(`${address}#${name}`);
    await page.waitForSelector('html[data-ready]', { timeout: 15_000 });
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(OUT, `${name}-${viewport.width}-${colorScheme}.png`) });
    await page.close();
  }
  await context.close();
}
