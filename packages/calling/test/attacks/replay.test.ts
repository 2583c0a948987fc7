/** Attacks: old messages, messages of another place, and words that only the server can say (attacks.md G6, G8, G17, G18). */
import { sealBeat } from '@conclave/crypto/beat-seal';
import * as mls from '@conclave/crypto/mls/engine';
import { type Bytes, toHex } from '@conclave/protocol/bytes';
import type { ServerMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { encodeMarker } from '../../src/markers.ts';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, isIn, keyOf, names, placeOf } from '../scenes.ts';
import { attackedCall, baseKeysOf, epochOf, expectOutOfReach, isGateOpen, personOf } from './oracles.ts';

function stateOf(device: Device): string {
  const { member } = device.state;
  return `${placeOf(device)} ${device.view?.people.map(({ key }) => key).join()} ${toHex(member?.policyBytes ?? new Uint8Array())}`;
}

describe('replays', () => {
  test('[C123] old commits, Welcomes, proposals and logs change nothing', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, host } = attacked;
    const cem = await world.add('Cem');
    const dora = await world.add('Dora');
    for (const guest of [cem, dora]) attacked.watch.trust(guest);
    cem.feed({ t: 'join' });
    const all = [...attacked.all, cem];
    await world.until(() => areTogether(all));
    dora.feed({ t: 'join' });
    await world.until(() => areTogether([...all, dora]));
    dora.feed({ t: 'leave' });
    await world.until(() => areTogether(all));
    host.feed({ t: 'make-host', leafKey: keyOf(cem) });
    await world.until(() => cem.view?.isHost === true && areTogether(all));
    const before = all.map(stateOf);
    const old = liar.seen.flatMap(({ way, message }) =>
      way === 'down' && ['commit', 'welcome', 'proposal', 'log', 'accepted', 'group-info'].includes(message.t)
        ? [message as ServerMessage]
        : [],
    );
    expect(old.length).toBeGreaterThan(6);
    for (const message of [...old, ...old.toReversed()]) liar.tell(all, message);
    await world.run(10_000);
    expect(all.map(stateOf)).toEqual(before);
    expect(areTogether(all)).toBe(true);
    expectOutOfReach(attacked, all, []);
  });

  test('[C123] who must come back is not brought back to an epoch before its own', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const past = liar.record;
    malloryDevice.feed({ t: 'leave' });
    await world.until(() => areTogether([host, ben]));
    attacked.watch.distrust(malloryDevice);
    const floor = epochOf(ben);
    // Ben is told a commit that nobody can take, and then offered the world in which Mallory still is.
    const trap = liar.split([ben], { ...past, members: new Set([...past.members]) });
    await mallory.connect(trap);
    const broken = new Uint8Array(100);
    const { groupId } = ben.state.member ?? { groupId: new Uint8Array(32) };
    liar.tell(ben, {
      t: 'commit',
      groupId,
      epoch: floor,
      phase: 'none',
      commit: broken,
      joined: [],
      left: [],
    });
    for (let second = 0; second < 90 && ben.closed === undefined; second++) {
      await world.run(1_000);
      expect(epochOf(ben) === floor || ben.state.member === undefined).toBe(true);
      expect(names(ben)).not.toContain('Mallory');
    }
    expect(ben.closed === 'CANNOT_RECOVER' || !isGateOpen(ben)).toBe(true);
    expectOutOfReach(attacked, [host, ben], [mallory], floor);
  });

  test('[C124] after a reload the past is offered: whoever enters it sees no confirmed host, and sends nothing', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const past = liar.record;
    malloryDevice.feed({ t: 'leave' });
    await world.until(() => areTogether([host, ben]));
    const trap = liar.worldOf(past);
    await mallory.connect(trap);
    ben.service = trap;
    await ben.reload();
    await world.until(() => isIn(ben), 10_000);
    const entry = trap.call?.group?.log.at(-1);
    if (entry) await mallory.follow(entry.commit);
    for (let beat = 0; beat < 6; beat++) {
      trap.injectBeat(await mallory.beat());
      await world.run(5_000);
      expect(isGateOpen(ben)).toBe(false);
      expect(ben.view?.hasHostPresent).toBe(false);
    }
    expect(ben.view?.pause).toBe('ASK_ABOUT_HOST');
    expect(baseKeysOf(host, epochOf(host)).some((key) => mallory.baseKeys.has(key))).toBe(false);
  });

  test('[C123] a way back into a world whose policy is not the continued one, though its epoch is late enough, is refused', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests, all } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const past = liar.record;
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => ben.view?.isHost === true && areTogether(all));
    const floor = epochOf(ben);
    const trap = liar.split([ben], past);
    await mallory.connect(trap);
    for (let epochs = 0; epochs < 4; epochs++) await mallory.push(trap, await mallory.commit());
    expect(trap.call?.group?.epoch).toBeGreaterThan(floor);
    const { groupId } = ben.state.member ?? { groupId: new Uint8Array(32) };
    const commit = new Uint8Array(100);
    liar.tell(ben, { t: 'commit', groupId, epoch: floor, phase: 'none', commit, joined: [], left: [] });
    await world.run(90_000);
    expect(ben.state.member === undefined || epochOf(ben) === floor).toBe(true);
    expect(ben.state.refused).toContain('POLICY');
    expectOutOfReach(attacked, [ben], [mallory], floor);
  });

  test('[C123] who saw a kick is not brought back among the kicked, not even while the link is still the old one', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const past = liar.record;
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => ben.view?.isFrozen === true, 3_000);
    attacked.watch.distrust(malloryDevice);
    // First another group, so that Ben forgets his epoch; then the one before the kick, with Mallory in it.
    const trap = liar.worldOf(past);
    await mallory.connect(trap);
    let isFirst = true;
    liar.alter('session', (message, device) => {
      if (device !== ben || !isFirst) return undefined;
      isFirst = false;
      return { ...message, group: { groupId: new Uint8Array(32), epoch: 0, frozen: false }, isMember: false };
    });
    ben.service = trap;
    ben.drop();
    world.clock.after(100, () => ben.connect());
    await world.run(2_000);
    ben.drop();
    world.clock.after(100, () => ben.connect());
    for (let second = 0; second < 20; second++) {
      trap.injectBeat(await mallory.beat());
      await world.run(1_000);
      expect(names(ben)).not.toContain('Mallory');
    }
    expectOutOfReach(attacked, [ben], [mallory], 3);
  });

  test('[C125] a Welcome for another group, a corrupt one and none at all: the joiner comes in by itself, or says why not', async () => {
    for (const kind of ['other', 'corrupt', 'none', 'swapped'] as const) {
      const attacked = await attackedCall(['Ada', 'Ben']);
      const { world, liar, all } = attacked;
      const cem = await world.add('Cem');
      attacked.watch.trust(cem);
      liar.alter('welcome', (message) => {
        if (kind === 'none') return { t: 'connection', participantId: 'A'.repeat(22), isConnected: true };
        if (kind === 'other') return { ...message, groupId: crypto.getRandomValues(new Uint8Array(32)) };
        if (kind === 'swapped') return { ...message, epoch: message.epoch - 1 };
        return {
          ...message,
          welcome: message.welcome.map((byte, index) => (index % 7 === 3 ? byte ^ 1 : byte)),
        };
      });
      cem.feed({ t: 'join' });
      await world.until(() => areTogether([...all, cem]), 30_000, kind);
      expectOutOfReach(attacked, [...all, cem], []);
    }
  });

  test('[C125] a true Welcome of an accomplice into a group of his own making is refused', async () => {
    const attacked = await attackedCall(['Ada', 'Mallory']);
    const { world, liar, guests } = attacked;
    const mallory = await Accomplice.of(guests[0] as Device);
    const carol = await world.add('Carol');
    liar.drop(({ way, device, message }) => way === 'down' && device !== carol && message.t === 'knock');
    carol.feed({ t: 'join' });
    await world.until(() => liar.all('up', 'knock').length === 1);
    const knock = liar.last('up', 'knock');
    const { message } = await mallory.readKnock(knock);
    // The same policy in a group with another id: its signatures do not hold there.
    const own = await mls.createGroup(
      mallory.suite,
      crypto.getRandomValues(new Uint8Array(32)),
      await mallory.keyPackage(),
      [mls.LINK_ID, mls.OLD_META, mls.POLICY].map((type) => ({
        type,
        data: mls.extension(mallory.group, type) ?? new Uint8Array(1),
      })),
    );
    const made = await mls.commit(own, mallory.suite, {
      proposals: [
        { type: 'add', keyPackage: message },
        { type: 'psk', pskId: mallory.keys.linkId },
      ],
      psks: mallory.psks,
    });
    await mallory.hold(made.state);
    world.service.tree = () => mls.encodeTree(made.state);
    const welcome = made.welcomes[0]?.welcome ?? new Uint8Array(1);
    liar.tell(carol, { t: 'welcome', groupId: knock.groupId, epoch: 1, welcome });
    await world.until(() => carol.closed !== undefined, 5_000);
    expect(carol.closed).toBe('REFUSED');
    expect(carol.media.some(({ t }) => t === 'epoch')).toBe(false);
  });
});

