/** Sharing a screen, in Chromium: nothing is shown before the person says so. */

import assert from 'node:assert/strict';
import { scenario, until } from '../scenario.ts';
import { artefact, throughPages } from './cast.ts';
import { DESKTOP, PHONE } from './driver.ts';
import { meet } from './meet.ts';

scenario(
  '[P42, P26] a shared screen is seen from Share to Stop sharing, and not a frame before',
  throughPages(async (cast) => {
    const [ada, bob] = await meet(cast);
    await bob.driver.click('button', 'Share screen');
    await bob.reads('will be visible to the other person here');
    await bob.screenshotAt(DESKTOP, artefact('call/share-question-desktop.png'));
    const before = await ada.decoded();
    // While the question stands, frames of the camera go on and no tile of a screen appears.
    await until('a second of other frames', async () => (await ada.decoded()).frames > before.frames + 40);
    assert.ok(!(await ada.tiles()).includes('Bob’s screen'), 'nothing is shown before Share');
    await bob.driver.click('button', 'Don’t share');
    await bob.readsNot('will be visible to');
    assert.ok(!(await ada.tiles()).includes('Bob’s screen'), 'nothing is shown after Don’t share');

    await bob.driver.click('button', 'Share screen');
    await bob.driver.click('button', 'Share');
    await bob.reads('You are sharing your screen with the other person here.');
    await ada.hasTile('Bob’s screen');
    await ada.sees('Bob’s screen');
    await ada.sees('Bob');
    await ada.screenshotAt(PHONE, artefact('call/shared-screen-phone.png'));
    await ada.screenshotAt(DESKTOP, artefact('call/shared-screen-desktop.png'));
    await bob.driver.click('button', 'Stop sharing');
    await ada.hasNoTile('Bob’s screen');
    await bob.readsNot('You are sharing');
  }),
  120_000,
);
