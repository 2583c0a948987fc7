import { BEAT_CONTEXTS_MAX } from '@conclave/calling/limits';
import { NOTHING_COUNTED } from '@conclave/calling/media-instruction';
import { parseMediaFrame } from '@conclave/crypto/frame-crypto';
import { decodeKid } from '@conclave/crypto/kid';
import type { Bytes } from '@conclave/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Receiver } from '../src/media/open-path.ts';
import type { EncodedFrame, Sender } from '../src/media/seal-path.ts';
import type { HandClock, TestPerson } from './media-kit.ts';
import {
  delta,
  epochOf,
  forwarded,
  handClock,
  keyFrame,
  leafKeyOf,
  newcomer,
  opus,
  personAt,
} from './media-kit.ts';

type Pair = {
  readonly clock: HandClock;
  readonly ada: TestPerson;
  readonly bob: TestPerson;
  readonly camera: Sender;
  readonly screen: Receiver;
  readonly keyFrameRequests: () => number;
};

/** Ada's camera, and Bob's first video receiver. */
async function pair(): Promise<Pair> {
  const clock = handClock();
  const ada = await personAt(1, clock);
  const bob = await personAt(2, clock);
  const camera = cameraOf(ada);
  let requests = 0;
  const screen = bob.pipeline.createReceiver(100, 'video', () => requests++);
  return { clock, ada, bob, camera, screen, keyFrameRequests: () => requests };
}

function cameraOf(person: TestPerson, senderId = 1): Sender {
  const sender = person.pipeline.createSender(senderId, 'video');
  sender.name('camera');
  return sender;
}

async function sealed(sender: Sender, frame: EncodedFrame): Promise<EncodedFrame> {
  return forwarded(frame, await sender.seal(frame));
}

function open({ clock }: Pair, receiver: Receiver, frame: EncodedFrame): Promise<Bytes | undefined> {
  return receiver.open(frame, clock.nowMs());
}

function headerOf(frame: EncodedFrame) {
  const parsed = frame.codec && parseMediaFrame(frame.codec, frame.data);
  if (!parsed?.ok) throw new Error('no SFrame header');
  return parsed.value.header;
}

