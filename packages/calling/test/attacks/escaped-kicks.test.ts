/** Kicks whose target, or whose rotation, a service lets get away (D8, D10, G18, G20). */
import { equalBytes } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { isHost } from '../../src/policy.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, haveNewLink, keyOf, names } from '../scenes.ts';
import { type Attacked, attackedCall, isGateOpen } from './oracles.ts';

/** The server's true signature that this person's socket is lost, to everybody who may commit it. */
async function attestAway({ world, liar }: Attacked, target: Device, to: Device): Promise<void> {
  const { member } = to.state;
  if (member === undefined) throw new Error(`${to.name} is out`);
  const signed = await world.service.signAttestation(member.groupId, member.epoch, keyOf(target));
  liar.tell(to, { t: 'attestation', ...signed });
}

describe('a kick whose target goes before it comes', () => {
  test.each(['is attested away', 'leaves'])(
    '[C142] ends in a changed link all the same, and lets nobody back: the target %s',
    async (how) => {
      const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
      const { world, liar, host, guests } = attacked;
      const [ben, mallory] = guests as [Device, Device];
      const isAttested = how === 'is attested away';
      const undo = liar.drop(({ way, device, message }) => {
        return isAttested && way === 'up' && device === host && message.t === 'commit';
      });
      if (!isAttested) mallory.feed({ t: 'leave' });
      await world.run(20);
      host.feed({ t: 'kick', leafKey: keyOf(mallory) });
      await world.run(50);
      if (isAttested) await attestAway(attacked, mallory, ben);
      await world.until(() => !names(host).includes('Mallory'), 20_000, 'gone');
      undo();
      await world.until(() => haveNewLink([host, ben], world.link.secret), 20_000, 'a new link');
      const again = isAttested ? mallory : await world.add('Mallory', { key: mallory.key });
      again.feed({ t: 'join' });
      await world.run(15_000);
      expect([names(host), names(ben)]).toEqual([
        ['Ada', 'Ben'],
        ['Ada', 'Ben'],
      ]);
      expect(host.state.kicks).toEqual([]);
      expect(areTogether([host, ben])).toBe(true);
      expect([host, ben].every(isGateOpen)).toBe(true);
    },
  );

  test('[C142] takes the role from a host who goes', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(mallory) });
    await world.until(() => mallory.view?.isHost === true, 5_000);
    await world.run(1_000);
    const undo = liar.drop(
      ({ way, device, message }) => way === 'up' && device === host && message.t === 'commit',
    );
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.run(50);
    await attestAway(attacked, mallory, ben);
    await world.until(() => !names(host).includes('Mallory'), 20_000, 'gone');
    undo();
    const isRevoked = () => {
      const { policy } = ben.state.member ?? {};
      return policy !== undefined && !isHost(policy, keyOf(mallory));
    };
    await world.until(() => isRevoked() && haveNewLink([host, ben], world.link.secret), 20_000);
    await world.run(10_000);
    expect(names(ben)).toEqual(['Ada', 'Ben']);
    expect(areTogether([host, ben])).toBe(true);
  });

  test('[C142] is not forgotten by a host who is attested away herself', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    const undo = liar.drop(
      ({ way, device, message }) => way === 'up' && device === host && message.t === 'commit',
    );
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.run(50);
    await attestAway(attacked, host, ben);
    await world.until(() => !names(ben).includes('Ada'), 20_000, 'the host is gone');
    undo();
    await world.until(() => haveNewLink([host, ben], world.link.secret), 30_000, 'a new link');
    await world.until(() => areTogether([host, ben]), 20_000);
    expect(mallory.closed).toBe('REMOVED_BY_HOST');
  });
});

describe('a kick whose rotation was not made', () => {
  test.each([false, true])(
    '[C143] the host who is made to found anew begins under a fresh link (reload: %s)',
    async (isReload) => {
      const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
      const { world, liar, host, guests } = attacked;
      const [, mallory] = guests as [Device, Device];
      liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
      host.feed({ t: 'kick', leafKey: keyOf(mallory) });
      const isKicked = () => host.view?.isFrozen === true && !names(host).includes('Mallory');
      await world.until(isKicked, 20_000, 'kick');
      await world.run(500);
      world.service.call = { ...liar.record, group: undefined, members: new Set() };
      if (isReload) await host.reload();
      else host.drop();
      await world.run(50);
      host.connect();
      await world.until(() => names(host).join() === 'Ada' && host.view?.isFrozen === false, 10_000);
      expect(haveNewLink([host], world.link.secret)).toBe(true);
      // Under a new key, with the link that she has.
      const again = await world.add('Grace');
      again.feed({ t: 'join' });
      await world.run(5_000);
      expect(names(host)).not.toContain('Grace');
    },
  );

  test('[C143] a guest who is made to enter anew takes nobody in under the old link', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => ben.view?.isFrozen === true, 20_000, 'kick');
    liar.alter('session', (message, device) => {
      return device === ben ? { ...message, group: null, isMember: false } : undefined;
    });
    ben.drop();
    await world.run(50);
    ben.connect();
    await world.run(500);
    expect(ben.state.member).toBeUndefined();
    const { identity } = ben.state;
    expect(identity.otherLinks?.some(({ secret }) => equalBytes(secret, world.link.secret))).toBe(true);
    expect(equalBytes(identity.link.secret, world.link.secret)).toBe(false);
  });
});