describe('a world of an insider’s making', () => {
  const CHANGES: readonly [
    string,
    string,
    (insider: Accomplice) => Promise<mls.CommitRequest['proposals']>,
  ][] = [
    [
      'another link_id',
      'LINK_ID',
      async () => [
        { type: 'extensions', extensions: [{ type: mls.LINK_ID, data: new Uint8Array(16).fill(3) }] },
      ],
    ],
    [
      'an oldMeta that does not open',
      'OLD_META',
      async () => [{ type: 'extensions', extensions: [{ type: mls.OLD_META, data: new Uint8Array(60) }] }],
    ],
    [
      'a policy that nobody signed',
      'POLICY',
      async (insider) => {
        const policy = mls.extension(insider.group, mls.POLICY) ?? new Uint8Array();
        const data = policy.map((byte, index) => (index === policy.length - 1 ? byte ^ 1 : byte));
        return [{ type: 'extensions', extensions: [{ type: mls.POLICY, data }] }];
      },
    ],
  ];
  test.each(CHANGES)(
    '[C125] with %s is refused by who is welcomed into it',
    async (_name, code, proposalsOf) => {
      const attacked = await attackedCall(['Ada', 'Mallory']);
      const { world, liar, guests } = attacked;
      const mallory = await Accomplice.of(guests[0] as Device);
      const carol = await world.add('Carol');
      liar.drop(({ way, message }) => way === 'down' && message.t === 'knock');
      carol.feed({ t: 'join' });
      await world.until(() => liar.all('up', 'knock').length === 1);
      await mallory.hold((await mallory.commit({ proposals: await proposalsOf(mallory) })).own.state);
      const participantId = carol.state.session?.participantId ?? '';
      const made = await mallory.admit({ ...liar.last('up', 'knock'), participantId });
      await mallory.hold(made.own.state);
      world.service.tree = () => made.request.tree;
      const { groupId, epoch, welcomes } = made.request;
      const welcome = welcomes[0]?.welcome ?? new Uint8Array(1);
      liar.tell(carol, { t: 'welcome', groupId, epoch: epoch + 1, welcome });
      await world.until(() => carol.closed !== undefined, 5_000);
      expect(carol.closed).toBe('REFUSED');
      expect(carol.state.refused).toContain(code);
      expect(carol.media.some(({ t }) => t === 'epoch')).toBe(false);
    },
  );
});

