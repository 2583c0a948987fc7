/** Two browsers, a real SFU, the app's own media side, and a key that only this test knows. */

import assert from 'node:assert/strict';
import type { MediaCounts } from '@conclave/client/media/counting';
import type { Received } from './pages/received.ts';
import { assertNoLeak, dropsOf, heard, joinCall, roomName, seen } from './participants.ts';
import { epochInstruction, inCall, person } from './people.ts';
import { pause, scenario, until } from './scenario.ts';

const ADA = person('ada', 3);
const BOB = person('bob', 7);
const people = [ADA, BOB];

for (const [first, second] of [
  ['chromium', 'chromium'],
  ['chromium', 'firefox'],
] as const) {
  scenario(`[S20, S124] moving pictures and a tone, both ways: ${first} and ${second}`, async (stage) => {
    const room = roomName();
    const ada = await joinCall(stage, first, { own: ADA, people, room });
    const bob = await joinCall(stage, second, { own: BOB, people, room });
    await ada.call('publishColour', { hue: 0 });
    await ada.call('publishTone', 440);
    await bob.call('publishColour', { hue: 120 });
    await bob.call('publishTone', 880);
    await seen(bob, ADA, 'red');
    await seen(ada, BOB, 'green');
    for (const window of [ada, bob]) assert.equal(await dropsOf(window, 'no-key-frame'), 0);
    await heard(bob, ADA, 440);
    await heard(ada, BOB, 880);
    await assertNoLeak(ada, bob);
  });
}

scenario('[S42] another camera and a mute keep the sender; muted, nothing leaves', async (stage) => {
  const room = roomName();
  const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
  const bob = await joinCall(stage, 'chromium', { own: BOB, people, room });
  await ada.call('publishColour', { hue: 0 });
  await seen(bob, ADA, 'red');
  await ada.call('publishColour', { hue: 240 });
  await seen(bob, ADA, 'blue');
  await ada.call('setMuted', { kind: 'camera', isMuted: true });
  const sealed = () => sealedFrames(ada);
  await pause(300);
  const before = await sealed();
  await pause(1_000);
  assert.equal(await sealed(), before, 'nothing is sealed while muted');
  await ada.call('setMuted', { kind: 'camera', isMuted: false });
  await seen(bob, ADA, 'blue');
  await assertNoLeak(ada, bob);
});

scenario('[S9] an epoch that the receiver learns 300 ms late costs no picture', async (stage) => {
  const room = roomName();
  const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
  const bob = await joinCall(stage, 'chromium', { own: BOB, people, room });
  await ada.call('publishColour', { hue: 0 });
  await ada.call('publishTone', 440);
  await seen(bob, ADA, 'red');
  await heard(bob, ADA, 440);
  // What came before the first key frame shows nothing by itself.
  const before = await drops(bob);
  for (const epoch of [2, 3]) {
    await ada.call('instruct', [epochInstruction(ADA, people, epoch), { t: 'send', epoch }]);
    await pause(300);
    await bob.call('instruct', [epochInstruction(BOB, people, epoch)]);
    await seen(bob, ADA, 'red');
  }
  assert.deepEqual(await drops(bob), before, 'nothing was dropped');
  await assertNoLeak(ada, bob);
});

scenario(
  '[S5] with the gate shut nothing leaves; when it opens, the picture comes at once',
  async (stage) => {
    const room = roomName();
    const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
    const bob = await joinCall(stage, 'firefox', { own: BOB, people, room });
    await ada.call('instruct', [{ t: 'gate', isOpen: false }]);
    await ada.call('publishColour', { hue: 0 });
    await until('withheld frames', async () => (await droppedFrames(ada)) > 40);
    const sent = await ada.call<Received>('received');
    assert.equal(sent.bytesSent, 0, 'no byte of media');
    await ada.call('instruct', [{ t: 'gate', isOpen: true }]);
    await seen(bob, ADA, 'red');
    await assertNoLeak(ada, bob);
  },
);

for (const videoCodec of ['vp9', 'av1'] as const) {
  scenario(`[S43] ${videoCodec} with layers goes through the SFU`, async (stage) => {
    const room = roomName();
    const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
    const bob = await joinCall(stage, 'firefox', { own: BOB, people, room });
    await ada.call('publishColour', { hue: 120, videoCodec });
    await seen(bob, ADA, 'green');
    await assertNoLeak(ada, bob);
  });
}

