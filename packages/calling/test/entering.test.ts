/** Scenarios: founding, knocking, being let in. */
import { epochAuthenticator } from '@conclave/crypto/mls/engine';
import { toHex } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { type Device, World } from '../src/testing/world.ts';

const authenticator = (device: Device) => {
  const { member } = device.state;
  return member === undefined ? undefined : `${member.epoch} ${toHex(epochAuthenticator(member.group))}`;
};
const isIn = (device: Device) => device.view?.phase === 'in';
const names = (device: Device) => device.view?.people.map(({ name }) => name);

describe('entering', () => {
  test('[C56] the host founds, a guest knocks and is let in, both hear each other', async () => {
    const world = await World.create();
    const ada = await world.addHost('Ada');
    await world.until(() => ada.view?.phase === 'ready');
    ada.feed({ t: 'join' });
    await world.until(() => isIn(ada));
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    const tookMs = await world.until(() => isIn(ben));
    expect(tookMs).toBeLessThan(500);
    await world.until(() => [ada, ben].every(({ view }) => view?.pause === undefined));
    expect(names(ada)).toEqual(['Ada', 'Ben']);
    expect(names(ben)).toEqual(['Ada', 'Ben']);
    expect(authenticator(ben)).toBe(authenticator(ada));
  });

  test('[C57] five people come at once and stand in one epoch', async () => {
    const world = await World.create({ seed: 5 });
    const ada = await world.addHost('Ada');
    ada.feed({ t: 'join' });
    await world.until(() => isIn(ada));
    const others = await Promise.all(['Ben', 'Cem', 'Dora', 'Eve'].map((name) => world.add(name)));
    for (const device of others) device.feed({ t: 'join' });
    const all = [ada, ...others];
    await world.until(() => all.every((device) => isIn(device) && names(device)?.length === 5));
    await world.until(() =>
      all.every(({ view }) => view?.people.every(({ standing }) => standing === 'confirmed')),
    );
    expect(new Set(all.map(authenticator)).size).toBe(1);
  });
});
