/** People meet by a link: first page → Start a call → preview → Join → link → the others. */

import type { CallPage } from '../call-page.ts';
import { scenario } from '../scenario.ts';
import { artefact, throughPages } from './cast.ts';
import { DESKTOP, PHONE } from './driver.ts';
import { meet } from './meet.ts';

scenario(
  '[P40] smoke: two people in Chromium see each other move and hear each other',
  throughPages(async (cast) => {
    const [ada, bob] = await meet(cast);
    await Promise.all([ada.hears(1), bob.hears(1)]);
  }),
  100_000,
);

scenario(
  '[P40, P41, S46] two in Chromium and one in Firefox: moving pictures, a tone, a mute and a change of camera',
  throughPages(async (cast) => {
    const [ada, bob, link] = await meet(cast);
    const cyd = await cast.person('Cyd', 'firefox');
    await cyd.enter(link);
    const all = [ada, bob, cyd];
    for (const one of all) for (const other of all) if (one !== other) await one.sees(other.name);
    for (const one of all) await one.hears(2);
    for (const [size, word] of [
      [PHONE, 'phone'],
      [DESKTOP, 'desktop'],
    ] as const) {
      for (const one of all) await one.screenshotAt(size, artefact(`call/three-${one.name}-${word}.png`));
    }
    await cameraFollows(bob, [ada, cyd]);
    await muteFollows(bob, ada);
  }),
  180_000,
);

async function cameraFollows(who: CallPage, others: readonly CallPage[]): Promise<void> {
  await who.driver.click('button', 'Turn camera off');
  for (const other of others) await other.seesNoPicture(who.name, who.name.slice(0, 1));
  await who.driver.click('button', 'Turn camera on');
  for (const other of others) await other.sees(who.name);
  const [first] = others;
  if (!first) return;
  const before = await first.sees(who.name);
  await who.openPanel('Camera and sound');
  await who.chooseCamera(1);
  for (const other of others) {
    await other.seesThat('another colour', who.name, (now) => colourDistance(before, now) > 40);
    await other.sees(who.name);
  }
  await who.openPanel('Camera and sound');
}

async function muteFollows(who: CallPage, other: CallPage): Promise<void> {
  await who.driver.click('button', 'Mute microphone');
  await other.seesMuted(who.name, true);
  await other.hearsOnly(1);
  await who.driver.click('button', 'Unmute microphone');
  await other.seesMuted(who.name, false);
  await other.hears(2);
}

type Colour = { readonly red: number; readonly green: number; readonly blue: number };

function colourDistance(one: Colour, other: Colour): number {
  return Math.hypot(one.red - other.red, one.green - other.green, one.blue - other.blue);
}
