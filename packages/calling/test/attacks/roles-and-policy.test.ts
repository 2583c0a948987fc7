/** Attacks: on roles, the policy, and who may found (attacks.md G12, G19, G23, G25; spikes/review/poc.ts). */
import * as mls from '@conclave/crypto/mls/engine';
import { sealOldMeta } from '@conclave/crypto/old-meta';
import type { Bytes } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import { describe, expect, test } from 'vitest';
import {
  foundingPolicy,
  type Policy,
  signPolicy,
  withHost,
  withRevokedHost,
  withSwitches,
} from '../../src/policy.ts';
import { Accomplice, type HandMade } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, isIn, keyOf, names, placeOf } from '../scenes.ts';
import { type Attacked, attackedCall, epochOf, expectOutOfReach, isGateOpen, personOf } from './oracles.ts';

/** Tells the honest a commit of an insider, and shows that nobody takes it. */
async function isRefused(
  { liar, world }: Attacked,
  honest: readonly Device[],
  made: HandMade,
): Promise<string[]> {
  const before = honest.map(placeOf);
  const codes: string[] = [];
  const look = world.afterStep;
  world.afterStep = (device) => {
    look(device);
    if (honest.includes(device) && device.state.refused) codes.push(device.state.refused);
  };
  liar.tell(honest, made.news);
  await world.run(300);
  world.afterStep = look;
  expect(honest.map(placeOf)).toEqual(before);
  return [...new Set(codes)];
}

function contextOf(device: Device): { groupId: Bytes; roomId: Bytes; policy: Policy } {
  const { member, identity } = device.state;
  if (member === undefined) throw new Error('a member');
  return { groupId: member.groupId, roomId: identity.link.roomId, policy: member.policy };
}

