/** What a lying SFU, or somebody with a ticket and no key, gets: nothing to see, nothing to hear, nothing to read. */

import assert from 'node:assert/strict';
import type { Received } from './pages/received.ts';
import {
  assertNoLeak,
  connect,
  dropsOf,
  heard,
  joinCall,
  roomName,
  seen,
  untilReceived,
} from './participants.ts';
import { inCall, person } from './people.ts';
import { pause, scenario, until } from './scenario.ts';

const ADA = person('ada', 3);
const BOB = person('bob', 7);
const EVE = person('eve', 9);
const people = [ADA, BOB];

for (const engine of ['chromium', 'firefox'] as const) {
  scenario(`[S30, S31, S32, S35, S116, S117] no way around the guard: ${engine}`, async (stage) => {
    const window = await stage.window(engine, 'media.html');
    assert.deepEqual(await window.call('waysAround'), []);
  });

  scenario(`[S36] a sender from elsewhere is stopped and ends the call: ${engine}`, async (stage) => {
    const window = await stage.window(engine, 'media.html');
    assert.equal(await window.call('nameUnguarded'), 'ended');
    assert.equal((await window.call<{ leaks: number }>('report')).leaks, 1);
  });

  scenario(`[S115] without its worker a page has no sender that could send: ${engine}`, async (stage) => {
    const window = await stage.window(engine, 'media.html');
    await window.call('failWorker');
    assert.deepEqual(await window.call('isSendingUnguarded'), [false, false]);
    if (engine === 'firefox') assert.equal(await window.call('leaks'), 2);
  });

  scenario(
    `[S118] silence leaves in as many packets as a tone, and in Chromium of one size, whatever is asked for: ${engine}`,
    async (stage) => {
      const sizes: number[][] = [];
      for (const isSilent of [false, true]) {
        const window = await stage.window(engine, 'media.html#recorded');
        const frames = await window.call<number[]>('soundSizes', isSilent);
        assert.ok(frames.length >= 100, `${frames.length} frames in 4 s`);
        sizes.push(frames.slice(20));
        await window.close();
      }
      const ranges = sizes.map((one) => [Math.min(...one), Math.max(...one)]);
      const all = sizes.flat();
      const spread = Math.max(...all) - Math.min(...all);
      assert.ok(engine === 'firefox' || spread <= 2, JSON.stringify(ranges));
    },
  );

  scenario(`[S22] without the key nothing is decoded and nothing heard: ${engine}`, async (stage) => {
    const room = roomName();
    const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
    await ada.call('publishColour', { hue: 0 });
    await ada.call('publishTone', 440);
    const eve = await stage.window(engine, 'media.html');
    await connect(stage, eve, EVE, [ADA, EVE], room);
    await untilReceived(eve);
    const { framesDecoded, audioEnergy } = await eve.call<Received>('received');
    assert.deepEqual([framesDecoded, audioEnergy], [0, 0]);
  });
}

for (const engine of ['chromium', 'firefox'] as const) {
  scenario(
    `[S22] a viewer without transform or key decodes no picture of a guarded ${engine}`,
    async (stage) => {
      const room = roomName();
      const ada = await joinCall(stage, engine, { own: ADA, people, room });
      await ada.call('publishColour', { hue: 0 });
      const eve = await stage.window('chromium', 'plain.html');
      await eve.call('configure', { isFlagOn: false });
      await connect(stage, eve, EVE, [ADA, EVE], room);
      const { framesDecoded } = await untilReceived(eve, { videoPackets: 100 });
      assert.equal(framesDecoded, 0);
      await assertNoLeak(ada);
    },
  );
}

for (const videoCodec of ['vp9', 'av1'] as const) {
  scenario(
    `[S22] ${videoCodec} is not decoded either: by who lacks the key, or key and transform`,
    async (stage) => {
      const room = roomName();
      const ada = await joinCall(stage, 'chromium', { own: ADA, people, room });
      await ada.call('publishColour', { hue: 0, videoCodec });
      await ada.call('publishTone', 440);
      const keyless = await stage.window('chromium', 'media.html');
      await connect(stage, keyless, EVE, [ADA, EVE], room);
      await untilReceived(keyless);
      const { framesDecoded, audioEnergy } = await keyless.call<Received>('received');
      assert.deepEqual([framesDecoded, audioEnergy], [0, 0]);
      await keyless.close();
      const plain = await stage.window('chromium', 'plain.html');
      await plain.call('configure', { isFlagOn: false });
      await connect(stage, plain, EVE, [ADA, EVE], room);
      assert.equal((await untilReceived(plain, { videoPackets: 100 })).framesDecoded, 0);
    },
  );
}

