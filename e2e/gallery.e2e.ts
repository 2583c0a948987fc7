/**
 * Every screen of the product as a still, in Chromium: screenshots under `artefacts/gallery/`, axe, the keyboard alone,
 * reduced motion, and the names that people rely on.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { sharedChromium } from './browsers.ts';
import { artefact } from './call/cast.ts';
import { type AxeWindow, moving, seriousViolations, tabStops, unreached } from './pages/gallery/inspect.ts';
import {
  openGallery,
  SIZES,
  type Size,
  sceneNames,
  serveGallery,
  showScene,
  THEMES,
} from './pages/gallery/still.ts';
import { pause, type Stage, scenario, until } from './scenario.ts';

/** What issue 4 wants to see. */
const SCREENS = [
  ...[
    'home',
    'preview',
    'preview-denied',
    'alone',
    'two',
    'five',
    'nine',
    'people',
    'security',
    'unreachable',
  ],
  ...['problem-link-changed', 'link-changed-by-me', 'problem-full', 'problem-ended', 'left'],
];
const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
/** More stops than any screen has. */
const STOPS_MAX = 80;
/** Of problems that are printed. */
const LINES_MAX = 40;
/** The bar fades after four. */
const FADED_BY_MS = 5_500;

scenario(
  '[P70, P71, P60, P73] every screen stands in both sizes and themes: axe, reduced motion, the keyboard alone',
  async (stage) => {
    const address = await gallery(stage);
    const problems = (await Promise.all(SIZES.map((size) => inspectAll(stage, address, size)))).flat();
    assert.equal(
      problems.length,
      0,
      `${problems.length} problems\n${problems.slice(0, LINES_MAX).join('\n')}`,
    );
  },
  120_000,
);

scenario(
  '[P60, P73] panels and questions open and close by the keyboard, and focus comes back',
  async (stage) => {
    const [desktop] = SIZES;
    const page = await pageAt(stage, await gallery(stage), desktop);
    await showScene(page, 'five');
    assert.deepEqual(await buttonsOf(page, '.bar'), [
      ...['Mute microphone', 'Turn camera off', 'Share screen', 'People', 'Security', 'Copy link'],
      ...['Camera and sound', 'Leave'],
    ]);
    for (const [button, panel] of [
      ['People', 'People'],
      ['Security', 'Security'],
      ['Copy link', 'Invite'],
      ['Camera and sound', 'Camera and sound'],
      ['How this is known', 'Security'],
    ] as const) {
      await openByKey(page, button);
      await page.getByRole('complementary', { name: panel, exact: true }).waitFor();
      assert.ok(
        await page.evaluate(() => document.activeElement?.closest('.panel') !== null),
        `focus in ${panel}`,
      );
      await page.keyboard.press('Escape');
      await page.locator('.panel').waitFor({ state: 'detached' });
      assert.equal(await focused(page), button);
    }
    await openByKey(page, 'Share screen');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await focused(page), 'Share screen');

    await showScene(page, 'home');
    await openByKey(page, 'What this server can see');
    await page.getByRole('dialog', { name: 'What this server can see' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await focused(page), 'What this server can see');
    await page.getByText('Options', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('type')), 'radio');
  },
);

scenario(
  '[P61, P67, P8] the bar stays; in full screen it fades and comes back; the own picture goes where it is put',
  async (stage) => {
    const [desktop] = SIZES;
    const page = await pageAt(stage, await gallery(stage), desktop);
    await showScene(page, 'two');
    const opacity = (of: string) => page.locator(of).evaluate((element) => getComputedStyle(element).opacity);
    const stageHeight = () => page.locator('.stage').evaluate((element) => element.clientHeight);
    await page.getByText('Leave', { exact: true }).waitFor();
    await page.mouse.move(600, 300);
    const inWindowPx = await stageHeight();
    await pause(FADED_BY_MS);
    assert.equal(await opacity('.bar'), '1', 'in a window it stays');

    await page.getByRole('button', { name: 'Full screen' }).click();
    await page.mouse.move(610, 310);
    await until('the picture has the whole room', async () => (await stageHeight()) > inWindowPx + 40);
    await until('the bar fades', async () => (await opacity('.bar')) === '0', FADED_BY_MS);
    assert.equal(await opacity('.trust'), '1', 'the mark never fades');
    await page.mouse.move(620, 320);
    await until('the bar comes back', async () => (await opacity('.bar')) === '1', 1_000);
    await page.getByRole('button', { name: 'Leave full screen' }).click();
    await until('the bar has its place again', async () => (await stageHeight()) === inWindowPx);

    const own = page.getByRole('group', { name: 'Ada' });
    const before = await own.boundingBox();
    assert.ok(before);
    await page.mouse.move(before.x + 20, before.y + 20);
    await page.mouse.down();
    await page.mouse.move(200, 200, { steps: 4 });
    await page.mouse.up();
    await until('the own picture is at the top left', async () => {
      const box = await own.boundingBox();
      return box !== null && box.x < before.x - 300 && box.y < before.y - 300;
    });
    await own.focus();
    await page.keyboard.press('ArrowRight');
    await until('the own picture is at the top right', async () => {
      const box = await own.boundingBox();
      return box !== null && box.x === before.x && box.y < before.y - 300;
    });
  },
);