/** Lets everything that is not waiting for time come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('what leaves', () => {
  test('[S3] a sender keeps its context; its counter starts at 0 with each epoch, and no two senders share', async () => {
    const { ada, camera } = await pair();
    const second = cameraOf(ada, 2);
    const first = [
      await sealed(camera, delta(1)),
      await sealed(second, delta(2)),
      await sealed(camera, delta(3)),
    ];
    await ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    const then = [await sealed(camera, delta(4))];
    const seen = [...first, ...then]
      .map(headerOf)
      .map(({ kid, counter }) => [decodeKid(kid).context, counter]);
    expect(seen).toEqual([
      [1, 0],
      [5, 0],
      [1, 1],
      [1, 0],
    ]);
    expect(ada.pipeline.sendContexts()).toEqual({
      epoch: 1,
      contexts: [
        { context: 1, counter: 0 },
        { context: 5, counter: NOTHING_COUNTED },
      ],
    });
  });

  test('[S3] many frames at once take counters that differ', async () => {
    const { camera } = await pair();
    const frames = await Promise.all(Array.from({ length: 50 }, (_, index) => sealed(camera, delta(index))));
    expect(new Set(frames.map((frame) => headerOf(frame).counter)).size).toBe(50);
  });

  test('[S23] a beat is told the live senders in ascending order, the last that sealed if they are too many', async () => {
    const { ada, camera } = await pair();
    const senders = Array.from({ length: 40 }, (_, index) => cameraOf(ada, 100 - index));
    for (const sender of senders.toReversed()) await sealed(sender, delta(1));
    const told = ada.pipeline.sendContexts().contexts.map(({ context }) => context);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told).toEqual(Array.from({ length: BEAT_CONTEXTS_MAX }, (_, index) => (index + 1) * 4 + 1));
    for (const sender of senders) ada.pipeline.removeSender(sender.senderId);
    ada.pipeline.removeSender(camera.senderId);
    expect(ada.pipeline.sendContexts().contexts).toEqual([]);
  });

  test('[S2] an epoch is granted once, never a smaller one, never one without a key', async () => {
    const { ada, camera } = await pair();
    await ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    await sealed(camera, delta(1));
    await ada.instruct({ t: 'send', epoch: 0 }, { t: 'send', epoch: 1 }, { t: 'send', epoch: 2 });
    const next = headerOf(await sealed(camera, delta(2)));
    expect([decodeKid(next.kid).epochLow, next.counter]).toEqual([1, 1]);
  });

  test('[S1] an epoch is entered once: a second base key for it changes nothing, and both are erased', async () => {
    const pairing = await pair();
    const { ada, camera, screen } = pairing;
    const again = { ...epochOf(0, 1, [1, 2, 3]), baseKey: new Uint8Array(32).fill(77) };
    await ada.instruct(again, { t: 'send', epoch: 0 });
    const frame = await sealed(camera, keyFrame(5));
    expect(headerOf(frame).counter).toBe(0);
    expect(await open(pairing, screen, frame)).toEqual(keyFrame(5).data);
    expect(again.baseKey).toEqual(new Uint8Array(32));
  });

  test('[S1] another group ends every key before it, and the old group never comes back', async () => {
    const { ada, camera } = await pair();
    const other = new Uint8Array(16).fill(8);
    await ada.instruct(epochOf(0, 1, [1, 2, 3], other));
    expect(await camera.seal(delta(1))).toBeUndefined();
    await ada.instruct({ t: 'send', epoch: 0 });
    expect(await camera.seal(delta(1))).toBeDefined();
    await ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    expect(headerOf(await sealed(camera, delta(2))).counter).toBe(1);
  });

  test('[S4] the next call in the page starts with nothing: no key, no open gate, nobody confirmed', async () => {
    const pairing = await pair();
    const { ada, bob, camera, screen, clock } = pairing;
    for (const person of [ada, bob]) await person.pipeline.reset();
    const other = new Uint8Array(16).fill(7);
    await ada.instruct(epochOf(0, 1, [1, 2], other), { t: 'send', epoch: 0 });
    await bob.instruct(epochOf(0, 2, [1, 2], other), { t: 'send', epoch: 0 });
    expect(await camera.seal(delta(1))).toBeUndefined();
    await ada.instruct({ t: 'gate', isOpen: true });
    const opened = open(pairing, screen, await sealed(camera, delta(1)));
    await settle();
    clock.advance(1_000);
    expect(await opened).toBeUndefined();
    expect(screen.drops.get('unconfirmed')).toBe(1);
    await ada.instruct(epochOf(5, 1, [1, 2]), { t: 'send', epoch: 5 });
    expect(decodeKid(headerOf(await sealed(camera, delta(2))).kid).epochLow).toBe(0);
  });

  test('[S5] nothing leaves before a key, with the gate shut, while muted, unnamed, of no codec, or empty', async () => {
    const clock = handClock();
    const ada = newcomer(1, clock);
    const camera = cameraOf(ada);
    const frame = delta(1);
    const tries: [string, boolean][] = [];
    const attempt = async (when: string, sender = camera, what = frame) => {
      tries.push([when, (await sender.seal(what)) !== undefined]);
    };
    await attempt('no key');
    await ada.instruct({ t: 'gate', isOpen: true });
    await attempt('no key, open');
    await ada.instruct(epochOf(0, 1, [1, 2]));
    await attempt('no grant');
    await ada.instruct({ t: 'send', epoch: 0 });
    await attempt('all there');
    await ada.instruct({ t: 'gate', isOpen: false });
    await attempt('shut');
    await ada.instruct({ t: 'gate', isOpen: true });
    camera.mute(true);
    await attempt('muted');
    camera.mute(false);
    await attempt('no codec', camera, { ...frame, codec: undefined });
    await attempt('empty', camera, { ...frame, data: new Uint8Array(0) });
    await attempt('unnamed', ada.pipeline.createSender(2, 'video'));
    await attempt('again');
    expect(tries.filter(([, left]) => left).map(([when]) => when)).toEqual(['all there', 'again']);
    expect(camera.name('microphone')).toBe(false);
    expect(camera.name('screenVideo')).toBe(false);
  });

  test('[S126] alone, a VP8 sender says once that it is there, and nothing of the picture', async () => {
    const ada = newcomer(1, handClock());
    const camera = cameraOf(ada);
    const left: (Bytes | undefined)[] = [];
    const attempt = async (sender = camera, what = keyFrame(1)) => void left.push(await sender.seal(what));
    await attempt();
    await ada.instruct(epochOf(0, 1, [1, 2]), { t: 'send', epoch: 0 });
    await attempt();
    await ada.instruct(epochOf(1, 1, [1]), { t: 'send', epoch: 1 });
    camera.mute(true);
    await attempt();
    camera.mute(false);
    await attempt(ada.pipeline.createSender(2, 'video'));
    await attempt(camera, { ...keyFrame(1), codec: 'vp9' });
    expect(left).toEqual([undefined, undefined, undefined, undefined, undefined]);
    await attempt();
    await attempt();
    expect(left.slice(5)).toEqual([Uint8Array.of(1, 0), undefined]);
    expect(parseMediaFrame('vp8', Uint8Array.of(1, 0)).ok).toBe(false);
    expect(camera.count()).toMatchObject({ framesSealed: 1, bytesSealed: 2 });
    await ada.instruct({ t: 'gate', isOpen: true });
    expect(ada.keyFrameWishes).toEqual([1]);
    expect(await camera.seal(keyFrame(2))).toHaveLength(keyFrame(2).data.length + 10 + 20);
    const { context } = camera.context() ?? {};
    expect(camera.context()).toEqual({ context, counter: 0 });
  });

  test('[S126] a sender that has sealed a frame has nothing to announce', async () => {
    const { ada, camera } = await pair();
    await sealed(camera, keyFrame(1));
    await ada.instruct({ t: 'gate', isOpen: false });
    expect(await camera.seal(keyFrame(2))).toBeUndefined();
  });

  test('[S5] when withheld pictures may leave, one key frame is asked for', async () => {
    const { ada, camera } = await pair();
    await ada.instruct({ t: 'gate', isOpen: false });
    await camera.seal(delta(1));
    await camera.seal(delta(2));
    expect(ada.keyFrameWishes).toEqual([]);
    await ada.instruct({ t: 'gate', isOpen: true }, { t: 'gate', isOpen: true });
    expect(ada.keyFrameWishes).toEqual([1]);
  });
});

describe('what is shown', () => {
  test('[S11] any other byte, codec or kind of frame than what was sealed gives nothing and changes nothing', async () => {
    const pairing = await pair();
    const { camera, screen } = pairing;
    const frame = await sealed(camera, keyFrame(1));
    const lies: EncodedFrame[] = [...frame.data].map((byte, index) => {
      const data = frame.data.slice();
      data[index] = byte ^ 1;
      return { ...frame, data };
    });
    lies.push({ ...frame, codec: 'vp9' }, { ...frame, codec: 'av1' }, { ...frame, codec: undefined });
    lies.push(keyFrame(1), { ...keyFrame(1), data: Uint8Array.of(0xf8, 0xff, 0xfe) });
    const opened = Promise.all(lies.map((lie) => open(pairing, screen, lie)));
    await settle();
    pairing.clock.advance(1_000);
    expect((await opened).filter((bytes) => bytes !== undefined)).toEqual([]);
    expect(pairing.bob.bound).toEqual([]);
    expect(await open(pairing, screen, frame)).toEqual(keyFrame(1).data);
  });

  test('[S11] arbitrary bytes never throw and never give a frame', async () => {
    const pairing = await pair();
    const codecs = fc.constantFrom('opus' as const, 'vp8' as const, 'vp9' as const, 'av1' as const);
    await fc.assert(
      fc.asyncProperty(codecs, fc.uint8Array({ maxLength: 64 }), async (codec, bytes) => {
        const frame = { codec, isKey: false, data: Uint8Array.from(bytes) };
        expect(await pairing.screen.open(frame, pairing.clock.nowMs() - 1_000)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test('[S12] a frame is shown once, on whatever receiver it comes again', async () => {
    const pairing = await pair();
    const { bob, camera, screen, clock } = pairing;
    const frames = [await sealed(camera, keyFrame(1)), await sealed(camera, keyFrame(2))];
    for (const frame of frames) expect(await open(pairing, screen, frame)).toBeDefined();
    clock.advance(5_000);
    const fresh = bob.pipeline.createReceiver(101, 'video', () => undefined);
    screen.release();
    for (const receiver of [screen, fresh]) {
      for (const frame of frames) expect(await open(pairing, receiver, frame)).toBeUndefined();
    }
    expect(fresh.drops.get('replayed')).toBe(2);
  });

  test('[S12] of the same frame twice at the same time one is shown', async () => {
    const pairing = await pair();
    const frame = await sealed(pairing.camera, keyFrame(1));
    const both = await Promise.all([1, 2].map(() => open(pairing, pairing.screen, frame)));
    expect(both.filter((bytes) => bytes !== undefined)).toHaveLength(1);
  });

  test('[S8] my own frames are never shown to me, in this epoch or the one before', async () => {
    const pairing = await pair();
    const { ada, camera } = pairing;
    const mirror = ada.pipeline.createReceiver(7, 'video', () => undefined);
    const before = await sealed(camera, keyFrame(1));
    await ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    for (const frame of [before, await sealed(camera, keyFrame(2))]) {
      expect(await open(pairing, mirror, frame)).toBeUndefined();
    }
    expect(mirror.drops.get('own')).toBe(2);
  });

  test('[S9] a frame of the next epoch waits for its key, in order, and needs no key frame', async () => {
    const pairing = await pair();
    const { ada, bob, camera, screen, clock } = pairing;
    await open(pairing, screen, await sealed(camera, keyFrame()));
    await ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    const opened = open(pairing, screen, await sealed(camera, delta(1)));
    await settle();
    clock.advance(900);
    await bob.instruct(epochOf(1, 2, [1, 2, 3]));
    expect(await opened).toEqual(delta(1).data);
    expect(pairing.keyFrameRequests()).toBe(0);
  });

  test('[S9] who comes to a picture under way asks for a key frame', async () => {
    const pairing = await pair();
    expect(await open(pairing, pairing.screen, await sealed(pairing.camera, delta(1)))).toBeUndefined();
    expect(pairing.keyFrameRequests()).toBe(1);
  });

  test('[S9] without its key it is dropped after 1 s, and the next delta asks for a key frame', async () => {
    const pairing = await pair();
    const { ada, bob, camera, screen, clock } = pairing;
    await open(pairing, screen, await sealed(camera, keyFrame()));
    await ada.instruct(epochOf(1, 1, [1, 2, 3]), { t: 'send', epoch: 1 });
    const opened = open(pairing, screen, await sealed(camera, delta(1)));
    await settle();
    clock.advance(1_000);
    expect(await opened).toBeUndefined();
    expect(screen.drops.get('no-key')).toBe(1);
    await bob.instruct(epochOf(1, 2, [1, 2, 3]));
    expect(await open(pairing, screen, await sealed(camera, delta(2)))).toBeDefined();
    expect(pairing.keyFrameRequests()).toBe(1);
  });

  test.each([
    [4, 'no-key'],
    [5, 'unknown-key'],
    [251, 'unknown-key'],
  ])('[S9] %i epochs ahead: %s', async (ahead, reason) => {
    const pairing = await pair();
    const { ada, camera, screen, clock } = pairing;
    await ada.instruct(epochOf(ahead, 1, [1, 2, 3]), { t: 'send', epoch: ahead });
    const opened = open(pairing, screen, await sealed(camera, keyFrame(1)));
    await settle();
    clock.advance(1_000);
    await opened;
    expect([...screen.drops]).toEqual([[reason, 1]]);
  });

  test('[S6] an old epoch opens frames for 8 s, a retired one until then, and never longer for being asked', async () => {
    const pairing = await pair();
    const { bob, camera, screen, clock } = pairing;
    const frames: EncodedFrame[] = [];
    for (let index = 0; index < 4; index++) frames.push(await sealed(camera, keyFrame(index)));
    const [first, second, third, fourth] = frames;
    if (!first || !second || !third || !fourth) throw new Error('four frames');
    await bob.instruct(epochOf(1, 2, [1, 2, 3]));
    clock.advance(7_900);
    expect(await open(pairing, screen, first)).toBeDefined();
    await bob.instruct({ t: 'retire', epoch: 0, atMs: clock.unixMs() + 60_000 });
    expect(await open(pairing, screen, second)).toBeDefined();
    clock.advance(100);
    expect(await open(pairing, screen, third)).toBeUndefined();

    const other = await pair();
    const early = await sealed(other.camera, keyFrame(1));
    await other.bob.instruct(epochOf(1, 2, [1, 2, 3]), {
      t: 'retire',
      epoch: 0,
      atMs: other.clock.unixMs() + 1_000,
    });
    other.clock.advance(1_000);
    expect(await open(other, other.screen, early)).toBeUndefined();
  });

  test('[S6] at most four epochs live, and one with the same low bits ends the other', async () => {
    const pairing = await pair();
    const { bob, camera, screen } = pairing;
    const old = await sealed(camera, keyFrame(1));
    for (const epoch of [1, 2, 3]) await bob.instruct(epochOf(epoch, 2, [1, 2, 3]));
    expect(await open(pairing, screen, old)).toBeDefined();
    const older = await sealed(camera, keyFrame(2));
    await bob.instruct(epochOf(4, 2, [1, 2, 3]));
    expect(await open(pairing, screen, older)).toBeUndefined();

    const other = await pair();
    const same = await sealed(other.camera, keyFrame(1));
    await other.bob.instruct(epochOf(256, 2, [1, 2, 3]));
    expect(await open(other, other.screen, same)).toBeUndefined();
  });

  test('[S7] frames of somebody who has left are gone at once; so are those of a leaf that another took', async () => {
    const pairing = await pair();
    const { bob, camera, screen } = pairing;
    const [first, second] = [await sealed(camera, keyFrame(1)), await sealed(camera, keyFrame(2))];
    await bob.instruct(epochOf(1, 2, [2, 3]));
    expect(await open(pairing, screen, first)).toBeUndefined();
    const taken = { ...epochOf(2, 2, [1, 2, 3]), leaves: [{ leafIndex: 1, leafKey: leafKeyOf(44) }] };
    await bob.instruct(taken);
    expect(await open(pairing, screen, second)).toBeUndefined();
  });

  test('[S13] frames of an unconfirmed person wait for the confirmation 1 s at most', async () => {
    const pairing = await pair();
    const { bob, camera, screen, clock } = pairing;
    await bob.instruct({ t: 'confirmed', leafKeys: [] });
    const lost = open(pairing, screen, await sealed(camera, keyFrame(1)));
    await settle();
    clock.advance(1_000);
    expect(await lost).toBeUndefined();
    const kept = open(pairing, screen, await sealed(camera, keyFrame(2)));
    await settle();
    expect(bob.bound).toEqual([]);
    clock.advance(500);
    await bob.instruct({ t: 'confirmed', leafKeys: [leafKeyOf(1)] });
    expect(await kept).toEqual(keyFrame(2).data);
  });

  test('[S14] the first authentic frame binds the receiver to leaf and kind; others are dropped until it is rebound', async () => {
    const pairing = await pair();
    const { bob, camera, screen, clock, ada } = pairing;
    const carol = cameraOf(await personAt(3, clock));
    expect(await open(pairing, screen, await sealed(camera, keyFrame(1)))).toBeDefined();
    const adas = { leafKey: ada.leafKey, kind: 'camera' };
    expect(bob.bound).toEqual([{ receiverId: 100, binding: adas }]);
    for (let index = 0; index < 3; index++) {
      expect(await open(pairing, screen, await sealed(carol, keyFrame(index)))).toBeUndefined();
    }
    const [foreign] = bob.foreign;
    expect(bob.foreign).toHaveLength(1);
    if (!foreign) throw new Error('reported');
    expect(await open(pairing, screen, await sealed(camera, keyFrame(2)))).toBeDefined();
    screen.rebind(foreign.binding);
    expect(await open(pairing, screen, await sealed(camera, keyFrame(3)))).toBeUndefined();
    expect(await open(pairing, screen, await sealed(carol, keyFrame(9)))).toEqual(keyFrame(9).data);
    expect(bob.bound.at(-1)).toEqual(foreign);
  });

  test('[S14] camera and screen of one person are not taken for each other', async () => {
    const pairing = await pair();
    const { ada, camera, screen } = pairing;
    const shared = ada.pipeline.createSender(9, 'video');
    shared.name('screenVideo');
    await open(pairing, screen, await sealed(camera, keyFrame(1)));
    expect(await open(pairing, screen, await sealed(shared, keyFrame(2)))).toBeUndefined();
    expect(screen.drops.get('other-leaf')).toBe(1);
  });

  test('[S15] a KID feeds one receiver: another gets it after two seconds of silence, or after a release', async () => {
    const pairing = await pair();
    const { bob, camera, screen, clock } = pairing;
    const second = bob.pipeline.createReceiver(101, 'video', () => undefined);
    await open(pairing, screen, await sealed(camera, keyFrame(1)));
    clock.advance(1_900);
    expect(await open(pairing, second, await sealed(camera, keyFrame(2)))).toBeUndefined();
    expect(bob.bound).toHaveLength(1);
    clock.advance(100);
    expect(await open(pairing, second, await sealed(camera, keyFrame(3)))).toBeDefined();
    second.release();
    expect(await open(pairing, screen, await sealed(camera, keyFrame(4)))).toBeDefined();
  });

  test('[S16] a frame that a beat counted more than 3 s ago is stale; one that came in time is not', async () => {
    const pairing = await pair();
    const { bob, camera, screen, clock } = pairing;
    const frames: EncodedFrame[] = [];
    for (let index = 0; index < 4; index++) frames.push(await sealed(camera, keyFrame(index)));
    const counters = (counter: number) =>
      ({
        t: 'counters',
        leafKey: leafKeyOf(1),
        epoch: 0,
        contexts: [{ context: 1, counter }],
        receivedAtMs: clock.unixMs(),
      }) as const;
    await bob.instruct(counters(1));
    clock.advance(2_900);
    const shown: boolean[] = [];
    const show = async (frame: EncodedFrame | undefined) =>
      shown.push((await open(pairing, screen, frame ?? keyFrame(0))) !== undefined);
    await show(frames[0]);
    await bob.instruct(counters(2));
    clock.advance(200);
    await show(frames[1]);
    await show(frames[2]);
    clock.advance(3_000);
    await show(frames[2]);
    await show(frames[3]);
    expect(shown).toEqual([true, false, true, false, true]);
    expect(screen.drops.get('stale')).toBe(2);
  });

  test('[S25] a picture that stands still while its owner goes on is said to be delayed', async () => {
    const pairing = await pair();
    const { ada, bob, camera, screen, clock } = pairing;
    await open(pairing, screen, await sealed(camera, keyFrame(0)));
    const beat = (counter: number) => ({
      t: 'counters' as const,
      leafKey: leafKeyOf(1),
      epoch: 0,
      contexts: [{ context: 1, counter }],
      receivedAtMs: clock.unixMs(),
    });
    const troubles = async (counter: number) => {
      await bob.instruct(beat(counter));
      clock.advance(3_001);
      bob.pipeline.troubleChanges();
      clock.advance(1_000);
      return bob.pipeline.troubleChanges();
    };
    expect(await troubles(9)).toEqual([]);
    expect(await troubles(60)).toEqual([{ leafKey: ada.leafKey, kind: 'camera', trouble: 'delayed' }]);
    for (let index = 1; index < 62; index++) await camera.seal(keyFrame(index));
    await open(pairing, screen, await sealed(camera, keyFrame(62)));
    expect(bob.pipeline.troubleChanges()).toEqual([
      { leafKey: ada.leafKey, kind: 'camera', trouble: undefined },
    ]);
  });

  test('[S17] sound is not shown as a picture, nor a picture played', async () => {
    const pairing = await pair();
    const { ada, bob, camera } = pairing;
    const microphone = ada.pipeline.createSender(5, 'audio');
    microphone.name('microphone');
    const speaker = bob.pipeline.createReceiver(50, 'audio', () => undefined);
    const heard = await sealed(microphone, opus(1));
    expect(await open(pairing, pairing.screen, heard)).toBeUndefined();
    expect(await open(pairing, speaker, await sealed(camera, { ...opus(1) }))).toBeUndefined();
    expect(await open(pairing, speaker, heard)).toEqual(opus(1).data);
  });

  test('[S18] two thousand made-up contexts cost bounded memory and disturb nobody who is shown', async () => {
    const pairing = await pair();
    const { camera, screen, bob } = pairing;
    await open(pairing, screen, await sealed(camera, keyFrame(1)));
    const noise = bob.pipeline.createReceiver(102, 'video', () => undefined);
    const real = await sealed(camera, keyFrame(2));
    for (let counter = 1_100; counter < 3_100; counter++) {
      const kid = (counter * 4 + 1) * 2 ** 20 + 256;
      const header = Uint8Array.of(
        0xc8,
        ...[32, 24, 16, 8, 0].map((shift) => Math.floor(kid / 2 ** shift) & 255),
        9,
      );
      const data = Uint8Array.from([0x01, ...header, ...new Uint8Array(40)]);
      await open(pairing, noise, { ...real, data });
    }
    expect(noise.drops.get('unauthentic')).toBe(2_000);
    expect(await open(pairing, screen, real)).toEqual(keyFrame(2).data);
  });

  test("[S24] a person's trouble is said after a second without a frame, and taken back with the next one", async () => {
    const pairing = await pair();
    const { ada, bob, camera, screen, clock } = pairing;
    await open(pairing, screen, await sealed(camera, keyFrame(1)));
    await bob.instruct({ t: 'confirmed', leafKeys: [] });
    const lost = open(pairing, screen, await sealed(camera, keyFrame(2)));
    await settle();
    clock.advance(1_000);
    await lost;
    expect(bob.pipeline.troubleChanges()).toEqual([]);
    clock.advance(1_000);
    const of = { leafKey: ada.leafKey, kind: 'camera' };
    expect(bob.pipeline.troubleChanges()).toEqual([{ ...of, trouble: 'unconfirmed' }]);
    await bob.instruct({ t: 'confirmed', leafKeys: [leafKeyOf(1)] });
    await open(pairing, screen, await sealed(camera, keyFrame(3)));
    expect(bob.pipeline.troubleChanges()).toEqual([{ ...of, trouble: undefined }]);
  });
});
