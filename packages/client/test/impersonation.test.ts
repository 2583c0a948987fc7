/** Frames of a member under somebody else's leaf, without the SFU's help: she has the key, and a track of her own. */

import { describe, expect, test } from 'vitest';
import type { Receiver } from '../src/media/open-path.ts';
import type { EncodedFrame, Medium, Sender } from '../src/media/seal-path.ts';
import type { HandClock, TestPerson } from './media-kit.ts';
import { beatOf, delta, epochOf, forwarded, handClock, keyFrame, opus, personAt } from './media-kit.ts';

type Scene = {
  readonly clock: HandClock;
  readonly ada: TestPerson;
  readonly bob: TestPerson;
  /** Seals under Ada's leaf, with contexts above hers. */
  readonly forger: TestPerson;
  readonly camera: Sender;
  readonly fake: Sender;
  readonly first: Receiver;
  readonly second: Receiver;
};

async function scene(): Promise<Scene> {
  const clock = handClock();
  const [ada, bob, forger] = [await personAt(1, clock), await personAt(2, clock), await personAt(1, clock)];
  const camera = senderOf(ada, 'video', 1);
  for (let senderId = 10; senderId < 18; senderId++) senderOf(forger, 'video', senderId);
  const fake = senderOf(forger, 'video', 2);
  const [first, second] = [receiverOf(bob, 'video', 100), receiverOf(bob, 'video', 101)];
  return { clock, ada, bob, forger, camera, fake, first, second };
}

function senderOf(person: TestPerson, medium: Medium, senderId: number): Sender {
  const sender = person.pipeline.createSender(senderId, medium);
  sender.name(medium === 'video' ? 'camera' : 'microphone');
  return sender;
}

function receiverOf(person: TestPerson, medium: Medium, receiverId: number): Receiver {
  return person.pipeline.createReceiver(receiverId, medium, () => undefined);
}

async function isShown(
  { clock }: Pick<Scene, 'clock'>,
  receiver: Receiver,
  sender: Sender,
  frame: EncodedFrame = keyFrame(),
): Promise<boolean> {
  return (await receiver.open(forwarded(frame, await sender.seal(frame)), clock.nowMs())) !== undefined;
}

describe('contexts that beats name', () => {
  test('[S107] beside a context that the beat names, another of its kind is never shown', async () => {
    const at = await scene();
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    await at.bob.instruct(beatOf(at.ada, at.clock));
    at.clock.advance(10_000);
    expect(await isShown(at, at.second, at.fake)).toBe(false);
    expect(at.second.drops.get('unnamed')).toBe(1);
    expect(at.bob.bound).toHaveLength(1);
  });

  test('[S107] a new sender is shown at once, and from 3 s on only if a beat has named it', async () => {
    const at = await scene();
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    at.clock.advance(2_900);
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    await at.bob.instruct(beatOf(at.ada, at.clock));
    at.clock.advance(60_000);
    expect(await isShown(at, at.first, at.camera)).toBe(true);
  });

  test('[S107] whoever was impersonated once is shown by what beats name alone', async () => {
    const at = await scene();
    await at.bob.instruct({ ...beatOf(at.ada, at.clock), contexts: [] });
    expect(await isShown(at, at.first, at.fake)).toBe(true);
    at.clock.advance(3_000);
    expect(await isShown(at, at.first, at.fake)).toBe(false);
    for (const senderId of [20, 21]) {
      const another = senderOf(at.forger, 'video', senderId);
      expect(await isShown(at, at.first, another)).toBe(false);
    }
    at.first.release();
    expect(await isShown(at, at.first, at.camera)).toBe(false);
    await at.bob.instruct(beatOf(at.ada, at.clock));
    expect(await isShown(at, at.first, at.camera)).toBe(true);
  });

  test('[S107] a sender that has sent nothing in an epoch is named all the same, and nothing of it is stale', async () => {
    const at = await scene();
    await at.ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    await at.bob.instruct(epochOf(1, 2, [1, 2, 3]), beatOf(at.ada, at.clock));
    at.clock.advance(20_000);
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    expect(await isShown(at, at.first, at.camera, delta(1))).toBe(true);
  });

  test('[S108] what was withheld of a sender that has ended is not shown from 3 s after the beat without it', async () => {
    const at = await scene();
    const { clock, ada, bob } = at;
    const speaker = receiverOf(bob, 'audio', 50);
    const before = senderOf(ada, 'audio', 5);
    expect(await isShown(at, speaker, before, opus(1))).toBe(true);
    await bob.instruct(beatOf(ada, clock));
    const withheld: EncodedFrame[] = [];
    for (let index = 0; index < 3; index++) withheld.push(forwarded(opus(2), await before.seal(opus(2))));
    ada.pipeline.removeSender(5);
    const after = senderOf(ada, 'audio', 6);
    await bob.instruct(beatOf(ada, clock));
    const shown: boolean[] = [];
    for (const frame of withheld) {
      shown.push((await speaker.open(frame, clock.nowMs())) !== undefined);
      for (let second = 0; second < 2; second++) {
        clock.advance(1_000);
        await after.seal(opus(3));
        await bob.instruct(beatOf(ada, clock));
      }
    }
    expect(shown).toEqual([true, true, false]);
  });

  test('[S108] a number below the newest that was named is not new', async () => {
    const at = await scene();
    await at.bob.instruct({ ...beatOf(at.ada, at.clock), contexts: [{ context: 80, counter: 0 }] });
    expect(await isShown(at, at.second, at.fake)).toBe(false);
  });
});

