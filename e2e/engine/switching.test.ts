/**
 * Epoch switches under traffic and lapsing confirmations, in virtual time: call machines, their frame pipelines and an
 * SFU with 20 ms of latency, over an in-memory delivery service.
 */
import { type Device, World } from '@conclave/calling/testing/world';
import { describe, expect, test } from 'vitest';
import { shownOf } from './media-call.ts';
import type { NodeMedia } from './node-media.ts';
import { areTogether, enterAll, WorldMedia } from './world-media.ts';

const SFU_LATENCY_MS = 20;
/** D16: a leaf is confirmed while its newest beat is younger than this. */
const CONFIRMED_MS = 25_000;

interface Call {
  readonly world: World;
  readonly media: WorldMedia;
  readonly all: readonly Device[];
}

/** People who send sound at 50 and pictures at 20 frames a second. */
async function callOf(...names: readonly string[]): Promise<Call> {
  const world = await World.create({ seed: 5 });
  const media = new WorldMedia(world);
  media.sfu.route = (packet, to) => world.clock.after(SFU_LATENCY_MS, () => media.sfu.put(packet, to));
  world.afterStep = (device) => media.obey(device);
  const all = await enterAll(world, names);
  media.run();
  await world.run(1_500);
  return { world, media, all };
}

async function join({ world }: Call, name: string, beside: readonly Device[]): Promise<Device> {
  const device = await world.add(name, { links: [beside[0]?.view?.link ?? world.link] });
  device.feed({ t: 'join' });
  await world.until(() => areTogether([...beside, device]), 20_000, `${name} in`);
  return device;
}

/** Frames that each of these sealed from a point in time on and another of them was not shown; there must be some. */
function lostAmong({ media }: Call, people: readonly Device[], fromMs: number): readonly string[] {
  const senders = people.map((device) => media.of(device));
  const sent = media.sfu.recorded.filter(
    ({ track, sealedAtMs }) => senders.includes(track.from) && sealedAtMs >= fromMs,
  );
  expect(sent.length).toBeGreaterThan(300);
  return people.flatMap((to) => {
    const shown = new Set(media.of(to).shown.map(({ label }) => label));
    return sent.flatMap(({ track, label, sealedAtMs }) => {
      const isLost = track.from !== media.of(to) && !shown.has(label);
      return isLost ? [`${label} to ${to.name}, sealed at ${sealedAtMs}`] : [];
    });
  });
}

/** Some time for what is on its way. */
async function drain({ world, media }: Call): Promise<void> {
  media.pause();
  await world.run(2_000);
  await Promise.all(media.all.map((one) => one.idle()));
}

function sealedSince(media: NodeMedia, count: number): number {
  return media.sealed.length - count;
}

