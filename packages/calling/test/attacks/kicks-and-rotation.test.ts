/** Attacks: on kicks and the rotation of the link (attacks.md G11, G20, G22, G24; spikes/review/poc.ts, poc2.ts). */
import * as mls from '@conclave/crypto/mls/engine';
import type { ServerMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { step } from '../../src/call.machine.ts';
import { sealNextOldMeta } from '../../src/rotation.ts';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, haveNewLink, isIn, keyOf, names, placeOf } from '../scenes.ts';
import { attackedCall, baseKeysOf, epochOf, expectOutOfReach, isGateOpen } from './oracles.ts';

/** What a member's refusal would be, without its having refused anything before. */
async function refusalOf(device: Device, message: ServerMessage, nowMs: number): Promise<string | undefined> {
  const { state } = await step(device.state, { t: 'message', message }, nowMs);
  expect(state.member?.epoch).toBe(device.state.member?.epoch);
  return state.refused;
}

describe('a kick that the server does not want', () => {
  test('[C119] withheld: the kicker stops sending after 3 s and is told; when it gets through, all is well', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    const allow = liar.drop(({ way, message }) => way === 'up' && message.t === 'commit');
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    const tookMs = await world.until(() => host.view?.pause === 'KICK_WITHHELD', 5_000);
    expect(tookMs).toBeLessThanOrEqual(3_000);
    expect(isGateOpen(host)).toBe(false);
    expect(host.view?.linkTrouble).toBe('CANNOT_REMOVE');
    await world.run(60_000);
    expect(isGateOpen(host)).toBe(false);
    allow();
    await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], world.link.secret), 20_000);
    expect(isGateOpen(host)).toBe(true);
    expect(host.view?.linkTrouble).toBeUndefined();
  });

  test('[C119] answered with EPOCH_TAKEN for ever: the kicker is told after 3 s, and asks at a bounded pace', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [, mallory] = guests as [Device, Device];
    liar.rule(({ way, device, message }) => {
      if (way !== 'up' || message.t !== 'commit' || device !== host) return undefined;
      const { request, epoch, groupId } = message;
      liar.tell(host, { t: 'epoch-taken', request, epoch, groupId });
      return [];
    });
    const before = host.sent.length;
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => host.view?.pause === 'KICK_WITHHELD', 3_001);
    await world.run(7_000);
    expect(isGateOpen(host)).toBe(false);
    expect(host.sent.length - before).toBeLessThan(200);
    expect(epochOf(host)).toBe(2);
  });

  test('[C119] taken, and its rotation withheld: the kicker stops after 3 s, all are told after 10 s', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => ben.view?.isFrozen === true && host.view?.isFrozen === true, 2_000);
    attacked.watch.distrust(malloryDevice);
    await world.run(3_100);
    expect(host.view?.pause).toBe('KICK_WITHHELD');
    await world.run(7_000);
    expect(ben.view?.linkTrouble).toBe('CANNOT_CHANGE');
    expect(isGateOpen(ben)).toBe(true);
    expectOutOfReach(attacked, [host, ben], [mallory], 3);
  });

  test('[C119] a server that accepts the kick and tells nobody: within 25 s nobody is confirmed, and the kicker waits', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    liar.drop(
      ({ way, device, message }) =>
        way === 'down' && device !== host && ['commit', 'log'].includes(message.t),
    );
    liar.drop(({ way, device, message }) => way === 'down' && device !== host && message.t === 'beats');
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.run(35_000);
    expect(isGateOpen(host)).toBe(false);
    expect(host.view?.pause).toBe('NOBODY_CONFIRMED');
    expect(isGateOpen(ben)).toBe(false);
  });
});

describe('the target of a kick', () => {
  test('[C120] who comes back to another leaf before the kick is hit all the same, and no bystander in its place', async () => {
    const attacked = await attackedCall(['Ada', 'Xan', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [xan, ben, mallory] = guests as [Device, Device, Device];
    xan.feed({ t: 'leave' });
    await world.until(() => areTogether([host, ben, mallory]));
    const leafBefore = host.state.member?.leaves.find((leaf) =>
      leaf.signatureKey.every((b, i) => b === keyOf(mallory)[i]),
    )?.leafIndex;
    // The first kick is answered with EPOCH_TAKEN; Mallory's resync moves him, and a newcomer takes his old leaf.
    let isHeld = true;
    liar.rule(({ way, device, message }) => {
      if (!isHeld || way !== 'up' || message.t !== 'commit' || device !== host) return undefined;
      const { request, epoch, groupId } = message;
      liar.tell(host, { t: 'epoch-taken', request, epoch, groupId });
      return [];
    });
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.run(50);
    await mallory.reload();
    await world.until(() => isIn(mallory), 5_000);
    const newcomer = await world.add('Newcomer');
    attacked.watch.trust(newcomer);
    newcomer.feed({ t: 'join' });
    await world.until(() => isIn(newcomer), 5_000);
    isHeld = false;
    await world.until(() => areTogether([host, ben, newcomer]), 20_000);
    expect(names(host)).toEqual(['Ada', 'Ben', 'Newcomer']);
    expect(mallory.closed).toBe('REMOVED_BY_HOST');
    expect(leafBefore).toBeDefined();
  });

  test('[C120] a kick replayed at another leaf, or with another key in its marker, is refused', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(mallory) });
    await world.until(() => mallory.view?.isHost === true && areTogether([host, ben, mallory]));
    const insider = await Accomplice.of(mallory);
    const index = ben.state.member ? mls.ownLeafIndex(ben.state.member.group) : 0;
    const key = await mls.generateSigningKey();
    const marker = new Uint8Array([...new TextEncoder().encode('conclave kick v1'), ...key.publicKey]);
    const made = await insider.commit(
      { proposals: [{ type: 'remove', leafIndex: index }], authenticatedData: marker },
      { phase: 'kick', left: [ben.state.session?.participantId ?? ''] },
    );
    const before = placeOf(host);
    liar.tell([host, ben], made.news);
    await world.run(300);
    expect(host.state.refused).toBe('KICK_TARGET');
    expect(placeOf(host)).toBe(before);
    expect(ben.closed).toBeUndefined();
  });
});