describe('the veto of the SFU', () => {
  const people = (at: Scene) =>
    new Map([
      [at.ada.leafKey, 'ada-at-the-sfu'],
      [at.bob.leafKey, 'bob-at-the-sfu'],
    ]);

  test("[S110] on another's track nothing is shown as hers, and her own counters are not used up", async () => {
    const at = await scene();
    at.bob.pipeline.setPeople(people(at));
    at.bob.pipeline.setCarrier(101, 'mallory-at-the-sfu');
    at.bob.pipeline.setCarrier(100, 'ada-at-the-sfu');
    expect(await isShown(at, at.second, at.fake)).toBe(false);
    const frame = forwarded(keyFrame(), await at.camera.seal(keyFrame()));
    expect(await at.second.open(frame, at.clock.nowMs())).toBeUndefined();
    expect(at.second.drops.get('other-sender')).toBe(2);
    expect(await at.first.open(frame, at.clock.nowMs())).toBeDefined();
  });

  test('[S110] it takes back what was bound before it was known, and forbids nothing that it does not know', async () => {
    const at = await scene();
    at.bob.pipeline.setCarrier(101, 'mallory-at-the-sfu');
    expect(await isShown(at, at.second, at.fake)).toBe(true);
    at.bob.pipeline.setPeople(people(at));
    expect(at.bob.unbound).toEqual([101]);
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    at.bob.pipeline.setCarrier(100, 'ada-at-the-sfu');
    expect(await isShown(at, at.first, at.camera)).toBe(true);
  });
});

describe('one receiver for one person and kind', () => {
  test('[S111] the first keeps it until it is silent; then the page is told that it shows nobody', async () => {
    const at = await scene();
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    expect(await isShown(at, at.second, at.fake)).toBe(false);
    at.clock.advance(1_900);
    expect(await isShown(at, at.second, at.fake)).toBe(false);
    expect([at.second.drops.get('other-receiver'), at.bob.unbound]).toEqual([2, []]);
    at.clock.advance(100);
    expect(await isShown(at, at.second, at.camera)).toBe(true);
    expect(at.bob.unbound).toEqual([100]);
    expect(await isShown(at, at.first, at.camera)).toBe(false);
  });

  test('[S111] a receiver that was released gives way at once', async () => {
    const at = await scene();
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    at.first.release();
    expect(await isShown(at, at.second, at.camera)).toBe(true);
  });
});

describe('a receiver that shows somebody else', () => {
  test('[S113] a picture begins with a key frame, when it is bound, rebound and released', async () => {
    const at = await scene();
    const carol = senderOf(await personAt(3, at.clock), 'video', 1);
    expect(await isShown(at, at.first, at.camera, delta(1))).toBe(false);
    expect(at.bob.bound).toEqual([]);
    expect(await isShown(at, at.first, at.camera)).toBe(true);
    expect(await isShown(at, at.first, carol)).toBe(false);
    const [foreign] = at.bob.foreign;
    if (!foreign) throw new Error('reported');
    at.first.rebind(foreign.binding);
    expect(await isShown(at, at.first, carol, delta(2))).toBe(false);
    expect(await isShown(at, at.first, carol)).toBe(true);
    expect(await isShown(at, at.first, carol, delta(3))).toBe(true);
    at.first.release();
    expect(await isShown(at, at.first, at.camera, delta(4))).toBe(false);
    expect(await isShown(at, at.first, at.camera)).toBe(true);
  });

  test('[S114] sound is not rebound while it is heard, and waits until that of another has been played', async () => {
    const at = await scene();
    const speaker = receiverOf(at.bob, 'audio', 50);
    const adas = senderOf(at.ada, 'audio', 5);
    const carols = senderOf(await personAt(3, at.clock), 'audio', 5);
    expect(await isShown(at, speaker, adas, opus(1))).toBe(true);
    expect(await isShown(at, speaker, carols, opus(2))).toBe(false);
    expect(at.bob.foreign).toEqual([]);
    speaker.release();
    expect(await isShown(at, speaker, carols, opus(2))).toBe(false);
    at.clock.advance(500);
    expect(await isShown(at, speaker, carols, opus(2))).toBe(true);
    at.clock.advance(2_000);
    expect(await isShown(at, speaker, adas, opus(1))).toBe(false);
    expect(at.bob.foreign).toHaveLength(1);
  });
});

test('[S18] the contexts of one member take nothing from the others, who publish later', async () => {
  const at = await scene();
  const mallory = await personAt(3, at.clock);
  for (let senderId = 0; senderId < 1_024; senderId++) {
    await isShown(at, at.second, senderOf(mallory, 'video', senderId));
  }
  expect(await isShown(at, at.first, at.camera)).toBe(true);
});
