/**
 * Attacks: keys that import and that nobody can seal to, and epoch numbers that no beat can say. Both would break the
 * steps of honest members later: a kick that cannot be sealed, a beat that cannot be written (attacks.md G14, G24).
 */
import { EPOCH_MAX } from '@conclave/crypto/limits';
import * as mls from '@conclave/crypto/mls/engine';
import { withPathKey } from '@conclave/crypto/mls/testing/cheat-path';
import { forgeKeyPackage } from '@conclave/crypto/mls/testing/forge-key-package';
import { describe, expect, test } from 'vitest';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device, Passing } from '../../src/testing/world.ts';
import { areTogether, callOf, haveNewLink, isIn, keyOf, names } from '../scenes.ts';
import { attackedCall } from './oracles.ts';

/** Three that differ, so that no check of uniqueness refuses the second: u = 0, 1, and 0 in another encoding. */
const UNUSABLE: Record<mls.SuiteNumber, readonly Uint8Array[]> = {
  1: [pointOf(0, 0), pointOf(1, 0), pointOf(0, 0x80)],
  2: [0xff, 0xfe, 0xfd].map((value) => new Uint8Array(1216).fill(value)),
};

function pointOf(first: number, last: number): Uint8Array {
  return Uint8Array.of(first, ...new Uint8Array(30), last);
}

async function knockWith(
  scene: Awaited<ReturnType<typeof callOf>>,
  name: string,
  fields: Parameters<typeof forgeKeyPackage>[2],
): Promise<Accomplice> {
  const { world, host } = scene;
  const knocker = await Accomplice.withLink(world, name);
  const groupId = host.state.member?.groupId ?? new Uint8Array(32);
  const keyPackage = await forgeKeyPackage(knocker.suite, await knocker.keyPackage(), fields);
  await knocker.connect(world.service);
  const sealed = await knocker.knock(groupId, keyPackage);
  await world.service.receive(knocker, { t: 'knock', groupId, sealed });
  return knocker;
}

describe.each<mls.SuiteNumber>([1, 2])('keys that nobody can seal to, suite %i', (suite) => {
  const [first, second, third] = UNUSABLE[suite] as [Uint8Array, Uint8Array, Uint8Array];

  test('[K66, C131] knocks with such an init or leaf key let nobody in and hold nobody up', async () => {
    const scene = await callOf(['Ada', 'Ben', 'Cem'], { suite });
    const { world, host, guests } = scene;
    const [ben, cem] = guests as [Device, Device];
    await knockWith(scene, 'M0', { leaf: { hpkePublicKey: first } });
    await knockWith(scene, 'M1', { leaf: { hpkePublicKey: second } });
    await knockWith(scene, 'M2', { outer: { initKey: third } });
    const dora = await world.add('Dora');
    dora.feed({ t: 'join' });
    await world.until(() => areTogether([host, ben, cem, dora]), 10_000, 'admission beside them');
    await world.run(20_000);
    expect([...names(host)].sort()).toEqual(['Ada', 'Ben', 'Cem', 'Dora']);
    host.feed({ t: 'kick', leafKey: keyOf(cem) });
    await world.until(() => cem.closed === 'REMOVED_BY_HOST', 5_000, 'kick');
    const staying = [host, ben, dora];
    await world.until(() => areTogether(staying) && haveNewLink(staying, world.link.secret), 10_000);
  });

  test("[K66, C131] a member's path with such a key is refused, and the host removes it and others as ever", async () => {
    const scene = await attackedCall(['Ada', 'Ben', 'Cem', 'Mallory'], { suite });
    const { world, host, guests } = scene;
    const [ben, cem, device] = guests as [Device, Device, Device];
    const mallory = await Accomplice.of(device);
    device.crash();
    await mallory.connect(world.service);
    await mallory.push(world.service, await mallory.commit({}, {}, withPathKey(mallory.suite, 0, first)));
    await world.until(
      () => [host, ben, cem].every(({ state }) => state.refused === 'PATH_KEYS'),
      5_000,
      'refusal',
    );
    await world.until(() => areTogether([host, ben, cem]) || names(host).includes('Mallory'), 60_000);
    host.feed({ t: 'kick', leafKey: keyOf(device) });
    await world.until(() => areTogether([host, ben, cem]), 60_000, 'kick of Mallory');
    host.feed({ t: 'kick', leafKey: keyOf(cem) });
    await world.until(() => areTogether([host, ben]), 20_000, 'kick of Cem');
    expect(scene.watch.violations).toEqual([]);
  });
});

test('[K67, C131] a GroupInfo of an epoch that no beat can say is not joined, and no step breaks over it', async () => {
  const { world, liar, guests } = await attackedCall(['Ada', 'Ben', 'Mallory']);
  const mallory = await Accomplice.of(guests[1] as Device);
  const carol = await world.add('Carol');
  await world.run(100);
  const honestTree = mls.encodeTree(mallory.group);
  const isOtherWayIn = ({ way, message, device }: Passing) =>
    device === carol &&
    (way === 'down' ? ['welcome', 'commit', 'group'].includes(message.t) : message.t === 'knock');
  liar.drop(isOtherWayIn);
  const treeOf = carol.service.tree.bind(carol.service);
  const asked: number[] = [];
  for (const epoch of [EPOCH_MAX, EPOCH_MAX + 1]) {
    const groupInfo = await mls.encodeGroupInfo(numbered(mallory.group, epoch), mallory.suite);
    const honest = liar.alter('group-info', (message, device) =>
      device === carol ? { ...message, epoch, groupInfo } : undefined,
    );
    carol.service.tree = (groupId, at) => {
      if (at === epoch) asked.push(epoch);
      return at === epoch ? honestTree : treeOf(groupId, at);
    };
    carol.feed({ t: 'join' });
    await world.until(() => asked.includes(epoch), 20_000, 'GroupInfo taken');
    await world.run(5_000);
    expect(carol.state.refused).toContain('BOUNDS');
    honest();
  }
  expect(carol.sent.some(({ t }) => t === 'commit')).toBe(false);
  liar.honest();
  carol.service.tree = treeOf;
  await world.until(() => isIn(carol), 60_000, 'the true group');
});

/** A member may sign any number as its group's epoch. */
function numbered(group: mls.GroupState, epoch: number): mls.GroupState {
  const inner = group as unknown as { readonly groupContext: object };
  return {
    ...inner,
    groupContext: { ...inner.groupContext, epoch: BigInt(epoch) },
  } as unknown as mls.GroupState;
}