describe('between the two commits of a kick', () => {
  test('[C121] nobody enters: not by an external commit, not by an admission, not by a resync, whatever the server says', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem, malloryDevice] = guests as [Device, Device, Device];
    const release = liar.drop(
      ({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate',
    );
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => [host, ben, cem].every(({ view }) => view?.isFrozen), 3_000);
    attacked.watch.distrust(malloryDevice);
    const { groupId } = host.state.member ?? { groupId: new Uint8Array(32) };
    const mallory = await Accomplice.withLink(world, 'Mallory', { key: malloryDevice.key });
    const eve = await Accomplice.withLink(world, 'Eve');
    const insider = await Accomplice.of(cem);
    const open = liar.publicState();
    const forgeries = [
      await mallory.letIn(open),
      await eve.letIn(open),
      await insider.admit({
        participantId: await mallory.participantId,
        groupId,
        sealed: await mallory.knock(groupId),
      }),
    ];
    await mallory.hold(forgeries[0]?.own.state ?? insider.group);
    await eve.hold(forgeries[1]?.own.state ?? insider.group);
    const before = [host, ben].map(placeOf);
    for (const made of forgeries) {
      liar.tell([host, ben], made.news);
      await world.run(50);
      expect([host, ben].map(placeOf)).toEqual(before);
      expect(host.state.refused).toBe('FROZEN');
    }
    liar.tell([host, ben, cem], {
      t: 'knock',
      participantId: await eve.participantId,
      groupId,
      sealed: await eve.knock(groupId),
    });
    release();
    await world.until(
      () => areTogether([host, ben, cem]) && haveNewLink([host, ben, cem], world.link.secret),
      60_000,
    );
    expect(names(host)).toEqual(['Ada', 'Ben', 'Cem']);
    expectOutOfReach(attacked, [host, ben, cem], [mallory, eve], 3);
  });

  test('[C121] the kicker vanishes: somebody else rotates, and the old link, knock and KeyPackage are worth nothing', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem, malloryDevice] = guests as [Device, Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const oldKnock = await mallory.knock(mls.groupId(mallory.group));
    liar.rule(({ way, device, message }) => {
      const isRotation =
        way === 'up' && device === host && message.t === 'commit' && message.phase === 'rotate';
      if (isRotation) host.crash();
      return isRotation ? [] : undefined;
    });
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => haveNewLink([ben, cem], world.link.secret), 5_000);
    attacked.watch.distrust(malloryDevice);
    const groupId = mls.groupId(mallory.group);
    liar.tell([ben, cem], {
      t: 'knock',
      participantId: await mallory.participantId,
      groupId,
      sealed: oldKnock,
    });
    const again = await world.add('Mallory', { key: malloryDevice.key });
    again.feed({ t: 'join' });
    const made = await mallory.letIn(liar.publicState()).catch(() => undefined);
    if (made !== undefined) liar.tell([ben, cem], made.news);
    await world.until(() => areTogether([ben, cem]), 40_000);
    expect(names(ben)).toEqual(['Ben', 'Cem']);
    expect(again.closed).toBe('LINK_CHANGED');
    expectOutOfReach(attacked, [ben, cem], [mallory], 3);
  });
});

