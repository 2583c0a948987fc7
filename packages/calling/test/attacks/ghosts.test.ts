/** Attacks: people who were never let in, and people whom the server hides (attacks.md G1–G3, G9, G11, G15, G16, G27). */
import * as mls from '@conclave/crypto/mls/engine';
import { forgeCommit } from '@conclave/crypto/mls/testing/forge';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import type { ServerMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, isIn, keyOf, names, placeOf } from '../scenes.ts';
import { type Attacked, attackedCall, epochOf, expectOutOfReach, personOf, releases } from './oracles.ts';

/** Tells all a commit that the server never got from anybody, and shows that nobody moves. */
async function refusesAll({ liar, world, all }: Attacked, news: ServerMessage): Promise<readonly string[]> {
  const before = all.map(placeOf);
  liar.tell(all, news);
  await world.until(() => all.every(({ state }) => state.refused !== undefined), 1_000, 'refusals');
  expect(all.map(placeOf)).toEqual(before);
  return all.map(({ state }) => state.refused ?? '');
}

async function outsider(attacked: Attacked): Promise<Accomplice> {
  const ghost = await Accomplice.withLink(attacked.world, 'Ghost');
  // The server lacks the secret: whatever it makes is made with a PSK of its own.
  return ghost;
}

describe('ghosts by commit', () => {
  test('[C100] an external commit with a PSK that the server made up is refused by all', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const ghost = await outsider(attacked);
    const psk = crypto.getRandomValues(new Uint8Array(32));
    const made = await ghost.letIn(attacked.liar.publicState(), { psk });
    await ghost.hold(made.own.state);
    expect(await refusesAll(attacked, made.news)).toEqual(['CRYPTO', 'CRYPTO', 'CRYPTO']);
    await attacked.world.until(() => areTogether(attacked.all), 20_000);
    expectOutOfReach(attacked, attacked.all, [ghost]);
  });

  test('[C100] an external commit without a PSK, and one with a foreign Remove, are refused by all', async () => {
    for (const remove of [undefined, 1]) {
      const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
      const ghost = await Accomplice.withLink(attacked.world, 'Ghost');
      const insider = await Accomplice.of(attacked.guests[0] as Device);
      const keyPackage = await ghost.keyPackage();
      const psk = {
        proposalType: 'psk',
        psk: {
          preSharedKeyId: { psktype: 'external', pskId: ghost.keys.linkId, pskNonce: new Uint8Array(32) },
        },
      } as const;
      const commit = await forgeCommit(insider.group, insider.suite, {
        outsider: keyPackage,
        psks: ghost.psks,
        proposals:
          remove === undefined ? [] : [{ proposalType: 'remove', remove: { removed: remove } } as const, psk],
      });
      const { groupId, epoch } = attacked.all[0]?.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
      const id = await participantIdOf(ghost.key.publicKey, insider.callId);
      const codes = await refusesAll(attacked, {
        t: 'commit',
        groupId,
        epoch,
        phase: 'none',
        commit,
        joined: [id],
        left: [],
      });
      // Whether a stranger removes somebody is the engine's to refuse already.
      expect([...new Set(codes)]).toEqual([remove === undefined ? 'SHAPE' : 'IDENTITY']);
      await attacked.world.until(() => areTogether(attacked.all), 20_000);
      expectOutOfReach(attacked, attacked.all, [ghost]);
    }
  });

  test('[C101] a link holder who lets itself in is one more person in every view, before any key is used', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, all, watch } = attacked;
    const ghost = await Accomplice.withLink(world, 'Ghost');
    const made = await ghost.letIn(liar.publicState());
    await ghost.connect(world.service);
    await ghost.push(world.service, made);
    await world.until(() => all.every((device) => epochOf(device) === mls.epoch(ghost.group)));
    for (const device of all) {
      expect(names(device)).toEqual(['Ada', 'Ben', 'Ghost']);
      expect(personOf(device, ghost.key.publicKey)?.standing).toBe('unconfirmed');
      expect(releases(device, ghost.key.publicKey)).toBe(false);
    }
    watch.trust(ghost);
    world.service.injectBeat(await ghost.beat());
    await world.until(() => all.every((device) => releases(device, ghost.key.publicKey)));
    expect(watch.violations).toEqual([]);
  });

  test('[C102] an Add by an external sender, and one by a member without the PSK, are refused by all', async () => {
    for (const isExternal of [true, false]) {
      const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
      const ghost = await Accomplice.withLink(attacked.world, 'Ghost');
      const insider = await Accomplice.of(attacked.guests[1] as Device);
      const keyPackage = await ghost.keyPackage();
      const add = { proposalType: 'add', add: { keyPackage: keyPackage.publicPackage } } as const;
      const commit = await forgeCommit(insider.group, insider.suite, {
        proposals: [add],
        ...(isExternal && { sender: { senderType: 'external', senderIndex: 0 } as const }),
      });
      const { groupId, epoch } = attacked.host.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
      const joined = [await ghost.participantId];
      await refusesAll(
        { ...attacked, all: attacked.all.slice(0, 2) },
        { t: 'commit', groupId, epoch, phase: 'none', commit, joined, left: [] },
      );
      await attacked.world.until(() => areTogether(attacked.all), 20_000);
      expect(names(attacked.host)).toEqual(['Ada', 'Ben', 'Cem']);
      expectOutOfReach(attacked, attacked.all.slice(0, 2), [ghost]);
    }
  });

  test('[C103] an insider who takes another key or name with a commit is refused by all', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const [ben, mallory] = attacked.guests as [Device, Device];
    const insider = await Accomplice.of(mallory);
    const other = await mls.generateSigningKey();
    const { groupId, epoch } = attacked.host.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
    for (const leaf of [
      { signaturePublicKey: other.publicKey },
      {
        credential: {
          credentialType: 'basic',
          identity: ben.state.member?.leaves[1]?.identity ?? new Uint8Array(),
        },
      },
    ]) {
      const commit = await forgeCommit(insider.group, insider.suite, { leaf: leaf as never });
      const before = [attacked.host, ben].map(placeOf);
      attacked.liar.tell([attacked.host, ben], {
        t: 'commit',
        groupId,
        epoch,
        phase: 'none',
        commit,
        joined: [],
        left: [],
      });
      await attacked.world.run(200);
      expect([attacked.host, ben].map(placeOf)).toEqual(before);
    }
    await attacked.world.until(() => areTogether(attacked.all), 20_000);
  });

  test('[C104] a commit whose joiner the server hides is refused: the roster is the tree', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, all } = attacked;
    const hide = liar.alter('commit', (message) => ({ ...message, joined: [] }));
    const dora = await world.add('Dora');
    attacked.watch.trust(dora);
    dora.feed({ t: 'join' });
    await world.until(() => all.filter(({ state }) => state.refused === 'ENTRY').length >= 2, 5_000);
    hide();
    await world.until(() => areTogether([...all, dora]), 30_000);
    expect(attacked.watch.violations).toEqual([]);
  });
});