for (const family of ['chromium', 'firefox'] as const) {
  const title = 'who waits has negotiated, and sends nothing, not even from its encoder';
  scenario(`[S41, S127] ${title}: ${family}`, async (stage) => {
    const room = roomName();
    const bob = await joinCall(stage, 'chromium', { own: BOB, people, room });
    await bob.call('publishColour', { hue: 120 });
    const ada = await stage.window(family, 'media.html');
    await ada.call('instruct', inCall(ADA, people));
    const grants = { hidden: true, canPublish: true, canSubscribe: true, canPublishData: false };
    const token = stage.sfu.tokenFor(ADA.identity, room, grants);
    await ada.call('connect', { url: stage.sfu.url, token, isWaiting: true });
    await ada.call('publishColour', { hue: 0 });
    await until('a sender and a receiver', async () => {
      const { senders, receivers } = await ada.call<MediaCounts>('counts');
      return senders.length > 0 && receivers.length > 0;
    });
    await pause(500);
    const before = await framesSeen(ada);
    await pause(1_000);
    assert.equal(await framesSeen(ada), before, 'no frame leaves an encoder, or is received');
    await ada.call('start');
    const permission = { can_subscribe: true, can_publish: true, can_publish_data: false, hidden: false };
    await stage.sfu.call('UpdateParticipant', room, { identity: ADA.identity, permission });
    await seen(bob, ADA, 'red');
    await seen(ada, BOB, 'green');
    await assertNoLeak(ada, bob);
  });
}

scenario(
  '[S26] a new connection carries on under the same keys, with new senders and contexts',
  async (stage) => {
    const room = roomName();
    const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
    const bob = await joinCall(stage, 'chromium', { own: BOB, people, room });
    await ada.call('publishColour', { hue: 0 });
    await bob.call('publishColour', { hue: 120 });
    await seen(bob, ADA, 'red');
    await seen(ada, BOB, 'green');
    const token = stage.sfu.tokenFor(ADA.identity, room, { canPublish: true, canSubscribe: true });
    await ada.call('reconnect', { url: stage.sfu.url, token });
    await ada.call('wish', [BOB.identity]);
    await ada.call('publishColour', { hue: 240 });
    await seen(bob, ADA, 'blue');
    await seen(ada, BOB, 'green');
    await assertNoLeak(ada, bob);
  },
);

scenario('[S119] after the end of the call nothing is sealed and nothing shown', async (stage) => {
  const room = roomName();
  const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
  const bob = await joinCall(stage, 'chromium', { own: BOB, people, room });
  await ada.call('publishColour', { hue: 0 });
  await seen(bob, ADA, 'red');
  await ada.call('endCall');
  const before = await sealedFrames(ada);
  const dropped = await droppedFrames(ada);
  await until('withheld frames', async () => (await droppedFrames(ada)) > dropped + 20);
  assert.equal(await sealedFrames(ada), before);
});

scenario('[S47] a captured screen is black to others until the person shares it', async (stage) => {
  const ada = await stage.window('chromium', 'media.html');
  type Light = { readonly red: number; readonly green: number; readonly blue: number };
  type Capture = {
    readonly held: Light;
    readonly own: Light;
    readonly shared: Light;
    readonly isEnded: boolean;
  };
  const { held, own, shared, isEnded } = await ada.call<Capture>('captureScreen');
  const light = ({ red, green, blue }: Light) => red + green + blue;
  assert.ok(light(held) < 20, JSON.stringify(held));
  assert.ok(light(own) > 60 && light(shared) > 60, JSON.stringify({ own, shared }));
  assert.ok(isEnded);
});

async function drops(window: { call: <T>(method: string) => Promise<T> }): Promise<readonly unknown[]> {
  const { receivers } = await window.call<{ receivers: readonly { drops: unknown }[] }>('counts');
  return receivers.map((receiver) => receiver.drops);
}

/** Frames that the worker was given by encoders and by the network. */
async function framesSeen(window: { call: <T>(method: string) => Promise<T> }): Promise<number> {
  const { senders, receivers } = await window.call<MediaCounts>('counts');
  const sent = senders.map(({ framesSealed, framesDropped }) => framesSealed + framesDropped);
  const received = receivers.flatMap(({ framesOpened, drops }) => [framesOpened, ...Object.values(drops)]);
  return [...sent, ...received].reduce((sum, count) => sum + count, 0);
}

async function sealedFrames(window: { call: <T>(method: string) => Promise<T> }): Promise<number> {
  const { senders } = await window.call<MediaCounts>('counts');
  return senders.reduce((sum, { framesSealed }) => sum + framesSealed, 0);
}

async function droppedFrames(window: { call: <T>(method: string) => Promise<T> }): Promise<number> {
  const { senders } = await window.call<MediaCounts>('counts');
  return senders.reduce((sum, { framesDropped }) => sum + framesDropped, 0);
}