for (const videoCodec of ['vp8', 'vp9', 'av1'] as const) {
  scenario(
    `[S21] no 16 bytes of any frame are in what the SFU forwards: ${videoCodec} and Opus`,
    async (stage) => {
      const room = roomName();
      const ada = await joinCall(stage, 'chromium', { own: ADA, people, room, page: 'media.html#recorded' });
      await ada.call('publishColour', { hue: 0, videoCodec });
      await ada.call('publishTone', 440);
      const eve = await stage.window('chromium', 'plain.html');
      await eve.call('configure', { isRecorder: true });
      await connect(stage, eve, EVE, [ADA, EVE], room);
      await untilReceived(eve, { videoPackets: 60, audioPackets: 60 });
      await pause(1_000);
      const entered = (await ada.call<string[]>('recorded')).map(bytesOf);
      const forwarded = (await eve.call<string[]>('recorded')).map(bytesOf);
      assert.ok(
        entered.length > 50 && forwarded.length > 50,
        `${entered.length} entered, ${forwarded.length} forwarded`,
      );
      const known = new Set(entered.flatMap(runsOf));
      assert.ok(known.size > 1_000, 'there is something to find');
      assert.deepEqual(
        forwarded.flatMap(runsOf).filter((run) => known.has(run)),
        [],
      );
    },
  );
}

for (const engine of ['chromium', 'firefox'] as const) {
  scenario(`[S11] a publisher in the clear is neither seen nor heard: ${engine} looks`, async (stage) => {
    const room = roomName();
    const eve = await stage.window('chromium', 'plain.html');
    await eve.call('configure', { isFlagOn: false });
    const bob = await joinCall(stage, engine, { own: BOB, people: [BOB, EVE], room });
    await connect(stage, eve, EVE, [], room);
    await eve.call('publishColour', { hue: 0 });
    await eve.call('publishTone', 440);
    await untilReceived(bob);
    const { framesDecoded, audioEnergy } = await bob.call<Received>('received');
    assert.deepEqual([framesDecoded, audioEnergy], [0, 0]);
    assert.deepEqual(await bob.call('shown'), []);
  });
}

scenario("[S14] a track under somebody else's name goes to the person whose key sealed it", async (stage) => {
  const room = roomName();
  const bob = await joinCall(stage, 'chromium', { own: BOB, people: [ADA, BOB], room });
  const ada = await stage.window('chromium', 'media.html');
  await ada.call('instruct', inCall(ADA, people));
  await connect(stage, ada, { ...EVE }, [], room);
  await bob.call('wish', [EVE.identity]);
  await ada.call('publishColour', { hue: 0 });
  await seen(bob, ADA, 'red');
});

scenario(
  "[S110] on another's track a person is not shown, however well the frames are sealed",
  async (stage) => {
    const room = roomName();
    const everybody = [ADA, BOB, EVE];
    const bob = await joinCall(stage, 'chromium', { own: BOB, people: everybody, room });
    const identities = everybody.map(({ leafKey, identity }) => [leafKey, identity]);
    await bob.call('setPeople', Object.fromEntries(identities));
    const mallory = await stage.window('chromium', 'media.html');
    await mallory.call('instruct', inCall(ADA, everybody));
    await connect(stage, mallory, { ...EVE }, [], room);
    await bob.call('wish', [EVE.identity, ADA.identity]);
    await mallory.call('publishColour', { hue: 240 });
    await until('frames that are dropped', async () => (await dropsOf(bob, 'other-sender')) > 20);
    assert.deepEqual(await bob.call('shown'), []);
    const ada = await joinCall(stage, 'chromium', { own: ADA, people: everybody, room });
    await ada.call('publishColour', { hue: 0 });
    await seen(bob, ADA, 'red');
    assert.equal((await bob.call<readonly unknown[]>('shown')).length, 1);
  },
);

scenario(
  "[S40] 'encryption none' on tracks changes nothing: sealed ones are shown, plain ones are not",
  async (stage) => {
    const room = roomName();
    const everybody = [ADA, BOB, EVE];
    const bob = await joinCall(stage, 'chromium', { own: BOB, people: everybody, room });
    const ada = await joinCall(stage, 'chromium', { own: ADA, people, room, page: 'media.html#none' });
    await ada.call('publishColour', { hue: 0 });
    await ada.call('publishTone', 440);
    await seen(bob, ADA, 'red');
    await heard(bob, ADA, 440);
    await ada.close();

    const other = roomName();
    const cyd = await joinCall(stage, 'chromium', { own: BOB, people: everybody, room: other });
    const eve = await stage.window('chromium', 'plain.html#none');
    await eve.call('configure', { isFlagOn: false });
    await connect(stage, eve, EVE, [], other);
    await eve.call('publishColour', { hue: 0 });
    await eve.call('publishTone', 440);
    const { framesDecoded, audioEnergy } = await untilReceived(cyd);
    assert.deepEqual([framesDecoded, audioEnergy], [0, 0]);
  },
);

const RUN_BYTES = 16;

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

/** Every run of 16 bytes that is not of one value, as encoders' padding is. */
function runsOf(frame: Buffer): string[] {
  const runs: string[] = [];
  for (let start = 0; start + RUN_BYTES <= frame.length; start++) {
    const run = frame.subarray(start, start + RUN_BYTES);
    if (run.some((byte) => byte !== run[0])) runs.push(run.toString('latin1'));
  }
  return runs;
}
