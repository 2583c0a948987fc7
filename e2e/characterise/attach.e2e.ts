/**
 * What browsers do without the guard: why it exists. Runs on demand (`run.ts characterise`); when a row changes, a
 * browser has changed, and the guard is to be thought over. Nothing here is part of the app.
 */

import assert from 'node:assert/strict';
import type { BrowserWindow, Engine } from '../browsers.ts';
import type { Received } from '../pages/received.ts';
import { connect, roomName } from '../participants.ts';
import { person } from '../people.ts';
import type { Stage } from '../scenario.ts';
import { pause, scenario } from '../scenario.ts';

const ADA = person('ada', 3);
const EVE = person('eve', 9);

type Choice = { readonly attachDelayMs?: number; readonly isFlagOn?: boolean };

const ROWS: readonly (readonly [string, Engine, Choice, 'leaks' | 'sends nothing'])[] = [
  ['Chromium, flag off, no transform', 'chromium', { isFlagOn: false }, 'leaks'],
  ['Chromium, flag on, no transform', 'chromium', {}, 'sends nothing'],
  ['Firefox, no transform', 'firefox', {}, 'leaks'],
];

for (const [title, engine, choice, expected] of ROWS) {
  scenario(`characterise: ${title}: ${expected}`, async (stage) => {
    const room = roomName();
    const ada = await unguarded(stage, engine, choice);
    const eve = await unguarded(stage, 'chromium', { isFlagOn: false });
    await connect(stage, ada, ADA, [], room);
    await connect(stage, eve, EVE, [ADA, EVE], room);
    await ada.call('publishColour', { hue: 0 });
    await pause(4_000);
    const [sent, seen] = [await ada.call<Received>('received'), await eve.call<Received>('received')];
    const found =
      seen.framesDecoded > 0 ? 'leaks' : sent.bytesSent === 0 ? 'sends nothing' : 'sends something';
    assert.equal(found, expected, JSON.stringify({ sent, seen }));
  });
}

async function unguarded(stage: Stage, engine: Engine, choice: Choice): Promise<BrowserWindow> {
  const window = await stage.window(engine, 'plain.html');
  await window.call('configure', choice);
  return window;
}
