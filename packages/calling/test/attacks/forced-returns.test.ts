/** What a service can bring about by making members come back (D23, D24). */
import { describe, expect, test } from 'vitest';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, haveNewLink, keyOf } from '../scenes.ts';
import { attackedCall, epochOf, isGateOpen } from './oracles.ts';

const NONSENSE = { phase: 'none', commit: new Uint8Array(64), joined: [], left: [] } as const;

/** A commit that is none: who gets it is stuck, and comes back. */
function nonsenseFor({ state }: Device) {
  const { groupId, epoch } = state.member ?? {};
  if (groupId === undefined || epoch === undefined) throw new Error('not in the call');
  return { ...NONSENSE, t: 'commit' as const, groupId, epoch, joined: [], left: [] };
}

describe('a fork that was proven', () => {
  test('[C31, C107, C146] stays proven over every way back, and in another group', async () => {
    const { world, liar, all, watch } = await attackedCall(['Ada', 'Ben', 'Cem', 'Dora']);
    const [ada, ben, cem, dora] = all as [Device, Device, Device, Device];
    const other = liar.split([cem, dora]);
    const undo = liar.rule(({ way, device, message }) => {
      if (way !== 'up' || message.t !== 'beat') return undefined;
      const others = all.filter((each) => each.service !== device.service);
      liar.tell(others, { t: 'beats', beats: [message.sealed] });
      return undefined;
    });
    const frank = await world.add('Frank');
    watch.trust(frank);
    frank.service = other;
    frank.feed({ t: 'join' });
    ada.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => all.every(({ view }) => view?.pause === 'FORKED'), 8_000);
    undo();
    for (const device of [ada, ben]) {
      const before = epochOf(device);
      liar.tell(device, nonsenseFor(device));
      await world.until(() => epochOf(device) > before, 8_000, 'a way back');
      await world.run(2_000);
      expect([device.view?.pause, isGateOpen(device)]).toEqual(['FORKED', false]);
    }
    world.service.call = { ...liar.record, group: undefined, members: new Set() };
    for (const device of [ada, ben]) device.drop();
    await world.run(50);
    for (const device of [ada, ben]) device.connect();
    await world.until(() => areTogether([ada, ben]), 20_000, 'founded anew');
    await world.run(2_000);
    expect([ada, ben].map(({ view }) => view?.pause)).toEqual(['FORKED', 'FORKED']);
    expect([ada, ben].some(isGateOpen)).toBe(false);
  });
});

describe('a member who cannot take the rotation', () => {
  test('[C147] comes back under the link that follows the kick', async () => {
    const { world, liar, host, guests } = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const [ben, cem, mallory] = guests as [Device, Device, Device];
    liar.alter('commit', (message, device) => {
      if (device !== ben || message.phase !== 'rotate') return undefined;
      return { ...message, commit: message.commit.map((byte, index) => (index === 60 ? byte ^ 1 : byte)) };
    });
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => areTogether([host, ben, cem]), 20_000, 'everybody is back');
    expect(haveNewLink([host, ben, cem], world.link.secret)).toBe(true);
    await world.run(2_000);
    expect([host, ben, cem].every(isGateOpen)).toBe(true);
  });

  test('[C76, C147] and is shown no end of the freeze is told so within a minute', async () => {
    const { world, liar, host, guests } = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const [ben, , mallory] = guests as [Device, Device, Device];
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => ben.view?.isFrozen === true, 5_000);
    liar.tell(ben, nonsenseFor(ben));
    await world.run(65_000);
    expect(ben.closed).toBe('CANNOT_RECOVER');
  });
});