describe('commits by who is no host', () => {
  const GUESTS_EXTENSIONS: readonly [
    string,
    (host: Device, insider: Accomplice) => Promise<mls.GroupExtension>,
  ][] = [
    [
      'a policy of its own',
      async (host, insider) => {
        // Mallory makes himself a host of his own list, and signs with his own key.
        const { policy, ...context } = contextOf(host);
        const { serverKey } = policy;
        const hostKey = insider.key.publicKey;
        const own = foundingPolicy({ suite: 1, isLobbyOn: true, serverKey, hostKey });
        return {
          type: mls.POLICY,
          data: await signPolicy({ ...own, seq: policy.seq + 1 }, context, insider.key),
        };
      },
    ],
    [
      'an edited policy',
      async (_host, insider) => {
        const before = mls.extension(insider.group, mls.POLICY) ?? new Uint8Array();
        return { type: mls.POLICY, data: before.map((byte, index) => (index === 3 ? byte ^ 1 : byte)) };
      },
    ],
    ['a link_id', async () => ({ type: mls.LINK_ID, data: crypto.getRandomValues(new Uint8Array(16)) })],
    [
      'an oldMeta',
      async (_host, insider) => {
        const keys = [crypto.getRandomValues(new Uint8Array(32))];
        return { type: mls.OLD_META, data: await sealOldMeta(insider.keys.metaKey, keys) };
      },
    ],
  ];
  test.each(GUESTS_EXTENSIONS)('[C113] %s by a guest is refused by all', async (_name, extensionOf) => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { host, guests, world } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    const insider = await Accomplice.of(mallory);
    const extension = await extensionOf(host, insider);
    const made = await insider.commit({ proposals: [{ type: 'extensions', extensions: [extension] }] });
    expect(await isRefused(attacked, [host, ben], made)).toEqual(['NOT_HOST']);
    await world.until(() => areTogether([host, ben, mallory]), 30_000);
    expect(host.view?.lobby).toBe(false);
  });

  const utf8 = new TextEncoder();
  const FREEZE = utf8.encode('conclave freeze v1');
  const kickMarker = (key: Bytes) => new Uint8Array([...utf8.encode('conclave kick v1'), ...key]);
  const removeOf = (device: Device) => {
    const { member } = device.state;
    if (member === undefined) throw new Error('a member');
    return { type: 'remove', leafIndex: mls.ownLeafIndex(member.group) } as const;
  };
  const GUESTS_COMMITS: readonly [string, string, (ben: Device, insider: Accomplice) => Promise<HandMade>][] =
    [
      [
        'a kick',
        'NOT_HOST',
        async (ben, insider) => {
          const left = [await participantIdOf(keyOf(ben), insider.callId)];
          const authenticatedData = kickMarker(keyOf(ben));
          return insider.commit({ proposals: [removeOf(ben)], authenticatedData }, { phase: 'kick', left });
        },
      ],
      [
        'a plain Remove',
        'NOT_ALLOWED',
        async (ben, insider) => {
          const left = [await participantIdOf(keyOf(ben), insider.callId)];
          return insider.commit({ proposals: [removeOf(ben)] }, { left });
        },
      ],
      [
        'a freeze',
        'NOT_HOST',
        (_ben, insider) => insider.commit({ authenticatedData: FREEZE }, { phase: 'kick' }),
      ],
      [
        'a rotation without a freeze',
        'NOT_FROZEN',
        (_ben, insider) => {
          const extensions = [{ type: mls.LINK_ID, data: new Uint8Array(16) }];
          const psk = { type: 'psk', pskId: insider.keys.linkId } as const;
          const proposals = [{ type: 'extensions', extensions } as const, psk];
          return insider.commit({ proposals }, { phase: 'rotate', nextAccessHash: new Uint8Array(32) });
        },
      ],
    ];
  test.each(GUESTS_COMMITS)('[C113] %s by a guest is refused by all', async (_name, code, make) => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const { host, guests, world, all } = attacked;
    const [ben, cem, mallory] = guests as [Device, Device, Device];
    const made = await make(ben, await Accomplice.of(mallory));
    expect(await isRefused(attacked, [host, ben, cem], made)).toEqual([code]);
    await world.until(() => areTogether(all), 30_000);
    expect([...names(host)].sort()).toEqual(['Ada', 'Ben', 'Cem', 'Mallory']);
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C114] a policy signed by a host who has been revoked is refused by all', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { host, guests, world } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(mallory) });
    await world.until(() => mallory.view?.isHost === true && areTogether([host, ben, mallory]));
    const insider = await Accomplice.of(mallory);
    const stale = contextOf(host);
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => areTogether([host, ben]));
    // Ben helps: he commits what Mallory has signed, dated before and after the revocation.
    const helper = await Accomplice.of(ben);
    const accomplice = await mls.generateSigningKey();
    const { groupId, roomId, policy } = stale;
    const grown = await withHost(policy, { groupId, roomId }, accomplice.publicKey, insider.key);
    const now = contextOf(host).policy;
    const dated = { ...grown, seq: now.seq + 1 };
    for (const next of [grown, dated]) {
      const data = await signPolicy(next, { groupId, roomId }, insider.key);
      const made = await helper.commit({
        proposals: [{ type: 'extensions', extensions: [{ type: mls.POLICY, data }] }],
      });
      await isRefused(attacked, [host], made);
      await world.until(() => areTogether([host, ben]), 30_000);
      await helper.hold((await Accomplice.of(ben)).group);
    }
    expect(host.state.member?.policy.hosts.at(-1)?.revocation).toBeDefined();
    await expect(withRevokedHost(now, { groupId, roomId }, keyOf(host), insider.key)).rejects.toThrow();
  });

  test('[C114] a second host’s commit that revokes the first host, or drops an entry, is refused by all', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { host, guests, world } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(mallory) });
    await world.until(() => mallory.view?.isHost === true && areTogether([host, ben, mallory]));
    const insider = await Accomplice.of(mallory);
    const { policy, ...context } = contextOf(host);
    const alone = { ...policy, seq: policy.seq + 1, hosts: policy.hosts.slice(1) };
    const jump = withSwitches({ ...policy, seq: policy.seq + 5 }, { isLobbyOn: true });
    const foreign = { ...withSwitches(policy, {}), serverKey: insider.key.publicKey };
    for (const next of [alone, jump, foreign]) {
      const data = await signPolicy(next, context, insider.key);
      const made = await insider.commit({
        proposals: [{ type: 'extensions', extensions: [{ type: mls.POLICY, data }] }],
      });
      expect(await isRefused(attacked, [host, ben], made)).toEqual(['POLICY']);
      await world.until(() => areTogether([host, ben, mallory]), 30_000);
      await insider.hold((await Accomplice.of(mallory)).group);
    }
  });
});

