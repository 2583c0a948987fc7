/** Attacks: several worlds of one call, shown to different people (attacks.md G4, G5, G21, G26; spikes/review/poc.ts). */
import * as mls from '@conclave/crypto/mls/engine';
import type { ServerMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, haveNewLink, isIn, keyOf, placeOf } from '../scenes.ts';
import {
  type Attacked,
  attackedCall,
  baseKeysOf,
  epochOf,
  expectOutOfReach,
  isGateOpen,
  personOf,
  releases,
} from './oracles.ts';

/** Relays beats across the worlds, as a server that cannot tell what it relays must be assumed to do. */
function relayAcross({ liar, all }: Attacked): void {
  liar.rule(({ way, device, message }) => {
    if (way !== 'up' || message.t !== 'beat') return undefined;
    const elsewhere = all.filter((other) => other !== device && other.service !== device.service);
    liar.tell(elsewhere, { t: 'beats', beats: [message.sealed] });
    return undefined;
  });
}

describe('two worlds', () => {
  test('[C107] halves in two histories whose beats meet: all stop within a second, no key is common', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Dora']);
    const { world, liar, all } = attacked;
    const [ada, ben, cem, dora] = all as [Device, Device, Device, Device];
    const other = liar.split([cem, dora]);
    relayAcross(attacked);
    const frank = await world.add('Frank');
    frank.service = other;
    attacked.watch.trust(frank);
    frank.feed({ t: 'join' });
    ada.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => epochOf(ada) === 3 && epochOf(cem) === 3, 3_000);
    const tookMs = await world.until(() => all.every(({ view }) => view?.pause === 'FORKED'), 3_000);
    expect(tookMs).toBeLessThan(1_000);
    await world.run(60_000);
    for (const device of all) {
      expect(device.view?.pause).toBe('FORKED');
      expect(isGateOpen(device)).toBe(false);
    }
    expect(releases(ada, keyOf(cem)) || releases(cem, keyOf(ada))).toBe(false);
    const common = baseKeysOf(ada, 3).filter((key) => baseKeysOf(cem, 3).includes(key));
    expect(common).toEqual([]);
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C108] halves whose beats are cut: within 25 s the others are unconfirmed, unheard and unseen, and media waits', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Dora']);
    const { world, liar, all } = attacked;
    const [ada, ben, cem, dora] = all as [Device, Device, Device, Device];
    liar.split([cem, dora]);
    await world.run(25_100);
    for (const device of [cem, dora]) {
      for (const gone of [ada, ben]) {
        expect(personOf(device, keyOf(gone))?.standing).toBe('unreachable');
        expect(releases(device, keyOf(gone))).toBe(false);
      }
    }
    expect(personOf(ada, keyOf(cem))?.standing).toBe('unreachable');
    await world.run(3_000);
    // Without their host the others' media waits, and the person is asked in the end.
    expect(isGateOpen(cem) || isGateOpen(dora)).toBe(false);
    expect(cem.view?.pause).toBe('WAITING_FOR_HOST');
    expect(isGateOpen(ada) && isGateOpen(ben)).toBe(true);
    await world.run(20_000);
    expect(cem.view?.pause).toBe('ASK_ABOUT_HOST');
    expect(isGateOpen(cem)).toBe(false);
  });

  test('[C108] a server that attests the others away shows it as its own act, and takes no role along', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Dora']);
    const { world, liar, all } = attacked;
    const [ada, ben, cem, dora] = all as [Device, Device, Device, Device];
    const other = liar.split([cem, dora]);
    const startMs = world.clock.nowMs();
    while (!areTogether([cem, dora])) {
      const { member } = cem.state;
      if (member === undefined || world.clock.nowMs() > startMs + 10_000) throw new Error('not removed');
      for (const gone of [ada, ben]) {
        const attestation = await other.signAttestation(member.groupId, member.epoch, keyOf(gone));
        liar.tell([cem, dora], { t: 'attestation', ...attestation });
      }
      await world.run(500);
    }
    expect(cem.view?.hasHostPresent).toBe(false);
    expect(cem.view?.isHost || dora.view?.isHost).toBe(false);
    expectOutOfReach(attacked, [cem, dora], [], 0);
  });
});

