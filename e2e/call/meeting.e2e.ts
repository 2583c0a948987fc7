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
  '[P40] two in Chromium and one in Firefox see each other move and hear each other',
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
  }),
  180_000,
);

scenario(
  '[P41, S46] the others see a camera that is turned off, turned on or exchanged, and a muted microphone',
  throughPages(async (cast) => {
    const [ada, bob] = await meet(cast);
    await ada.hears(1);
    await cameraFollows(bob, ada);
    await muteFollows(bob, ada);
  }),
  120_000,
);

for (const engine of ['chromium', 'firefox'] as const) {
  scenario(
    `[P32, S41] what is switched at the preview is what the others get, and can be switched on later: ${engine}`,
    throughPages(async (cast) => {
      const ada = await cast.person('Ada');
      const link = await ada.startCall(cast.product.origin);
      const bob = await cast.person('Bob', engine);
      await bob.driver.goTo(link);
      await bob.driver.click('button', 'Mute microphone');
      await bob.driver.click('button', 'Turn camera off');
      await bob.driver.click('button', 'Turn camera on');
      await bob.join();
      await Promise.all([ada.sees('Bob'), bob.sees('Ada')]);
      await ada.seesMuted('Bob', true);
      await ada.hearsOnly(0);
      await bob.driver.click('button', 'Unmute microphone');
      await ada.hears(1);

      const cyd = await cast.person('Cyd', engine);
      await cyd.driver.goTo(link);
      await cyd.driver.click('button', 'Turn camera off');
      await cyd.join();
      await ada.seesNoPicture('Cyd', 'C');
      await cyd.driver.click('button', 'Turn camera on');
      await Promise.all([ada.sees('Cyd'), bob.sees('Cyd')]);
    }),
    120_000,
  );
}

scenario(
  '[P64] who speaks on while muted is told so',
  throughPages(async (cast) => {
    const ada = await cast.person('Ada');
    await ada.driver.chromium?.addInitScript(humIntoMicrophone);
    await ada.startCall(cast.product.origin);
    await ada.driver.click('button', 'Mute microphone');
    await ada.reads('You are muted');
  }),
);

/** Goes into the page before its own code, as text: the microphone hears somebody who does not pause. */
function humIntoMicrophone(): void {
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await native(wish);
    for (const track of stream.getAudioTracks()) {
      const context = new AudioContext();
      const to = new MediaStreamAudioDestinationNode(context);
      const voice = new OscillatorNode(context, { frequency: 220 });
      voice.connect(to);
      voice.start();
      track.stop();
      stream.removeTrack(track);
      for (const hum of to.stream.getAudioTracks()) stream.addTrack(hum);
    }
    return stream;
  };
}

async function cameraFollows(who: CallPage, other: CallPage): Promise<void> {
  await who.driver.click('button', 'Turn camera off');
  await other.seesNoPicture(who.name, who.name.slice(0, 1));
  await who.driver.click('button', 'Turn camera on');
  await other.sees(who.name);
  await who.openPanel('Camera and sound');
  await who.chooseCamera('Red camera');
  await other.seesThat('red', who.name, ({ red, green }) => red > green + 100);
  await other.sees(who.name);
  await who.openPanel('Camera and sound');
}

async function muteFollows(who: CallPage, other: CallPage): Promise<void> {
  await who.driver.click('button', 'Mute microphone');
  await other.seesMuted(who.name, true);
  await other.hearsOnly(0);
  await who.driver.click('button', 'Unmute microphone');
  await other.seesMuted(who.name, false);
  await other.hears(1);
}