describe('commits by a second host', () => {
  const kick = (key: Bytes, policy: Bytes = new Uint8Array()) =>
    new Uint8Array([...new TextEncoder().encode('conclave kick v1'), ...key, ...policy]);
  const indexOf = ({ state }: Device) => (state.member ? mls.ownLeafIndex(state.member.group) : -1);
  type Make = (insider: Accomplice, people: { ada: Device; ben: Device; cem: Device }) => Promise<HandMade>;

  const COMMITS: readonly [string, string, Make][] = [
    [
      'a kick of the first host',
      'FIRST_HOST',
      async (insider, { ada }) =>
        insider.commit(
          { proposals: [{ type: 'remove', leafIndex: indexOf(ada) }], authenticatedData: kick(keyOf(ada)) },
          { phase: 'kick', left: [await participantIdOf(keyOf(ada), insider.callId)] },
        ),
    ],
    [
      'a plain Remove of the first host',
      'FIRST_HOST',
      async (insider, { ada }) =>
        insider.commit(
          { proposals: [{ type: 'remove', leafIndex: indexOf(ada) }] },
          { left: [await participantIdOf(keyOf(ada), insider.callId)] },
        ),
    ],
    [
      'a plain Remove of another host',
      'KICK_POLICY',
      async (insider, { ben }) =>
        insider.commit(
          { proposals: [{ type: 'remove', leafIndex: indexOf(ben) }] },
          { left: [await participantIdOf(keyOf(ben), insider.callId)] },
        ),
    ],
    [
      'a kick of an earlier host without a policy',
      'KICK_POLICY',
      async (insider, { ben }) =>
        insider.commit(
          { proposals: [{ type: 'remove', leafIndex: indexOf(ben) }], authenticatedData: kick(keyOf(ben)) },
          { phase: 'kick', left: [await participantIdOf(keyOf(ben), insider.callId)] },
        ),
    ],
    [
      'a kick of an earlier host with a policy that drops her',
      'POLICY',
      async (insider, { ada, ben }) => {
        const { policy, ...context } = contextOf(ada);
        // Ben's entry stands before Mallory's; in its place comes one that nobody lacks.
        const alone = { ...policy, hosts: policy.hosts.slice(0, 1) };
        const withMe = await withHost(alone, context, insider.key.publicKey, ada.key);
        const bytes = await signPolicy(withMe, context, insider.key);
        return insider.commit(
          {
            proposals: [{ type: 'remove', leafIndex: indexOf(ben) }],
            authenticatedData: kick(keyOf(ben), bytes),
          },
          { phase: 'kick', left: [await participantIdOf(keyOf(ben), insider.callId)] },
        );
      },
    ],
    [
      'another link_id',
      'LINK_ID',
      async (insider, { ada }) => {
        const { policy, ...context } = contextOf(ada);
        const data = await signPolicy(withSwitches(policy, { isLocked: true }), context, insider.key);
        const extensions = [
          { type: mls.POLICY, data },
          { type: mls.LINK_ID, data: new Uint8Array(16).fill(1) },
        ];
        return insider.commit({ proposals: [{ type: 'extensions', extensions }] });
      },
    ],
    [
      'another oldMeta',
      'OLD_META',
      async (insider, { ada }) => {
        const { policy, ...context } = contextOf(ada);
        const data = await signPolicy(withSwitches(policy, { isLocked: true }), context, insider.key);
        const oldMeta = await sealOldMeta(insider.keys.metaKey, []);
        const extensions = [
          { type: mls.POLICY, data },
          { type: mls.OLD_META, data: oldMeta },
        ];
        return insider.commit({ proposals: [{ type: 'extensions', extensions }] });
      },
    ],
  ];

  test.each(COMMITS)('[C114] %s is refused by all', async (_name, code, make) => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory']);
    const { world, host, guests, all } = attacked;
    const [ben, cem, mallory] = guests as [Device, Device, Device];
    for (const next of [ben, mallory]) {
      host.feed({ t: 'make-host', leafKey: keyOf(next) });
      await world.until(() => next.view?.isHost === true && areTogether(all));
    }
    const made = await make(await Accomplice.of(mallory), { ada: host, ben, cem });
    const codes = await isRefused(attacked, [host, ben, cem], made);
    expect(codes).toEqual([code]);
    await world.until(() => areTogether(all), 30_000);
    expect(all.every(({ closed }) => closed === undefined)).toBe(true);
  });

  test('[C114] a policy that a host changes while the group is frozen is refused', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    liar.drop(({ way, message }) => way === 'up' && message.t === 'commit' && message.phase === 'rotate');
    host.feed({ t: 'kick', leafKey: keyOf(mallory) });
    await world.until(() => [host, ben].every(({ view }) => view?.isFrozen), 3_000);
    const { policy, ...context } = contextOf(host);
    const insider = await Accomplice.of(host);
    const data = await signPolicy(withSwitches(policy, { isLobbyOn: true }), context, host.key);
    const made = await insider.commit({
      proposals: [{ type: 'extensions', extensions: [{ type: mls.POLICY, data }] }],
    });
    expect(await isRefused(attacked, [ben], made)).toEqual(['FROZEN']);
  });
});