describe('a fork at an old epoch', () => {
  test('[C109] fed to a holder of the old link by a kicked person: no confirmed host, nothing sent, the person is asked', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    await world.run(15_000);
    // All that the others said before the fork is played to Carol: it is of epochs in which she was not there.
    const said = liar.all('up', 'beat').map(({ sealed }) => sealed);
    expect(said.length).toBeGreaterThan(2);
    const past = liar.record;
    const mallory = await Accomplice.of(malloryDevice);
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], world.link.secret));

    const trap = liar.worldOf(past);
    await mallory.connect(trap);
    const carol = await world.add('Carol');
    carol.service = trap;
    carol.feed({ t: 'join' });
    await world.until(() => mallory.inbox.some(({ t }) => t === 'knock'));
    await mallory.push(trap, await mallory.admit(mallory.received('knock')));
    await world.until(() => isIn(carol));
    attacked.watch.trust(carol);
    for (let beats = 0; beats < 8; beats++) {
      for (const sealed of said) liar.tell(carol, { t: 'beats', beats: [sealed] });
      trap.injectBeat(await mallory.beat({ ask: beats === 0 }));
      await world.run(5_000);
      expect(isGateOpen(carol)).toBe(false);
      expect(carol.view?.hasHostPresent).toBe(false);
      for (const absent of [host, ben]) {
        expect(personOf(carol, keyOf(absent))?.standing).toBe('unconfirmed');
        expect(releases(carol, keyOf(absent))).toBe(false);
      }
    }
    expect(carol.view?.pause).toBe('ASK_ABOUT_HOST');
    // Carol's world is Mallory's; that of the others is not.
    expect(baseKeysOf(carol).some((key) => mallory.baseKeys.has(key))).toBe(true);
    expectOutOfReach(attacked, [host, ben], [mallory], epochOf(host));
  });

  test('[C109] fed by a mere link holder: the joiner sees no confirmed host and sends nothing', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, all } = attacked;
    const past = liar.record;
    const mallory = await Accomplice.withLink(world, 'Mallory');
    const trap = liar.worldOf(past);
    const way = await mallory.letIn(liar.publicState(past));
    await mallory.connect(trap);
    await mallory.push(trap, way);
    const dan = await world.add('Dan');
    dan.service = trap;
    dan.feed({ t: 'join' });
    await world.until(() => mallory.inbox.some(({ t }) => t === 'knock'));
    await mallory.push(trap, await mallory.admit(mallory.received('knock')));
    await world.until(() => isIn(dan));
    attacked.watch.trust(dan);
    attacked.watch.trust(mallory);
    trap.injectBeat(await mallory.beat());
    await world.until(() => releases(dan, mallory.key.publicKey));
    expect(isGateOpen(dan)).toBe(false);
    expect(dan.view?.pause).toBe('WAITING_FOR_HOST');
    // True beats of the host from the true call do not confirm the host here.
    liar.rule(({ way: direction, message }) => {
      if (direction === 'up' && message.t === 'beat') liar.tell(dan, { t: 'beats', beats: [message.sealed] });
      return undefined;
    });
    await world.run(60_000);
    expect(isGateOpen(dan)).toBe(false);
    expect(dan.view?.hasHostPresent).toBe(false);
    expectOutOfReach(attacked, all, [mallory], 0);
  });

  test('[C110] a holder of the new link never enters a world of the old one', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const past = liar.record;
    const mallory = await Accomplice.of(malloryDevice);
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], world.link.secret));
    const link = host.view?.link ?? world.link;
    const trap = liar.worldOf(past);
    // The server lies about which access is right, and so about everything.
    trap.call = { ...past, accessHash: liar.record.accessHash };
    const carol = await world.add('Carol', { links: [link] });
    carol.service = trap;
    carol.feed({ t: 'join' });
    await mallory.connect(trap);
    await world.run(30_000);
    expect(carol.state.member).toBeUndefined();
    expect(carol.media.some(({ t }) => t === 'epoch')).toBe(false);
    expect(carol.closed).toBe('LINK_CHANGED');
  });

  test('[C110] who reloads after a kick is not drawn back to a world of the old link, nor founds one', async () => {
    for (const isTrapDeserted of [true, false]) {
      const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
      const { world, liar, host, guests } = attacked;
      const [ben, malloryDevice] = guests as [Device, Device];
      const past = liar.record;
      const mallory = await Accomplice.of(malloryDevice);
      host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
      await world.until(() => areTogether([host, ben]) && haveNewLink([host, ben], world.link.secret));
      // The server has never heard of the new link; the old one is fine with it.
      const trap = liar.worldOf(past);
      if (!isTrapDeserted) await mallory.connect(trap);
      host.service = trap;
      await host.reload();
      await world.run(20_000);
      expect(host.state.member).toBeUndefined();
      expect(isGateOpen(host)).toBe(false);
      expect(host.closed).toBe('ACCESS_DENIED');
    }
  });
});