scenario(
  '[P75] a picture that gets no new frame is blurred, and its tile says so; the others stay as they are',
  async (stage) => {
    const [desktop] = SIZES;
    const page = await pageAt(stage, await gallery(stage), desktop);
    await showScene(page, 'stalled');
    await page.getByRole('group', { name: 'Ben' }).getByText('The picture has stopped').waitFor();
    const blurred = page.locator('.tile').filter({ has: page.locator('video') });
    const filters = await blurred.evaluateAll((tiles) =>
      tiles.map((tile) => {
        const video = tile.querySelector('video');
        return [tile.getAttribute('aria-label'), video && getComputedStyle(video).filter.includes('blur')];
      }),
    );
    assert.deepEqual(filters, [
      ['Ada', false],
      ['Ben', true],
      ['Chioma', true],
    ]);
  },
);

async function gallery(stage: Stage): Promise<string> {
  const { address, stop } = await serveGallery();
  stage.undo(stop);
  return address;
}

async function pageAt(stage: Stage, address: string, size: Size | undefined): Promise<Page> {
  assert.ok(size);
  const page = await openGallery(await sharedChromium(), address, size);
  stage.undo(() => page.context().close());
  return page;
}

/** Gives one line for each thing that is wrong. */
async function inspectAll(stage: Stage, address: string, size: Size): Promise<readonly string[]> {
  const page = await pageAt(stage, address, size);
  const problems: string[] = [];
  let scene = '';
  page.on('pageerror', (error) => problems.push(`${scene}: ${error.message}`));
  await page.evaluate(await readFile(AXE, 'utf8'));
  const names = await sceneNames(page);
  for (const missing of SCREENS.filter((screen) => !names.includes(screen)))
    problems.push(`no scene ${missing}`);
  for (const name of names) {
    scene = name;
    await showScene(page, name);
    const where = `${name} at ${size.width}`;
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await page.screenshot({ path: artefact(`gallery/${name}-${size.width}-${theme}.png`) });
      const found = await page.evaluate(seriousViolations);
      problems.push(...found.map((line) => `${where}, ${theme}: ${line}`));
    }
    problems.push(...(await page.evaluate(moving)).map((line) => `${where} moves: ${line}`));
    problems.push(...(await walk(page)).map((line) => `${where}, by keyboard: ${line}`));
  }
  return problems;
}

/** Tab from the top until it comes round; what was not reached, is not named, or shows no focus. */
async function walk(page: Page): Promise<readonly string[]> {
  await page.evaluate(() => {
    (window as unknown as AxeWindow).visited = [];
    (document.activeElement as HTMLElement | null)?.blur();
    document.getSelection()?.removeAllRanges();
  });
  const problems: string[] = [];
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press('Tab');
    const { isRound, problem } = await page.evaluate(tabStops);
    if (problem !== undefined) problems.push(problem);
    if (isRound) break;
  }
  return [...problems, ...(await page.evaluate(unreached))];
}

async function openByKey(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).focus();
  await page.keyboard.press('Enter');
}

function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(
    () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
  );
}

function buttonsOf(page: Page, part: string): Promise<readonly (string | null)[]> {
  return page
    .locator(`${part} button`)
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label')));
}
