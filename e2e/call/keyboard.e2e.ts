/** By keyboard alone, with the names that people and their screen readers rely on. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { CallPage } from '../call-page.ts';
import { scenario } from '../scenario.ts';
import { artefact, throughPages } from './cast.ts';
import { DESKTOP, PHONE } from './driver.ts';

/** Presses of Tab after which nothing new comes. */
const TABS_MAX = 40;

for (const [word, size] of [
  ['1280×800', DESKTOP],
  ['390×844', PHONE],
] as const) {
  scenario(
    `[P47, P4] from the first page to leaving by keyboard alone, all names found, at ${word}`,
    throughPages(async (cast) => {
      const ada = await cast.person('Ada');
      const page = ada.driver.chromium;
      assert.ok(page);
      await ada.driver.resize(size);
      await page.goto(`${cast.product.origin}/`);
      await tabTo(page, 'button', 'Start a call');
      await page.screenshot({ path: artefact(`call/home-${size.width}.png`) });
      await page.keyboard.press('Enter');
      await page.getByRole('textbox', { name: 'Your name', exact: true }).waitFor();
      await isFocused(page, 'textbox', 'Your name');
      await page.keyboard.type('Ada');
      await page.getByRole('button', { name: 'Mute microphone', exact: true }).waitFor();
      await page.screenshot({ path: artefact(`call/preview-${size.width}.png`) });
      await page.keyboard.press('Enter');
      await ada.isIn();
      await page.screenshot({ path: artefact(`call/alone-${size.width}.png`) });
      await namesAreThere(page);
      await togglesByKey(ada, page);
      await tabTo(page, 'button', 'Leave');
      await page.keyboard.press('Enter');
      await ada.reads('You left.');
      await page.screenshot({ path: artefact(`call/left-${size.width}.png`) });
    }),
    90_000,
  );
}

async function namesAreThere(page: Page): Promise<void> {
  const names = [
    'Mute microphone',
    'Turn camera off',
    'Leave',
    'Copy link',
    'Share screen',
    'People',
    'Security',
  ];
  for (const name of names) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 1, `one button '${name}'`);
  }
  const own = page.getByRole('group', { name: 'Ada', exact: true });
  assert.equal(await own.locator('video').count(), 1, 'the own tile holds a video');
}

async function togglesByKey(ada: CallPage, page: Page): Promise<void> {
  for (const [off, on] of [
    ['Mute microphone', 'Unmute microphone'],
    ['Turn camera off', 'Turn camera on'],
  ] as const) {
    await tabTo(page, 'button', off);
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: on, exact: true }).waitFor();
    await isFocused(page, 'button', on);
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: off, exact: true }).waitFor();
  }
  for (const [name, heading] of [
    ['People', 'People'],
    ['Security', 'Security'],
  ] as const) {
    await tabTo(page, 'button', name);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: heading, exact: true }).waitFor({ state: 'detached' });
    await isFocused(page, 'button', name);
  }
  await tabTo(page, 'button', 'Copy link');
  await page.keyboard.press('Enter');
  await ada.reads('Link copied.');
}

/** Tab, until the focus is there; a person would give up as well. */
async function tabTo(page: Page, role: 'button' | 'textbox', name: string): Promise<void> {
  const target = page.getByRole(role, { name, exact: true });
  await target.waitFor();
  for (let presses = 0; presses < TABS_MAX; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reaches ${role} '${name}'`);
}

async function isFocused(page: Page, role: 'button' | 'textbox', name: string): Promise<void> {
  const target = page.getByRole(role, { name, exact: true });
  await target.waitFor();
  const isSo = await target.evaluate((element) => element === document.activeElement);
  assert.ok(isSo, `the focus is on ${role} '${name}'`);
}