describe('claims of a fork', () => {
  test('[C111] one member who claims a fork only marks himself; media goes on', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, host, guests, watch } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    malloryDevice.crash();
    const epoch = mls.epoch(mallory.group);
    const hashes = [{ epoch, hash: new Uint8Array(32) }];
    world.service.injectBeat(await mallory.beat({ hashes }));
    await world.run(1_000);
    for (const device of [host, ben]) {
      expect(personOf(device, mallory.key.publicKey)?.standing).toBe('other-call');
      expect(releases(device, mallory.key.publicKey)).toBe(false);
      expect(device.view?.pause).toBeUndefined();
      expect(isGateOpen(device)).toBe(true);
    }
    expect(watch.violations).toEqual([]);
  });

  test('[C111] a host who claims a fork, or two members, stop the call', async () => {
    for (const claimants of [[0], [1, 2]]) {
      const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Dora']);
      const { world, all } = attacked;
      const dora = all[3] as Device;
      for (const index of claimants) {
        const liar = await Accomplice.of(all[index] as Device);
        expect(dora.view?.pause).toBeUndefined();
        const epoch = mls.epoch(liar.group);
        world.service.injectBeat(await liar.beat({ hashes: [{ epoch, hash: new Uint8Array(32) }] }));
        await world.run(200);
      }
      expect(dora.view?.pause).toBe('FORKED');
      expect(isGateOpen(dora)).toBe(false);
    }
  });

  test('[C111] a beat from another leaf index than its signer’s, of an epoch before he came, or of another group counts for nothing', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem] = guests as [Device, Device];
    const insider = await Accomplice.of(ben);
    liar.drop(({ way, device, message }) => way === 'up' && device === ben && message.t === 'beat');
    const epoch = mls.epoch(insider.group);
    const lies = [
      { leafIndex: 7 },
      { epoch: 0, hashes: [] },
      { groupId: new Uint8Array(32) },
      { epoch: epoch + 9, hashes: [] },
    ];
    for (let second = 0; second < 30; second++) {
      for (const lie of lies) {
        const sealed = await insider.beat(lie).catch(() => undefined);
        if (sealed !== undefined) liar.tell([host, cem], { t: 'beats', beats: [sealed] });
      }
      await world.run(1_000);
    }
    for (const device of [host, cem]) {
      expect(personOf(device, keyOf(ben))?.standing).toBe('unreachable');
      expect(releases(device, keyOf(ben))).toBe(false);
      expect(device.view?.pause).toBeUndefined();
    }
  });

  test('[C111] beats that a link holder signs without a leaf, and replayed or edited ones, prove and confirm nothing', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, all, watch } = attacked;
    const [ada, ben] = all as [Device, Device];
    const insider = await Accomplice.of(ben);
    const strangers = await Promise.all([1, 2, 3].map((index) => Accomplice.withLink(world, `S${index}`)));
    const epoch = mls.epoch(insider.group);
    const zero = [{ epoch, hash: new Uint8Array(32) }];
    const beats = await Promise.all(strangers.map((one) => one.beat({ hashes: zero }, insider.group)));
    const old = liar.all('down', 'beats').flatMap((bundle) => bundle.beats);
    const own = liar.all('up', 'beat').map(({ sealed }) => sealed);
    const edited = own.map((sealed) => sealed.map((byte, index) => (index === 40 ? byte ^ 1 : byte)));
    liar.drop(({ way, device, message }) => way === 'up' && device === ben && message.t === 'beat');
    const message: ServerMessage = { t: 'beats', beats: [...beats, ...old, ...own, ...edited] };
    for (let round = 0; round < 30; round++) {
      liar.tell(all, message);
      await world.run(1_000);
    }
    expect(ada.view?.pause).toBeUndefined();
    expect(personOf(ada, keyOf(ben))?.standing).toBe('unreachable');
    expect(ada.view?.people).toHaveLength(3);
    expect(watch.violations).toEqual([]);
  });
});

describe('commits kept from one member', () => {
  test('[C112] a dropped commit is found by a beat and the log within 2 s', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, guests, all } = attacked;
    const [ben, cem] = guests as [Device, Device];
    liar.drop(({ way, device, message }) => way === 'down' && device === cem && message.t === 'commit');
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    expect(await world.until(() => epochOf(cem) > epochOf(host) - 1 && areTogether(all), 5_000)).toBeLessThan(
      2_500,
    );
  });

  test('[C112] a kick kept from one member, with the log: his media stops, at the latest with the host’s confirmation', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem, malloryDevice] = guests as [Device, Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const isKept = (t: string) => t === 'commit' || t === 'log';
    liar.drop(({ way, device, message }) => way === 'down' && device === cem && isKept(message.t));
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => areTogether([host, ben]) || epochOf(ben) === epochOf(host));
    attacked.watch.distrust(malloryDevice);
    const learnedAtMs = world.clock.nowMs();
    for (let second = 0; second < 40 && isGateOpen(cem); second++) {
      // Mallory goes on confirming the old epoch to Cem.
      liar.tell(cem, { t: 'beats', beats: [await mallory.beat()] });
      await world.run(1_000);
    }
    expect(isGateOpen(cem)).toBe(false);
    expect(world.clock.nowMs() - learnedAtMs).toBeLessThan(29_000);
    expect(placeOf(cem)).not.toBe(placeOf(host));
    expect(baseKeysOf(host, epochOf(host)).some((key) => mallory.baseKeys.has(key))).toBe(false);
    liar.honest();
    await world.until(() => areTogether([host, ben, cem]), 30_000);
  });
});