describe('words of the server', () => {
  test('[C126] attestations forged, of another epoch or group remove nobody; true ones are shown, and who is hit comes back', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, all, guests } = attacked;
    const [ben] = guests as [Device];
    const { groupId, epoch } = ben.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
    const leafKey = keyOf(ben);
    const signature = crypto.getRandomValues(new Uint8Array(64));
    const sign = (group: Uint8Array<ArrayBuffer>, at: number) =>
      world.service.signAttestation(group, at, leafKey);
    const lies = [
      { groupId, epoch, leafKey, signature },
      { ...(await sign(groupId, epoch + 1)), epoch },
      { ...(await sign(groupId, epoch - 1)), epoch },
      { ...(await sign(crypto.getRandomValues(new Uint8Array(32)), epoch)), groupId },
      await sign(groupId, epoch - 1),
    ];
    const before = all.map(stateOf);
    for (const lie of lies) {
      liar.tell(all, { t: 'attestation', ...lie });
      await world.run(3_000);
    }
    expect(all.map(stateOf)).toEqual(before);
    expect(all.some((device) => device.sent.some(({ t }) => t === 'report-invalid'))).toBe(false);
    // A storm of true ones: a denial of service that everybody sees, and that ends when it ends.
    for (let round = 0; round < 5; round++) {
      const { member } = attacked.host.state;
      if (member === undefined) continue;
      liar.tell(all, {
        t: 'attestation',
        ...(await world.service.signAttestation(groupId, member.epoch, leafKey)),
      });
      await world.until(() => !areTogether(all), 5_000);
      await world.until(() => areTogether(all), 30_000);
    }
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C126] a Remove that rests on an attestation which the server did not sign for it is refused by all', async () => {
    for (const kind of ['forged', 'old', 'superfluous', 'of another'] as const) {
      const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
      const { world, liar, host, guests } = attacked;
      const [ben, malloryDevice] = guests as [Device, Device];
      const mallory = await Accomplice.of(malloryDevice);
      const { groupId, epoch } = ben.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
      const sign = (key: Bytes, at = epoch) => world.service.signAttestation(groupId, at, key);
      const signed = {
        forged: [{ leafKey: keyOf(ben), signature: new Uint8Array(64).fill(5) }],
        old: [await sign(keyOf(ben), epoch - 1)],
        superfluous: [await sign(keyOf(ben)), await sign(keyOf(host))],
        'of another': [await sign(keyOf(host))],
      }[kind];
      const attestations = signed.map(({ leafKey, signature }) => ({ leafKey, signature }));
      const index = ben.state.member ? mls.ownLeafIndex(ben.state.member.group) : 0;
      const made = await mallory.commit(
        {
          proposals: [{ type: 'remove', leafIndex: index }],
          authenticatedData: encodeMarker({ t: 'attested', attestations }),
        },
        { left: [ben.state.session?.participantId ?? ''] },
      );
      const before = placeOf(host);
      liar.tell([host, ben], made.news);
      await world.run(200);
      expect(host.state.refused, kind).toBe('ATTESTATION');
      expect(placeOf(host)).toBe(before);
      expect(ben.closed).toBeUndefined();
      await world.until(() => areTogether(attacked.all), 30_000);
    }
  });

  test('[C126] attestations and lost connections of people who are not there are not kept', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, host, all } = attacked;
    const { groupId, epoch } = host.state.member ?? { groupId: new Uint8Array(32), epoch: 0 };
    const leafKeys = Array.from({ length: 300 }, () => crypto.getRandomValues(new Uint8Array(32)));
    for (const leafKey of leafKeys) {
      liar.tell(all, { t: 'attestation', ...(await world.service.signAttestation(groupId, epoch, leafKey)) });
      const participantId = toHex(leafKey).slice(0, 22);
      liar.tell(all, { t: 'connection', participantId, isConnected: false });
    }
    await world.run(1_000);
    expect(host.state.member?.attestations.size).toBeLessThanOrEqual(2);
    expect(host.state.lostParticipants.size).toBeLessThanOrEqual(100);
    expect(areTogether(all)).toBe(true);
  });

  test('[C127] one report reopens nothing; a server that reopens for ever costs a reason, not a wrong state', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => ben.view?.isHost === true);
    const { groupId, epoch } = host.state.member ?? { groupId: new Uint8Array(32), epoch: 1 };
    if (mallory.socket) {
      await world.service.receive(mallory.socket, { t: 'report-invalid', groupId, epoch: epoch - 1 });
      await world.service.receive(mallory.socket, { t: 'report-invalid', groupId, epoch: epoch - 1 });
    }
    await world.run(1_000);
    expect(host.state.member?.policy.seq).toBe(1);
    for (let round = 0; round < 6; round++) {
      const at = Math.max(0, (host.state.member?.epoch ?? 1) - 1);
      liar.tell([host, ben], { t: 'reopened', groupId, epoch: at });
      liar.tell([host, ben], { t: 'reopened', groupId, epoch: 0 });
      await world.run(500);
      for (const device of [host, ben]) {
        const isSound = device.state.member === undefined || device.view?.people.length === 3;
        expect(isSound, device.describe()).toBe(true);
        expect(device.state.member === undefined || device.state.member.policy.seq === 1).toBe(true);
      }
    }
    await world.run(90_000);
    for (const device of [host, ben]) {
      expect(isIn(device) || device.closed === 'CANNOT_RECOVER', device.describe()).toBe(true);
    }
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C127] two members who report a good commit cost an epoch; nobody is left behind, and nothing wrong is shown', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mal', 'Lory']);
    const { world, host, guests, all } = attacked;
    const [ben, , mal, lory] = guests as [Device, Device, Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(
      () => all.every((device) => epochOf(device) === epochOf(host)) && ben.view?.isHost === true,
    );
    const { groupId, epoch } = host.state.member ?? { groupId: new Uint8Array(32), epoch: 1 };
    for (const { socket } of [mal, lory]) {
      if (socket) await world.service.receive(socket, { t: 'report-invalid', groupId, epoch: epoch - 1 });
    }
    await world.until(() => areTogether(all) && epochOf(host) >= epoch, 60_000);
    expect(new Set(all.map(({ state }) => state.member?.policy.seq)).size).toBe(1);
    expect(ben.view?.isHost).toBe(personOf(host, keyOf(ben))?.isHost);
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C127] what the server takes back is no way back over a kick or a rotation', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const mallory = await Accomplice.of(malloryDevice);
    const past = liar.record;
    host.feed({ t: 'kick', leafKey: keyOf(malloryDevice) });
    await world.until(() => areTogether([host, ben]));
    attacked.watch.distrust(malloryDevice);
    const floor = epochOf(host);
    const trap = liar.split([host, ben], past);
    await mallory.connect(trap);
    for (let epoch = floor - 1; epoch >= floor - 3; epoch--) {
      liar.tell([host, ben], { t: 'reopened', groupId: mls.groupId(mallory.group), epoch });
      await world.run(2_000);
    }
    await world.run(60_000);
    for (const device of [host, ben]) {
      expect(names(device)).not.toContain('Mallory');
      expect(device.state.member === undefined || epochOf(device) >= floor).toBe(true);
    }
    expectOutOfReach(attacked, [host, ben], [mallory], 3);
  });

  test('[C128] beats of another room, unsigned or with another’s key are nobody’s', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, all } = attacked;
    const [ada, ben, cem] = all as [Device, Device, Device];
    const mallory = await Accomplice.withLink(world, 'Mallory');
    const insider = await Accomplice.of(ben);
    const good = await insider.beat();
    liar.drop(({ way, device, message }) => way === 'up' && device === ben && message.t === 'beat');
    const signed = (message: Uint8Array) => mls.sign(mallory.key, message);
    const { beatKey } = insider.keys;
    const body = new Uint8Array(100);
    const forged = [
      await sealBeat({ beatKey, roomId: world.link.roomId }, { body, leafKey: keyOf(ben), sign: signed }),
      await sealBeat(
        { beatKey, roomId: new Uint8Array(16) },
        { body, leafKey: keyOf(ben), sign: (m) => mls.sign(ben.key, m) },
      ),
      await mallory.beat({}, insider.group),
      good.map((byte, index) => (index === 100 ? byte ^ 1 : byte)),
    ];
    for (let second = 0; second < 40; second++) {
      liar.tell([ada, cem], { t: 'beats', beats: forged });
      await world.run(1_000);
    }
    expect(personOf(ada, keyOf(ben))?.standing).toBe('unreachable');
    expect(ada.view?.pause).toBeUndefined();
    expect(attacked.watch.violations).toEqual([]);
  });
});
