/** Scenarios: leaving, crashing, kicking, changing the link, passing the role on. */
import { describe, expect, test } from 'vitest';
import { areTogether, callOf, haveNewLink, isIn, keyOf, names } from './scenes.ts';

describe('leaving', () => {
  test('[C89] who leaves is gone from the tree within a second, and is told nothing more', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests;
    if (!ben || !cem) throw new Error('two guests');
    ben.feed({ t: 'leave' });
    const tookMs = await world.until(() => areTogether([host, cem]));
    expect(tookMs).toBeLessThan(1_000);
    await world.until(() => ben.closed !== undefined);
    expect(ben.closed).toBe('LEFT');
  });

  test('[C89] all but one leave at once', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem', 'Dora', 'Eve']);
    for (const guest of guests) guest.feed({ t: 'leave' });
    await world.until(() => areTogether([host]), 30_000);
    await world.until(() => guests.every(({ closed }) => closed === 'LEFT'));
  });

  test('[C90] a host who leaves signs a successor first', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem']);
    host.feed({ t: 'leave' });
    await world.until(() => areTogether(guests));
    await world.until(() => host.closed === 'LEFT');
    const hosts = guests.filter(({ view }) => view?.isHost);
    expect(hosts).toHaveLength(1);
    expect(guests.every(({ view }) => view?.hasHostPresent)).toBe(true);
  });

  test('[C82] a crash is removed by the server’s attestation after 15 s', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests;
    if (!ben || !cem) throw new Error('two guests');
    ben.crash();
    await world.run(3_000);
    expect(host.view?.people.find(({ name }) => name === 'Ben')?.isReconnecting).toBe(true);
    const tookMs = await world.until(() => areTogether([host, cem]), 30_000);
    expect(tookMs).toBeGreaterThan(11_000);
    expect(tookMs).toBeLessThan(14_500);
  });
});

describe('kicking', () => {
  test('[C83] a kick removes, freezes and changes the link, and the kicked stays out', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Mallory']);
    const [ben, mallory] = guests;
    if (!ben || !mallory) throw new Error('two guests');
    const old = world.link.secret;
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], old));
    expect(mallory.closed).toBe('REMOVED_BY_HOST');
    const again = await world.add('Mallory', { key: mallory.key });
    again.feed({ t: 'join' });
    const other = await world.add('Eve');
    other.feed({ t: 'join' });
    await world.run(5_000);
    expect(again.closed).toBe('LINK_CHANGED');
    expect(other.closed).toBe('LINK_CHANGED');
    expect(host.view?.oldLinkCount).toBe(1);
    const link = host.view?.link;
    if (!link) throw new Error('a link');
    const dora = await world.add('Dora', { links: [link] });
    dora.feed({ t: 'join' });
    await world.until(() => areTogether([host, ben, dora]));
    expect(names(dora)).toEqual(['Ada', 'Ben', 'Dora']);
  });

  test('[C81] a kick finds its target also where it has come back by another leaf', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem', 'Mallory']);
    const [ben, cem, mallory] = guests;
    if (!ben || !cem || !mallory) throw new Error('three guests');
    let refusedCount = 0;
    world.intercept = ({ way, device, message }) => {
      const isKick = way === 'up' && device === host && message.t === 'commit' && message.phase === 'kick';
      return isKick && refusedCount++ < 1 ? [] : undefined;
    };
    cem.feed({ t: 'leave' });
    await world.until(() => areTogether([host, ben, mallory]));
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await mallory.reload();
    await world.until(() => areTogether([host, ben]), 30_000);
    expect(mallory.closed).toBe('REMOVED_BY_HOST');
  });

  test('[C84] when the kicker vanishes after the kick, somebody else changes the link', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Cem', 'Mallory']);
    const [ben, cem, mallory] = guests;
    if (!ben || !cem || !mallory) throw new Error('three guests');
    world.intercept = ({ way, device, message }) => {
      const isRotation = way === 'up' && message.t === 'commit' && message.phase === 'rotate';
      if (device === host && isRotation) host.crash();
      return device === host && isRotation ? [] : undefined;
    };
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => haveNewLink([ben, cem], world.link.secret), 5_000);
    await world.until(() => areTogether([ben, cem]), 30_000);
  });

  test('[C84] the kicker reloads before the reply has come, and has the new link', async () => {
    const { world, host, guests } = await callOf(['Ada', 'Ben', 'Mallory']);
    const [ben, mallory] = guests;
    if (!ben || !mallory) throw new Error('two guests');
    world.intercept = ({ way, device, message }) =>
      way === 'down' && device === host && message.t === 'accepted' ? [] : undefined;
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => ben.view?.isFrozen === true);
    host.offline();
    world.intercept = () => undefined;
    await world.until(() => haveNewLink([ben], world.link.secret));
    await host.reload();
    await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], world.link.secret), 30_000);
  });

  test.each([true, false])(
    '[C84] the kicker reloads in between, alone, and whoever was removed stays out (server says frozen: %s)',
    async (saysFrozen) => {
      const { world, host, guests } = await callOf(['Ada', 'Mallory']);
      const [mallory] = guests;
      if (!mallory) throw new Error('one guest');
      world.intercept = ({ way, device, message }) =>
        way === 'up' && device === host && message.t === 'commit' && message.phase === 'rotate'
          ? []
          : undefined;
      host.feed({ t: 'kick', leafKey: keyOf(mallory) });
      await world.until(() => mallory.closed === 'REMOVED_BY_HOST');
      host.offline();
      world.intercept = ({ way, message }) =>
        !saysFrozen && way === 'down' && message.t === 'session' && message.group
          ? [{ message: { ...message, group: { ...message.group, frozen: false } }, delayMs: 0 }]
          : undefined;
      const again = await world.add('Mallory');
      await host.reload();
      again.feed({ t: 'join' });
      await world.until(() => isIn(host) && haveNewLink([host], world.link.secret), 30_000);
      await world.run(5_000);
      expect(again.closed).toBe('LINK_CHANGED');
      expect(names(host)).toEqual(['Ada']);
    },
  );

  test('[C85] a host changes the link without a kick', async () => {
    const { world, host, all } = await callOf(['Ada', 'Ben']);
    host.feed({ t: 'change-link' });
    await world.until(() => areTogether(all) && haveNewLink(all, world.link.secret));
  });

  test('[C86] a host makes a host, and may kick her again: she comes back as nobody', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests;
    if (!ben || !cem) throw new Error('two guests');
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => areTogether(all) && ben.view?.isHost === true);
    host.feed({ t: 'kick', leafKey: keyOf(ben) });
    await world.until(() => areTogether([host, cem]) && haveNewLink([host, cem], world.link.secret));
    expect(ben.closed).toBe('REMOVED_BY_HOST');
    expect(host.state.member?.policy.hosts[1]?.revocation).toBeDefined();
    expect(isIn(ben)).toBe(false);
  });

  test('[C87] who is no host kicks nobody', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem']);
    guests[0]?.feed({ t: 'kick', leafKey: keyOf(host) });
    guests[0]?.feed({ t: 'change-link' });
    guests[0]?.feed({ t: 'make-host', leafKey: keyOf(guests[0]) });
    await world.run(5_000);
    expect(guests[0]?.view?.pause).toBeUndefined();
    expect(areTogether(all)).toBe(true);
  });
});