describe('inherited roles', () => {
  test('[C115] who lands on the leaf of a host who left has no role, and cannot kick', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, host, guests } = attacked;
    const [ben, cem] = guests as [Device, Device];
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => ben.view?.isHost === true && areTogether([host, ben, cem]));
    const benIndex = ben.state.member ? mls.ownLeafIndex(ben.state.member.group) : -1;
    ben.feed({ t: 'leave' });
    await world.until(() => areTogether([host, cem]));
    const stranger = await world.add('Stranger');
    attacked.watch.trust(stranger);
    stranger.feed({ t: 'join' });
    await world.until(() => areTogether([host, cem, stranger]));
    expect(stranger.state.member && mls.ownLeafIndex(stranger.state.member.group)).toBe(benIndex);
    expect(stranger.view?.isHost).toBe(false);
    expect(personOf(host, keyOf(stranger))?.isHost).toBe(false);
    stranger.feed({ t: 'kick', leafKey: keyOf(cem) });
    stranger.feed({ t: 'change-link' });
    await world.run(5_000);
    expect(areTogether([host, cem, stranger])).toBe(true);
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C116] a server that evicts the host crowns nobody; the host comes back as host', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests } = attacked;
    const [ben, mallory] = guests as [Device, Device];
    const { member } = ben.state;
    if (member === undefined) throw new Error('a member');
    const attestation = await world.service.signAttestation(member.groupId, member.epoch, keyOf(host));
    liar.tell(guests, { t: 'attestation', ...attestation });
    await world.until(() => ben.view?.people.length === 2, 5_000);
    expect(guests.some(({ view }) => view?.isHost)).toBe(false);
    mallory.feed({ t: 'kick', leafKey: keyOf(ben) });
    mallory.feed({ t: 'make-host', leafKey: keyOf(mallory) });
    await world.until(() => areTogether([host, ben, mallory]), 30_000);
    expect(host.view?.isHost).toBe(true);
    expect(mallory.view?.isHost).toBe(false);
    expectOutOfReach(attacked, [host, ben], []);
  });
});

