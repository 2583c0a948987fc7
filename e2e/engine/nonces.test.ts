/**
 * No key seals twice under one nonce (D12): a log of every AES-GCM encryption over everything that makes keys, counters
 * and workers begin anew, with the real server, with pipelines alone, and with a log that is shown to notice.
 */
import type { MediaInstruction } from '@conclave/calling/media-instruction';
import { type Device, World } from '@conclave/calling/testing/world';
import { systemClock } from '@conclave/client/media/clock';
import { createKeyStore } from '@conclave/client/media/key-store';
import { createSender } from '@conclave/client/media/seal-path';
import { importBaseKey } from '@conclave/crypto/base-key';
import { encodeContext, encodeKid } from '@conclave/crypto/kid';
import { deriveFrameKey, sealFrame } from '@conclave/crypto/sframe';
import { decodeHeader } from '@conclave/crypto/sframe-header';
import type { Bytes } from '@conclave/protocol/bytes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EncryptionLog } from './encryption-log.ts';
import { eventually, grantsOf, MediaCall, pause, untilTogether } from './media-call.ts';
import { NodeMedia } from './node-media.ts';
import { NodeSfu } from './node-sfu.ts';
import { encodeFrame } from './numbered-frames.ts';
import { areTogether, enterAll, WorldMedia } from './world-media.ts';

const NO_BYTES = new Uint8Array(0);
let log: EncryptionLog;

beforeEach(() => {
  log = new EncryptionLog();
});

afterEach(() => {
  log.stop();
});

/** What every test but those of the log itself ends with. */
function expectNoDuplicate(): void {
  expect(log.duplicates).toEqual([]);
  expect(log.unknown).toBe(0);
  expect(log.frames).toBeGreaterThan(0);
}

function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

function epochIn(groupId: Bytes, epoch: number, baseKey: Bytes): Extract<MediaInstruction, { t: 'epoch' }> {
  const leaves = [0, 1].map((leafIndex) => ({ leafIndex, leafKey: new Uint8Array(32).fill(leafIndex + 1) }));
  return { t: 'epoch', groupId, epoch, baseKey: baseKey.slice(), leaves, ownLeafIndex: 0 };
}

/** A worker that may send at once, with three senders. */
async function worker(): Promise<NodeMedia> {
  const media = new NodeMedia('Ada', new NodeSfu<NodeMedia>());
  for (const kind of ['microphone', 'camera', 'screenVideo'] as const) media.start(kind);
  await media.instruct({ t: 'gate', isOpen: true });
  return media;
}

describe('one worker', () => {
  test('[S100] 600 epochs, every instruction said again, senders begun anew, and a second group', async () => {
    const media = await worker();
    const groups = [random(32), random(32)] as const;
    const baseKeys = groups.map(() => Array.from({ length: 600 }, () => random(32)));
    let screen = media.start('screenVideo');
    for (const [index, groupId] of groups.entries()) {
      for (let epoch = 0; epoch < 600; epoch++) {
        const baseKey = baseKeys[index]?.[epoch] ?? NO_BYTES;
        await media.instruct(epochIn(groupId, epoch, baseKey));
        await media.instruct({ t: 'send', epoch });
        await media.send(11);
        await media.instruct(epochIn(groupId, epoch, baseKey));
        await media.instruct({ t: 'send', epoch });
        if (epoch > 0) {
          await media.instruct(epochIn(groupId, epoch - 1, baseKeys[index]?.[epoch - 1] ?? NO_BYTES));
          await media.instruct({ t: 'send', epoch: epoch - 1 });
        }
        if (epoch % 50 === 49) {
          media.stop(screen);
          screen = media.start('screenVideo');
        }
        await media.send(11);
      }
    }
    // The first group comes back: it was left, and nothing of it may seal again.
    const sealed = media.sealed.length;
    await media.instruct(epochIn(groups[0], 599, baseKeys[0]?.[599] ?? NO_BYTES));
    await media.instruct({ t: 'send', epoch: 599 });
    await media.send(11);
    expect(sealed).toBe(2 * 600 * 22 * 4);
    expect(log.frames).toBe(sealed + 11 * 4);
    expectNoDuplicate();
  });

  test('[S100] a sender of each kind in turn: every one has a context of its own, beyond 5-byte KIDs', async () => {
    const media = await worker();
    await media.instruct(epochIn(random(32), 7, random(32)));
    await media.instruct({ t: 'send', epoch: 7 });
    for (let round = 0; round < 1_100; round++) {
      const senderId = media.start('microphone');
      await media.send(1);
      media.stop(senderId);
    }
    expectNoDuplicate();
  });

  test('[S100] around 2⁸, 2¹⁶, 2²⁴ and up to 2³² frames the nonces differ, and there the key is spent', async () => {
    const baseKey = await importBaseKey(random(32));
    const counters = [0, 1, 2 ** 8, 2 ** 16, 2 ** 24, 2 ** 31, 2 ** 32 - 2]
      .flatMap((counter) => [counter - 2, counter - 1, counter, counter + 1])
      .filter((counter) => counter >= 0);
    const distinct = [...new Set(counters)];
    for (const context of [0, 1, 4095, 4096, 2 ** 20].map((count) => encodeContext(count, 'camera'))) {
      const kid = encodeKid({ context, leafIndex: 99, epoch: 255 });
      const frameKey = await deriveFrameKey(baseKey, kid);
      for (const counter of distinct) {
        const sealed = await sealFrame(frameKey, counter, NO_BYTES, random(20));
        expect(decodeHeader(sealed)).toMatchObject({ kid, counter });
      }
      await expect(sealFrame(frameKey, 2 ** 32, NO_BYTES, NO_BYTES)).rejects.toThrow(RangeError);
    }
    expect(log.frames).toBe(5 * distinct.length);
    expectNoDuplicate();
  });
});