describe('an epoch switch under traffic', () => {
  test('[S105] five people come one after another: of those who are there nobody loses a frame', async () => {
    const call = await callOf('Ada', 'Ben', 'Cem');
    const { world, media, all } = call;
    const fromMs = media.of(all[0] as Device).clock.nowMs();
    const sealed = all.map((device) => media.of(device).sealed.length);
    const people = [...all];
    for (const name of ['Dora', 'Emil', 'Fay', 'Gus', 'Hal']) {
      people.push(await join(call, name, people));
      await world.run(700);
    }
    await drain(call);
    expect(all[0]?.state.member?.epoch).toBeGreaterThanOrEqual(7);
    expect(lostAmong(call, all, fromMs)).toEqual([]);
    for (const [index, device] of all.entries()) {
      expect(sealedSince(media.of(device), sealed[index] ?? 0)).toBeGreaterThan(5 * 0.7 * 65);
    }
    // One epoch was sealed under after the other, by everybody.
    for (const device of people)
      expect(media.of(device).contexts().epoch).toBe(people[0]?.state.member?.epoch);
  });

  test('[S105] people leave, are kicked and crash: those who stay lose no frame either', async () => {
    const call = await callOf('Ada', 'Ben', 'Cem', 'Dora', 'Emil', 'Fay', 'Gus', 'Hal');
    const { world, media, all } = call;
    const [ada, ben, cem, dora, emil, fay, gus, hal] = all as Device[] as [
      Device,
      Device,
      Device,
      Device,
      Device,
      Device,
      Device,
      Device,
    ];
    const fromMs = media.of(ada).clock.nowMs();
    dora.feed({ t: 'leave' });
    await world.until(() => areTogether([ada, ben, cem, emil, fay, gus, hal]));
    await world.run(500);
    ada.feed({ t: 'kick', leafKey: emil.key.publicKey });
    await world.until(() => areTogether([ada, ben, cem, fay, gus, hal]));
    await world.run(500);
    fay.feed({ t: 'leave' });
    await world.until(() => areTogether([ada, ben, cem, gus, hal]));
    gus.crash();
    await world.until(() => areTogether([ada, ben, cem, hal]), 30_000);
    ada.feed({ t: 'kick', leafKey: hal.key.publicKey });
    await world.until(() => areTogether([ada, ben, cem]));
    await world.run(1_500);
    await drain(call);
    expect(lostAmong(call, [ada, ben, cem], fromMs)).toEqual([]);
  });
});

describe('a commit that is late', () => {
  test('[S105] one member has it 500 ms after the others, who seal under it at once: nobody loses a frame', async () => {
    const call = await callOf('Ada', 'Ben', 'Cem', 'Dora');
    const { world, media, all } = call;
    const [ada, ben, cem, dora] = all as [Device, Device, Device, Device];
    const fromMs = media.of(ada).clock.nowMs();
    world.intercept = ({ way, device, message }) =>
      device === cem && way === 'down' && message.t === 'commit' ? [{ message, delayMs: 500 }] : undefined;
    dora.feed({ t: 'leave' });
    await world.until(() => media.of(ben).contexts().epoch !== media.of(cem).contexts().epoch);
    await world.until(() => areTogether([ada, ben, cem]));
    await world.run(1_500);
    await join(call, 'Emil', [ada, ben, cem]);
    await drain(call);
    expect(lostAmong(call, [ada, ben, cem], fromMs)).toEqual([]);
  });
});

describe('who falls silent', () => {
  test('[S106] beats cut off: 25 s after the last nothing of that person is shown, and again when they come', async () => {
    const call = await callOf('Ada', 'Ben', 'Cem');
    const { world, media, all } = call;
    const [ada, ben, cem] = all as [Device, Device, Device];
    const cutAtMs = media.of(ada).clock.nowMs();
    world.intercept = ({ way, device, message }) =>
      device === cem && way === 'up' && message.t === 'beat' ? [] : undefined;
    await world.run(CONFIRMED_MS + 1_000);
    for (const device of [ada, ben]) {
      const one = media.of(device);
      const lastMs = one.shown.findLast(({ label }) => label.startsWith('Cem/'))?.atMs ?? 0;
      expect(lastMs - cutAtMs).toBeGreaterThan(10_000);
      expect(lastMs - cutAtMs).toBeLessThanOrEqual(CONFIRMED_MS + 50);
      expect(device.view?.people.find(({ name }) => name === 'Cem')?.standing).toBe('unreachable');
    }
    // He is still there, sends, and sees the others: only what he says does not arrive.
    const from = media.of(ada).shown.length;
    const sent = media.of(cem).sealed.length;
    await world.run(2_000);
    expect(media.of(cem).sealed.length).toBeGreaterThan(sent + 100);
    expect(shownOf(media.of(ada), 'Cem', from)).toEqual([]);
    expect(shownOf(media.of(ada), 'Ben', from).length).toBeGreaterThan(100);
    world.intercept = () => undefined;
    await world.until(() => shownOf(media.of(ada), 'Cem', from).length > 10, 12_000, 'Cem shown again');
  });
});
