/** Scenarios: founding, knocking, being let in, being kept out. */
import type { ServerMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { step } from '../src/call.machine.ts';
import { type Device, World } from '../src/testing/world.ts';
import { areTogether, callOf, haveNewLink, isIn, keyOf, names, placeOf } from './scenes.ts';

describe('entering', () => {
  test('[C50] before the person wants in, nothing but a hello is sent; after the end nothing at all', async () => {
    const world = await World.create();
    const ada = await world.addHost('Ada');
    await world.until(() => ada.view?.phase === 'ready');
    await world.run(5_000);
    expect(ada.sent).toEqual([]);
    ada.feed({ t: 'join' });
    await world.until(() => isIn(ada));
    ada.feed({ t: 'leave' });
    await world.until(() => ada.closed === 'LEFT');
    const { effects } = await step(ada.state, { t: 'join' }, world.clock.nowMs());
    expect(effects).toEqual([]);
  });

  test('[C51] a step leaves the state that it was given as it was', async () => {
    const { world, host } = await callOf(['Ada', 'Ben']);
    const before = host.state;
    const copy = { ...before, member: { ...before.member } };
    await step(before, { t: 'change-link' }, world.clock.nowMs());
    await step(before, { t: 'leave' }, world.clock.nowMs());
    expect({ ...before, member: { ...before.member } }).toEqual(copy);
  });

  test('[C56] the host founds, a guest knocks and is let in at once, both hear each other', async () => {
    const world = await World.create();
    const ada = await world.addHost('Ada');
    ada.feed({ t: 'join' });
    await world.until(() => isIn(ada));
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    const tookMs = await world.until(() => isIn(ben));
    expect(tookMs).toBeLessThan(500);
    await world.until(() => [ada, ben].every(({ view }) => view?.pause === undefined));
    expect(names(ada)).toEqual(['Ada', 'Ben']);
    expect(names(ben)).toEqual(['Ada', 'Ben']);
    expect(placeOf(ben)).toBe(placeOf(ada));
  });

  test('[C57] twelve people come at once and make few epochs', async () => {
    const world = await World.create({ seed: 5 });
    const ada = await world.addHost('Ada');
    ada.feed({ t: 'join' });
    await world.until(() => isIn(ada));
    const others: Device[] = [];
    for (let index = 0; index < 11; index++) others.push(await world.add('Guest'));
    for (const device of others) device.feed({ t: 'join' });
    await world.until(() => areTogether([ada, ...others]));
    expect(ada.view?.epoch).toBeLessThanOrEqual(3);
    expect(new Set(names(ada)).size).toBe(12);
  });

  test('[C58] a guest who is first waits for the host', async () => {
    const world = await World.create();
    const ada = await world.addHost('Ada');
    await world.until(() => ada.view?.phase === 'ready');
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.run(10_000);
    expect(ben.view?.phase).toBe('waiting');
    ada.feed({ t: 'join' });
    await world.until(() => areTogether([ada, ben]));
  });

  test('[C58] a room that nobody has made does not exist', async () => {
    const world = await World.create();
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.until(() => ben.closed !== undefined);
    expect(ben.closed).toBe('NO_SUCH_ROOM');
  });

  test('[C79] with the lobby on, only a click lets in, and waiting ends in nothing else', async () => {
    const { world, host } = await callOf(['Ada'], { lobby: true });
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.until(() => ben.view?.phase === 'waiting', 10_000);
    await world.run(90_000);
    expect(ben.view?.phase).toBe('waiting');
    expect(ben.sent.some(({ t }) => t === 'commit')).toBe(false);
    expect(host.view?.waitingCount).toBe(1);
    const [knock] = host.state.knocks;
    host.feed({ t: 'admit', participantId: knock?.participantId ?? '' });
    await world.until(() => areTogether([host, ben]));
    // Who was in and lost the connection for long needs no second click (D24).
    ben.offline();
    await world.until(() => areTogether([host]), 30_000);
    ben.online();
    await world.until(() => areTogether([host, ben]));
  });

  test('[C80] a link holder who plays the server with a host of its own is refused', async () => {
    const { world } = await callOf(['Ada', 'Ben']);
    const forged = await World.create({ forgedFrom: world.link });
    const mallory = await forged.addHost('Ada');
    mallory.feed({ t: 'join' });
    await forged.until(() => isIn(mallory));
    const carol = await forged.add('Carol', { links: [world.link] });
    carol.feed({ t: 'join' });
    await forged.until(() => carol.closed !== undefined, 20_000);
    expect(carol.closed).toBe('REFUSED');
    expect(carol.view?.people).toEqual([]);
    expect(carol.media).toEqual([]);
  });

  test('[C96] between kick and rotation nobody enters, even if the server lets them', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem', 'Mallory']);
    const [ben, cem, mallory] = guests as [Device, Device, Device];
    world.intercept = ({ way, message }) =>
      way === 'up' && message.t === 'commit' && message.phase === 'rotate' ? [] : undefined;
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => [host, ben, cem].every(({ view }) => view?.isFrozen));
    thaw(world, false);
    const eve = await world.add('Eve');
    eve.feed({ t: 'join' });
    await world.run(8_000);
    for (const device of [host, ben, cem]) expect(names(device)).not.toContain('Eve');
    thaw(world, true);
    world.intercept = () => undefined;
    await world.until(() => haveNewLink([host, ben, cem], world.link.secret), 30_000);
    await world.until(() => areTogether([host, ben, cem]), 30_000);
  });

  test('[C97] a replayed knock lets nobody in', async () => {
    const { world, host } = await callOf(['Ada']);
    const knocks: ServerMessage[] = [];
    world.intercept = ({ way, message }) => {
      if (way === 'down' && message.t === 'knock') knocks.push(message as ServerMessage);
      return undefined;
    };
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.until(() => areTogether([host, ben]));
    ben.feed({ t: 'leave' });
    await world.until(() => areTogether([host]));
    const epoch = host.view?.epoch;
    const [replayed] = knocks;
    if (replayed === undefined) throw new Error('there was a knock');
    host.feed({ t: 'message', message: replayed });
    await world.run(3_000);
    expect(host.view?.epoch).toBe(epoch);
    expect(host.state.knocks).toEqual([]);
  });

  test('[C99] X-Wing: join, reload, kick and the new link', { timeout: 30_000 }, async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Mallory'], { suite: 2 });
    const [ben, mallory] = guests as [Device, Device];
    await ben.reload();
    await world.until(() => areTogether([host, ben, mallory]));
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], world.link.secret));
    expect(mallory.closed).toBe('REMOVED_BY_HOST');
  });
});

/** A lying server forgets, or remembers again, that the group is frozen. */
function thaw(world: World, isFrozen: boolean): void {
  const { call } = world.service;
  if (call?.group === undefined) throw new Error('there is a group');
  world.service.call = { ...call, group: { ...call.group, isFrozen } };
}