describe('the log', () => {
  test('[S100] notices two senders whose contexts are not counted', async () => {
    const keys = createKeyStore(systemClock);
    await keys.install(epochIn(random(32), 3, random(32)));
    keys.grantSend(3);
    const ports = {
      sending: keys.sending,
      isGateOpen: () => true,
      isAlone: () => false,
      nextTurn: () => 0,
      nextContextCounter: () => 0,
    };
    for (const senderId of [1, 2]) {
      const sender = createSender(senderId, 'audio', ports);
      sender.name('microphone');
      for (let count = 0; count < 5; count++) await sender.seal(encodeFrame('microphone', false, 'x'));
    }
    expect(log.duplicates).toHaveLength(5);
  });

  test('[S100] notices a second worker that is given the epoch and the grant of the first', async () => {
    const groupId = random(32);
    const baseKey = random(32);
    for (const media of [await worker(), await worker()]) {
      await media.instruct(epochIn(groupId, 3, baseKey));
      await media.instruct({ t: 'send', epoch: 3 });
      await media.send(4);
    }
    expect(log.duplicates).toHaveLength(3 * 4);
  });
});

describe('through the real server', () => {
  let call: MediaCall;

  beforeEach(async () => {
    call = await MediaCall.start();
  });

  afterEach(async () => {
    await call.end();
  });

  test('[S101] a media worker begun in mid-call seals nothing before the next epoch', async () => {
    const ada = await call.enter('Ada');
    const bob = await call.enter('Bob', { link: ada.person.link });
    await untilTogether([ada, bob]);
    await eventually('Bob is heard', () => ada.media.shown.length > 20);
    const fresh = call.restartWorker(bob);
    await fresh.instruct({ t: 'gate', isOpen: true });
    await fresh.instruct({ t: 'confirmed', leafKeys: [ada.person.key.publicKey] });
    for (const epoch of [0, 1, 2]) await fresh.instruct({ t: 'send', epoch });
    await pause(400);
    expect(fresh.sealed).toEqual([]);
    expect(fresh.shown).toEqual([]);
    const max = await call.enter('Max', { link: ada.person.link });
    await untilTogether([ada, bob, max]);
    await eventually('the new worker seals', () => fresh.sealed.length > 20);
    expectNoDuplicate();
  });

  test('[S102] a reload, and a page that goes on beside it: no grant is given to both', async () => {
    const ada = await call.enter('Ada');
    const bob = await call.enter('Bob', { link: ada.person.link });
    await untilTogether([ada, bob]);
    bob.person.vanish();
    const back = await call.enter('Bob', { link: bob.person.link, key: bob.person.key });
    await untilTogether([ada, back]);
    // A tab that was copied, storage and all: the server lets one of them be there.
    const copy = await call.enter('Bob', { link: back.person.link, key: back.person.key });
    await back.person.until('the end', (_view, person) => person.closed !== undefined);
    expect(back.person.closed).toBe('SUPERSEDED');
    await untilTogether([ada, copy]);
    // The pages before it are kept alive, as a browser keeps one that was left, and go on with what they have.
    const pages = [bob, back, copy];
    for (const { media } of pages) await media.instruct({ t: 'gate', isOpen: true });
    const before = pages.map(({ media }) => media.sealed.length);
    await Promise.all(pages.map(({ media }) => media.send(50)));
    const sealed = pages.map(({ media }, index) => media.sealed.length - (before[index] ?? 0));
    expect(Math.min(...sealed)).toBeGreaterThanOrEqual(100);
    const grants = pages.flatMap(({ person }) => grantsOf(person));
    expect(grants.length).toBeGreaterThanOrEqual(3);
    expect(new Set(grants).size).toBe(grants.length);
    expectNoDuplicate();
  });

  test('[S102] a host alone, loaded again, is in another group', async () => {
    const ada = await call.enter('Ada');
    ada.person.vanish();
    const host = await call.enter('Ada', { link: ada.person.link, key: ada.person.key });
    const bob = await call.enter('Bob', { link: host.person.link });
    await untilTogether([host, bob]);
    // The first page never heard anybody; let it seal all the same.
    await ada.media.instruct({ t: 'gate', isOpen: true });
    await Promise.all([ada, host, bob].map(({ media }) => media.send(50)));
    expect(ada.media.sealed.length).toBeGreaterThan(0);
    const grants = [ada, host].flatMap(({ person }) => grantsOf(person));
    expect(new Set(grants).size).toBe(grants.length);
    expect(new Set(grants.map((grant) => grant.split(' ')[0])).size).toBe(2);
    expectNoDuplicate();
  });
});

