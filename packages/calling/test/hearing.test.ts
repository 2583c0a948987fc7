/** Scenarios: who is heard, when media flows, what the person is told. */
import { describe, expect, test } from 'vitest';
import type { Device } from '../src/testing/world.ts';
import { areTogether, callOf, isIn, keyOf } from './scenes.ts';

function isGateOpen({ media }: Device): boolean {
  const gates = media.filter((instruction) => instruction.t === 'gate');
  return gates.at(-1)?.isOpen ?? false;
}

describe('hearing', () => {
  test('[C92] media waits for another leaf’s first beat, and pauses when nobody was heard for 30 s', async () => {
    const { world, all } = await callOf(['Ada']);
    const [ada] = all as [Device];
    expect(ada.view?.pause).toBe('ALONE');
    expect(isGateOpen(ada)).toBe(false);
    world.intercept = ({ way, message }) => (way === 'down' && message.t === 'beats' ? [] : undefined);
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.until(() => isIn(ben) && ada.view?.people.length === 2);
    await world.run(2_000);
    expect(isGateOpen(ada) || isGateOpen(ben)).toBe(false);
    world.intercept = () => undefined;
    await world.until(() => isGateOpen(ada) && isGateOpen(ben), 11_000);
    world.intercept = ({ way, message }) => (way === 'down' && message.t === 'beats' ? [] : undefined);
    const tookMs = await world.until(() => !isGateOpen(ada), 60_000);
    expect(tookMs).toBeGreaterThan(19_000);
    expect(tookMs).toBeLessThanOrEqual(30_000);
  });

  test('[C92] each epoch is sent under once, and the order only rises', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    host.feed({ t: 'make-host', leafKey: keyOf(guests[0] as Device) });
    host.feed({ t: 'change-link' });
    await world.run(5_000);
    await world.until(() => areTogether(all));
    for (const { media } of all) {
      const epochs = media.flatMap((instruction) => (instruction.t === 'send' ? [instruction.epoch] : []));
      expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    }
  });

  test('[C93] a host whose beats are withheld holds the media of the others back, until they go on', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben] = guests as [Device];
    world.intercept = ({ way, device, message }) =>
      device === host && way === 'up' && message.t === 'beat' ? [] : undefined;
    await world.until(() => ben.view?.pause === 'WAITING_FOR_HOST', 60_000);
    expect(isGateOpen(ben)).toBe(false);
    await world.until(() => ben.view?.pause === 'ASK_ABOUT_HOST', 60_000);
    ben.feed({ t: 'go-on' });
    await world.until(() => isGateOpen(ben));
    expect(ben.view?.people.find(({ isHost }) => isHost)?.standing).toBe('unreachable');
  });

  test('[C94] a withheld kick pauses the kicker; a withheld rotation is said to all', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Mallory']);
    const [ben, mallory] = guests as [Device, Device];
    world.intercept = ({ way, message }) => (way === 'up' && message.t === 'commit' ? [] : undefined);
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => host.view?.pause === 'KICK_WITHHELD', 4_000);
    expect(host.view?.linkTrouble).toBe('CANNOT_REMOVE');
    expect(isGateOpen(host)).toBe(false);
    world.intercept = ({ way, message }) =>
      way === 'up' && message.t === 'commit' && message.phase === 'rotate' ? [] : undefined;
    await world.until(() => ben.view?.isFrozen === true, 10_000);
    await world.until(() => ben.view?.linkTrouble === 'CANNOT_CHANGE', 12_000);
    expect(isGateOpen(ben)).toBe(true);
    world.intercept = () => undefined;
    await world.until(() => areTogether([host, ben]));
    expect(ben.view?.linkTrouble).toBeUndefined();
    expect(isGateOpen(host)).toBe(true);
  });

  test('[C95] two halves are shown two histories; when their beats meet, it shows', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem', 'Dora']);
    const [ben, cem, dora] = guests as [Device, Device, Device];
    const half = [cem, dora];
    const other = world.service.fork(half.flatMap(({ socket }) => socket ?? []));
    for (const device of half) device.service = other;
    // Each half loses the other by attestation-free refreshes: both worlds move on to the same epoch number.
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    cem.feed({ t: 'leave' });
    await world.until(() => host.view?.epoch === dora.view?.epoch && (host.view?.epoch ?? 0) > 2, 10_000);
    world.intercept = ({ way, device, message }) => {
      if (way !== 'up' || message.t !== 'beat') return undefined;
      const opposite = half.includes(device) ? world.service : other;
      opposite.injectBeat(message.sealed);
      return undefined;
    };
    const doraAtBen = () => ben.view?.people.find(({ name }) => name === 'Dora')?.standing;
    await world.until(() => dora.view?.pause === 'FORKED' && doraAtBen() === 'other-call', 15_000);
    expect(isGateOpen(dora)).toBe(false);
    // One who is no host is marked; it takes a host or two to stop the call for everybody.
    expect(ben.view?.pause).toBeUndefined();
  });

  test('[C88] keys are refreshed every ten minutes, by one member, and by nobody alone', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben']);
    const before = host.view?.epoch ?? 0;
    await world.run(10 * 60_000 + 30_000);
    expect(host.view?.epoch).toBe(before + 1);
    expect(areTogether(all)).toBe(true);
    guests[0]?.feed({ t: 'leave' });
    await world.until(() => areTogether([host]));
    const alone = host.view?.epoch;
    await world.run(21 * 60_000);
    expect(host.view?.epoch).toBe(alone);
  });
});
