/** Two browsers, a real SFU, the app's own media side, and a key that only this test knows. */

import assert from 'node:assert/strict';
import type { BrowserWindow, Engine } from './browsers.ts';
import type { Sight, Sound } from './pages/senses.ts';
import { inCall, person } from './people.ts';
import type { Stage } from './scenario.ts';
import { scenario, until } from './scenario.ts';

const ADA = person('ada', 3);
const BOB = person('bob', 7);

for (const [first, second] of [
  ['chromium', 'chromium'],
  ['chromium', 'firefox'],
] as const) {
  scenario(`[S20] moving pictures and a tone, both ways: ${first} and ${second}`, async (stage) => {
    const [ada, bob] = await twoInCall(stage, first, second);
    await ada.call('publishColour', { hue: 0 });
    await ada.call('publishTone', 440);
    await bob.call('publishColour', { hue: 120 });
    await bob.call('publishTone', 880);
    const red = await seen(bob, ADA.leafKey);
    assert.ok(red.red > red.green + 40, `red is seen: ${JSON.stringify(red)}`);
    const green = await seen(ada, BOB.leafKey);
    assert.ok(green.green > green.red + 40, `green is seen: ${JSON.stringify(green)}`);
    await heard(bob, ADA.leafKey, 440);
    await heard(ada, BOB.leafKey, 880);
    for (const window of [ada, bob]) {
      assert.equal((await window.call<{ leaks: number }>('report')).leaks, 0, 'the watchdog is quiet');
    }
  });
}

async function twoInCall(
  stage: Stage,
  first: Engine,
  second: Engine,
): Promise<[BrowserWindow, BrowserWindow]> {
  const room = `room-${Math.random()}`;
  const windows: BrowserWindow[] = [];
  for (const [engine, own] of [
    [first, ADA],
    [second, BOB],
  ] as const) {
    const window = await stage.window(engine, 'media.html');
    await window.call('instruct', inCall(own, [ADA, BOB]));
    const token = stage.sfu.tokenFor(own.identity, room, { canPublish: true, canSubscribe: true });
    const connected = await window.call<{ ok: boolean }>('connect', { url: stage.sfu.url, token });
    assert.equal(connected.ok, true, 'connected');
    await window.call('wish', [own === ADA ? BOB.identity : ADA.identity]);
    windows.push(window);
  }
  const [ada, bob] = windows;
  assert.ok(ada && bob);
  return [ada, bob];
}

function seen(window: BrowserWindow, leafKey: string): Promise<Sight> {
  return until('a moving picture', async () => {
    const sight = await window.call<Sight | undefined>('look', leafKey);
    return sight && sight.changes >= 5 ? sight : undefined;
  });
}

function heard(window: BrowserWindow, leafKey: string, hertz: number): Promise<Sound> {
  let last: Sound | undefined;
  return until(`a tone of ${hertz} Hz`, async () => {
    last = await window.call<Sound | undefined>('listen', leafKey);
    return last && last.level > 0.01 && Math.abs(last.hertz - hertz) < 25 ? last : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; last heard ${JSON.stringify(last)}`);
  });
}