describe('who loses the state in between', () => {
  test.each([
    ['the kicker', true],
    ['the kicker', false],
    ['a guest', true],
    ['a guest', false],
  ])(
    '[C133] %s comes back without the kicked, and sends them nothing (server says frozen: %s)',
    async (who, saysFrozen) => {
      const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
      const { world, liar, host, guests } = attacked;
      const [ben, malloryDevice] = guests as [Device, Device];
      const returner = who === 'a guest' ? ben : host;
      const mallory = await Accomplice.of(malloryDevice);
      liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
      host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
      await world.until(() => [host, ben].every(({ view }) => view?.isFrozen), 3_000);
      attacked.watch.distrust(malloryDevice);
      liar.alter('session', (message, device) =>
        device === returner && message.group && !saysFrozen
          ? { ...message, group: { ...message.group, frozen: false } }
          : undefined,
      );
      // The way back is taken into a world of its own, in which Mallory then lets himself in.
      const { record } = liar;
      const trap = liar.worldOf({
        ...record,
        // Not deserted, or a host would found anew, on the new link.
        members: new Set([...record.members, await mallory.participantId]),
        group: record.group && { ...record.group, isFrozen: saysFrozen },
      });
      await mallory.connect(trap);
      returner.service = trap;
      await returner.reload();
      for (let second = 0; second < 20; second++) {
        await world.run(1_000);
        const made = await mallory.letIn(liar.publicState(trap.call)).catch(() => undefined);
        if (made !== undefined && returner.state.member?.epoch === made.news.epoch) {
          await mallory.hold(made.own.state);
          liar.tell(returner, made.news);
          await world.run(100);
          liar.tell(returner, { t: 'beats', beats: [await mallory.beat()] });
        }
      }
      await world.run(5_000);
      expect(names(returner)).not.toContain('Mallory');
      expect(isGateOpen(returner)).toBe(false);
      expectOutOfReach(attacked, [host, ben], [mallory], 3);
    },
  );
});

describe('who reloads in between and is offered the world before the kick', () => {
  test.each(['the kicker', 'a guest'])('[C133] %s does not enter it', async (who) => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const returner = who === 'a guest' ? ben : host;
    const mallory = await Accomplice.of(malloryDevice);
    const past = liar.record;
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => [host, ben].every(({ view }) => view?.isFrozen), 3_000);
    attacked.watch.distrust(malloryDevice);
    const trap = liar.worldOf(past);
    await mallory.connect(trap);
    returner.service = trap;
    await returner.reload();
    for (let second = 0; second < 15; second++) {
      await world.run(1_000);
      expect(names(returner)).not.toContain('Mallory');
      expect(isGateOpen(returner)).toBe(false);
    }
    expect(returner.closed).toBe('REFUSED');
    expectOutOfReach(attacked, [host, ben], [mallory], 3);
  });
});

describe('the rotation', () => {
  test('[C122] nothing of it is sent that could be withheld: the bare commits are enough, and the kicked derives another', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    liar.drop(({ way, device, message }) => way === 'down' && device === ben && message.t !== 'commit');
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => haveNewLink([host, ben], world.link.secret), 5_000);
    attacked.watch.distrust(malloryDevice);
    for (const { commit } of liar.all('down', 'commit')) await mallory.follow(commit);
    expectOutOfReach(attacked, [host, ben], [mallory], 3);
    expect(baseKeysOf(ben, 3)).toEqual(baseKeysOf(host, 3));
  });

  test('[C122] a rotation to another link, another oldMeta or another policy than derived is refused', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem, mallory] = guests as [Device, Device, Device];
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => [host, ben, cem].every(({ view }) => view?.isFrozen), 3_000);
    const insider = await Accomplice.of(cem);
    const { next } = cem.state.member ?? {};
    if (next === undefined) throw new Error('the next link');
    const evil = crypto.getRandomValues(new Uint8Array(16));
    const policy = mls.extension(insider.group, mls.POLICY) ?? new Uint8Array();
    const edited = policy.map((byte, index) => (index === 3 ? byte ^ 1 : byte));
    const psks: mls.PskSecrets = (id) => insider.psks(id) ?? next.keys.psk.slice();
    const before = [host, ben].map(placeOf);
    const honest = {
      linkId: next.linkId,
      oldMeta: await sealNextOldMeta(next),
      policy,
      pskId: next.linkId,
      accessHash: next.accessHash,
    };
    const attempts = [
      ['LINK_ID', { linkId: evil }],
      ['PSK', { pskId: insider.keys.linkId }],
      ['OLD_META', { oldMeta: new Uint8Array(60) }],
      ['POLICY', { policy: edited }],
      ['ENTRY', { accessHash: new Uint8Array(32) }],
    ] as const;
    for (const [code, change] of attempts) {
      const { linkId, oldMeta, policy: data, pskId, accessHash } = { ...honest, ...change };
      const extensions = [
        { type: mls.LINK_ID, data: linkId },
        { type: mls.OLD_META, data: oldMeta },
        { type: mls.POLICY, data },
      ];
      const proposals = [{ type: 'extensions', extensions } as const, { type: 'psk', pskId } as const];
      const made = await insider.commit({ proposals, psks }, { phase: 'rotate', nextAccessHash: accessHash });
      // Each member is told one of them: who has refused one says no second reason.
      const fresh = await refusalOf(host, made.news, world.clock.nowMs());
      expect(fresh).toBe(code);
    }
    expect([host, ben].map(placeOf)).toEqual(before);
    expect(haveNewLink([host], world.link.secret)).toBe(false);
  });
});