describe('over a lying or lossy delivery service', () => {
  /** Every page that ever was seals after every step of any machine: none may be let to do harm at any moment. */
  async function sealingWorld(
    seed: number,
  ): Promise<{ world: World; media: WorldMedia; settle: () => Promise<void> }> {
    const world = await World.create({ seed });
    const media = new WorldMedia(world);
    const sends: Promise<void>[] = [];
    world.afterStep = (device) => {
      media.obey(device);
      sends.push(...media.all.map((one) => one.send(1)));
    };
    const settle = async () => {
      await Promise.all(sends);
    };
    return { world, media, settle };
  }

  test('[S100] an epoch that was taken back and given another commit is not sealed under twice', async () => {
    const { world, media, settle } = await sealingWorld(1);
    const all = await enterAll(world, ['Ada', 'Ben', 'Cem', 'Dora']);
    const [ada, ben] = all as [Device, Device];
    const fooled = new Set<Device>();
    world.intercept = ({ way, device, message }) => {
      if (way !== 'down' || device === ada || message.t !== 'commit' || fooled.has(device)) return undefined;
      fooled.add(device);
      return [{ message: { ...message, left: ['A'.repeat(22)] }, delayMs: 0 }];
    };
    const epoch = ada.state.member?.epoch ?? 0;
    ada.feed({ t: 'make-host', leafKey: ben.key.publicKey });
    await world.until(() => ben.state.member?.stuckSinceMs !== undefined);
    await world.until(() => areTogether(all) && (ada.state.member?.epoch ?? 0) > epoch, 20_000);
    await settle();
    const sealed = media.of(ada).sealed.length;
    await world.until(() => all.every((device) => media.of(device).contexts().epoch !== undefined), 20_000);
    await media.of(ada).send(10);
    expect(media.of(ada).sealed.length).toBe(sealed + 20);
    expectNoDuplicate();
  });

  test.each([1, 2, 3])('[S100] people come, go, reload, crash and are kicked, seed %i', async (seed) => {
    const { world, media, settle } = await sealingWorld(seed);
    const [host] = (await enterAll(world, ['Ada', 'Ben', 'Cem'])) as [Device];
    world.intercept = ({ message }) => {
      if (message.t === 'hello' || message.t === 'challenge' || message.t === 'session') return undefined;
      const dice = world.random.next();
      if (dice < 0.03) return [];
      return dice < 0.06 ? [0, 40].map((delayMs) => ({ message, delayMs })) : undefined;
    };
    for (let act = 0; act < 8; act++) {
      await world.run(100 + world.random.integer(1_500));
      await actAtRandom(world, host);
    }
    world.intercept = () => undefined;
    for (const device of world.devices) device.online();
    await world.run(5_000);
    await settle();
    expect(media.all.length).toBeGreaterThan(3);
    expectNoDuplicate();
  });
});

/** One thing that a person or a network does. */
async function actAtRandom(world: World, host: Device): Promise<void> {
  const alive = world.devices.filter(({ isGone }) => !isGone);
  const guests = alive.filter((device) => device !== host);
  const guest = guests.length > 0 ? world.random.pick(guests) : undefined;
  const dice = world.random.integer(9);
  if (dice < 3 && alive.length < 6) {
    const newcomer = await world.add(`P${world.devices.length}`, { links: [host.view?.link ?? world.link] });
    newcomer.feed({ t: 'join' });
  } else if (dice === 3) guest?.feed({ t: 'leave' });
  else if (dice === 4) guest?.crash();
  else if (dice < 7) await world.random.pick(alive).reload();
  else if (dice === 7 && guest) host.feed({ t: 'kick', leafKey: guest.key.publicKey });
  else host.feed({ t: 'change-link' });
}