describe('founding', () => {
  test('[C117] a group founded by who is not the link’s host is refused by its joiners, and no guest ever founds', async () => {
    const attacked = await attackedCall(['Ada']);
    const { world, liar, host } = attacked;
    const mallory = await Accomplice.withLink(world, 'Mallory');
    const keyPackage = await mallory.keyPackage();
    const groupId = crypto.getRandomValues(new Uint8Array(32));
    const { roomId } = mallory.link;
    const policy = foundingPolicy({
      suite: 1,
      isLobbyOn: false,
      serverKey: world.service.serverKey,
      hostKey: mallory.key.publicKey,
    });
    const group = await mls.createGroup(mallory.suite, groupId, keyPackage, [
      { type: mls.LINK_ID, data: mallory.keys.linkId },
      { type: mls.OLD_META, data: await sealOldMeta(mallory.keys.metaKey, []) },
      { type: mls.POLICY, data: await signPolicy(policy, { groupId, roomId }, mallory.key) },
    ]);
    await mallory.hold(group);
    const { record } = liar;
    const groupInfo = await mls.encodeGroupInfo(group, mallory.suite);
    const trap = liar.worldOf({
      ...record,
      group: record.group && {
        ...record.group,
        groupId,
        epoch: 0,
        groupInfo,
        treeByEpoch: new Map([[0, mls.encodeTree(group)]]),
        log: [],
      },
      members: new Set([await mallory.participantId]),
    });
    await mallory.connect(trap);
    const ben = await world.add('Ben');
    ben.service = trap;
    ben.feed({ t: 'join' });
    await world.until(() => mallory.inbox.some(({ t }) => t === 'knock'));
    await mallory.push(trap, await mallory.admit(mallory.received('knock')));
    await world.until(() => ben.closed !== undefined, 5_000);
    expect(ben.closed).toBe('REFUSED');
    expect(ben.state.refused).toContain('POLICY');
    expect(ben.media.some(({ t }) => t === 'epoch')).toBe(false);

    // And the fallback: nobody answers the knock.
    const carol = await world.add('Carol');
    carol.service = trap;
    carol.feed({ t: 'join' });
    await world.until(() => carol.closed !== undefined, 10_000);
    expect(carol.closed).toBe('REFUSED');
    expect(isIn(host)).toBe(true);
  });

  test('[C117] told that there is no group, or that it is deserted, a guest waits and founds nothing', async () => {
    const attacked = await attackedCall(['Ada']);
    const { world, liar } = attacked;
    liar.alter('session', (message) => ({ ...message, group: null, isDeserted: true, isMember: true }));
    const ben = await world.add('Ben');
    ben.feed({ t: 'join' });
    await world.run(10_000);
    liar.tell(ben, { t: 'group', group: null, isDeserted: true });
    await world.run(10_000);
    expect(ben.sent.some(({ t }) => t === 'found' || t === 'commit')).toBe(false);
    expect(ben.view?.phase).toBe('waiting');
  });

  test('[C118] a host tricked into founding anew beside the living call is missed there, and nobody sends without her', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem] = guests as [Device, Device];
    const { record } = liar;
    const trap = liar.worldOf({ ...record, group: undefined, members: new Set() });
    host.service = trap;
    await host.reload();
    await world.until(() => isIn(host) && epochOf(host) === 0);
    // The service of the others keeps silent about it: nothing is attested.
    liar.drop(({ way, message }) => way === 'down' && ['attestation', 'connection'].includes(message.t));
    await world.run(40_000);
    expect(personOf(ben, keyOf(host))?.standing).toBe('unreachable');
    expect(isGateOpen(ben) || isGateOpen(cem)).toBe(false);
    expect(ben.view?.pause).toMatch(/^(WAITING_FOR_HOST|ASK_ABOUT_HOST)$/);
    expect(host.view?.pause).toBe('ALONE');
    expect(attacked.watch.violations).toEqual([]);
  });

  test('[C118] a joiner of a group with another suite, or a link of another suite, gets nowhere', async () => {
    const attacked = await attackedCall(['Ada']);
    const { world, liar } = attacked;
    const other = { ...world.link, suite: 2 as const };
    const ben = await world.add('Ben', { links: [other] });
    ben.service = liar.worldOf(liar.record);
    ben.feed({ t: 'join' });
    await world.run(70_000);
    expect(ben.state.member).toBeUndefined();
    expect(ben.closed).toBeDefined();
  });
});