describe('knocks', () => {
  test('[C105] a knock that the server forges, redirects, or gives to another participant lets nobody in', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, all } = attacked;
    const groupId = attacked.host.state.member?.groupId ?? new Uint8Array(32);
    const ghost = await Accomplice.withLink(world, 'Ghost');
    const forged = crypto.getRandomValues(new Uint8Array((await ghost.knock(groupId)).length));
    const elsewhere = await ghost.knock(crypto.getRandomValues(new Uint8Array(32)));
    const good = await ghost.knock(groupId);
    const before = all.map(placeOf);
    for (const [sealed, participantId] of [
      [forged, await ghost.participantId],
      [elsewhere, await ghost.participantId],
      [good, 'A'.repeat(22)],
    ] as const) {
      liar.tell(all, { t: 'knock', participantId, groupId, sealed });
      await world.run(2_000);
    }
    expect(all.map(placeOf)).toEqual(before);
    expect(all.every(({ view }) => view?.waitingCount === 0)).toBe(true);
  });

  test('[C105] a knock replayed after its joiner has left lets nobody in, nor does a kicked person’s', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, all, host } = attacked;
    const mallory = await world.add('Mallory');
    attacked.watch.trust(mallory);
    mallory.feed({ t: 'join' });
    await world.until(() => areTogether([...all, mallory]));
    const knock = liar.last('down', 'knock');
    mallory.feed({ t: 'leave' });
    await world.until(() => areTogether(all));
    liar.tell(all, knock);
    await world.run(5_000);
    expect(names(host)).toEqual(['Ada', 'Ben']);
    const again = await world.add('Mallory', { key: mallory.key });
    again.feed({ t: 'join' });
    await world.until(() => areTogether([...all, again]));
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => areTogether(all));
    attacked.watch.distrust(mallory);
    liar.tell(all, liar.last('down', 'knock'));
    liar.tell(all, knock);
    await world.run(5_000);
    expect(areTogether(all)).toBe(true);
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C106] with the lobby on a withheld knock waits visibly, and nobody enters around it', async () => {
    const attacked = await attackedCall(['Ada'], { lobby: true });
    const { world, liar, host } = attacked;
    liar.drop(({ way, message }) => way === 'down' && message.t === 'knock');
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.run(120_000);
    expect(ben.view?.phase).toBe('waiting');
    expect(isIn(ben)).toBe(false);
    expect(names(host)).toEqual(['Ada']);
    // With the server's help somebody with the link makes an external commit: it is refused.
    const ghost = await Accomplice.withLink(world, 'Ghost');
    const made = await ghost.letIn(liar.publicState());
    await ghost.hold(made.own.state);
    const before = placeOf(host);
    liar.tell(host, made.news);
    await world.run(500);
    expect(placeOf(host)).toBe(before);
    expectOutOfReach(attacked, [host], [ghost]);
  });

  test('[C106] with the lobby on a Welcome from who is no host is refused by its joiner', async () => {
    const attacked = await attackedCall(['Ada'], { lobby: true });
    const { world, liar, host } = attacked;
    const ben = await world.add('Ben');
    attacked.watch.trust(ben);
    ben.feed({ t: 'join' });
    await world.until(() => host.view?.waitingCount === 1);
    host.feed({ t: 'admit', participantId: host.state.knocks[0]?.participantId ?? '' });
    await world.until(() => areTogether([host, ben]));
    const insider = await Accomplice.of(ben);
    const carol = await world.add('Carol');
    carol.feed({ t: 'join' });
    await world.until(() => liar.all('up', 'knock').length >= 2);
    const made = await insider.admit({
      ...liar.last('up', 'knock'),
      participantId: carol.state.session?.participantId ?? '',
    });
    const welcome = made.request.welcomes[0]?.welcome ?? new Uint8Array(1);
    liar.rule(({ way, message }) => (way === 'down' && message.t === 'group' ? [] : undefined));
    world.service.tree = () => made.request.tree;
    liar.tell(carol, { t: 'welcome', groupId: made.request.groupId, epoch: made.request.epoch + 1, welcome });
    await world.until(() => carol.closed !== undefined);
    expect(carol.closed).toBe('REFUSED');
    expect(carol.state.refused).toContain('LOBBY');
    const before = placeOf(host);
    liar.tell(host, made.news);
    await world.run(500);
    expect(placeOf(host)).toBe(before);
  });
});
