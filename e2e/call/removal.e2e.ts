/** Kicked, left, and the link that changes with it. */

import assert from 'node:assert/strict';
import type { CallPage } from '../call-page.ts';
import { pause, scenario } from '../scenario.ts';
import { artefact, throughPages } from './cast.ts';
import { DESKTOP } from './driver.ts';
import { meet } from './meet.ts';

/** From when on a removed device decrypts nothing more. */
const SILENCE_AFTER_MS = 1_000;
/** How long it is then watched. */
const WATCH_MS = 2_000;

scenario(
  '[P44, S85] a removed person decodes nothing after a second; the old link says that it changed, the new one admits',
  throughPages(async (cast) => {
    const [ada, bob, link] = await meet(cast);
    await ada.openPanel('People');
    await ada.remove('Bob');
    await decodesNothingMore(bob);
    await bob.reads('You were removed from the call.');
    await ada.reads('You removed Bob. The link has changed');
    await ada.screenshotAt(DESKTOP, artefact('call/removed-host-desktop.png'));
    const changed = await ada.linkOnPage();
    assert.notEqual(changed, link, 'the link is another one');
    await ada.driver.clickWords('Close');
    await ada.hasNoTile('Bob');

    const late = await cast.person('Mallory');
    await late.driver.goTo(link);
    await late.reads('This link was changed.');
    assert.deepEqual(await ada.tiles(), ['Ada'], 'nobody came in by the old link');

    const cyd = await cast.person('Cyd');
    await cyd.enter(changed);
    await Promise.all([ada.sees('Cyd'), cyd.sees('Ada')]);
    await cyd.leave();
    await decodesNothingMore(cyd);
    await ada.hasNoTile('Cyd');
  }),
  150_000,
);

/** Nothing that arrives from now on, less the second that the rule grants, is decoded. */
async function decodesNothingMore(who: CallPage): Promise<void> {
  await pause(SILENCE_AFTER_MS);
  const before = await who.decoded();
  await pause(WATCH_MS);
  const after = await who.decoded();
  assert.equal(after.frames, before.frames, `${who.name} decoded frames more than a second after going`);
}
