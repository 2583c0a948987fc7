/** Own commits that were given up and that a lying service takes later (D7, D10). */
import * as mls from '@conclave/crypto/mls/engine';
import { equalBytes } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import type { ClientMessage } from '@conclave/protocol/wire';
import { describe, expect, test } from 'vitest';
import { encodeMarker } from '../../src/markers.ts';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, haveNewLink, isIn, keyOf, names, placeOf } from '../scenes.ts';
import { type Attacked, attackedCall, epochOf, expectOutOfReach, isGateOpen } from './oracles.ts';

type Commit = Extract<ClientMessage, { t: 'commit' }>;

function lastCommitOf({ sent }: Device, fits: (commit: Commit) => boolean = () => true): Commit {
  const commit = sent.findLast((message): message is Commit => message.t === 'commit' && fits(message));
  if (commit === undefined) throw new Error('nothing was committed');
  return commit;
}

async function kick({ world, host }: Attacked, target: Device, rest: readonly Device[]): Promise<void> {
  host.feed({ t: 'kick', leafKey: keyOf(target) });
  const isDone = () => areTogether(rest) && haveNewLink(rest, world.link.secret);
  await world.until(isDone, 20_000, 'kick and rotation');
}

/** The service takes it after all; whoever can follow it speaks there. */
async function takeLate({ world, liar }: Attacked, device: Device, late: Commit, follower: Accomplice) {
  liar.tell(device, { t: 'accepted', request: late.request, epoch: late.epoch + 1 });
  await world.run(200);
  await follower.follow(late.commit);
  liar.tell(device, { t: 'beats', beats: [await follower.beat()] });
  await world.run(2_000);
}

describe('a commit of a group that was replaced', () => {
  test('[C140] is never merged, so the kicked do not come back with it', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests, watch } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    for (const name of ['Cem', 'Dee', 'Eve', 'Fay']) {
      const visitor = await world.add(name);
      watch.trust(visitor);
      visitor.feed({ t: 'join' });
      await world.until(() => isIn(visitor), 9_000, name);
      await world.run(1_000);
      visitor.crash();
    }
    await world.until(() => areTogether([host, ben, malloryDevice]), 60_000, 'the visitors are gone');
    const mallory = await Accomplice.of(malloryDevice);
    const stop = liar.drop(({ way, message }) => way === 'up' && message.t === 'commit');
    const visitor = await world.add('Gus');
    visitor.feed({ t: 'join' });
    const isOfNow = (commit: Commit) => commit.epoch === epochOf(host);
    await world.until(() => host.sent.some((message) => message.t === 'commit' && isOfNow(message)), 3_000);
    const lost = lastCommitOf(host);
    visitor.crash();
    stop();
    // The service says that there is no group any more: the host founds anew.
    world.service.call = { ...liar.record, group: undefined, members: new Set() };
    const all = [host, ben, malloryDevice];
    for (const device of all) device.drop();
    await world.run(50);
    for (const device of all) device.connect();
    await world.until(() => areTogether(all), 20_000, 'founded anew');

    await kick(attacked, malloryDevice, [host, ben]);
    watch.distrust(malloryDevice);
    const place = placeOf(host);
    await takeLate(attacked, host, lost, mallory);
    expect(placeOf(host)?.split(' ')[0]).toBe(place?.split(' ')[0]);
    expect(names(host)).toEqual(['Ada', 'Ben']);
    expect(watch.violations).toEqual([]);
  });
});

describe('a way back that was given up', () => {
  test('[C140, C141] is not taken after a kick and a rotation: no older link comes back into force', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Mallory']);
    const { world, liar, host, guests, watch } = attacked;
    const [ben, malloryDevice] = guests as [Device, Device];
    const trap = liar.worldOf(liar.record);
    const mallory = await Accomplice.of(malloryDevice);
    await mallory.connect(trap);
    await forkWithout(trap, mallory, keyOf(host));
    const { group } = trap.call ?? {};
    if (group === undefined) throw new Error('no fork');
    const tree = world.service.tree.bind(world.service);
    world.service.tree = (groupId, epoch) => tree(groupId, epoch) ?? trap.tree(groupId, epoch);
    let isFed = false;
    const undo = liar.rule(({ way, device, message }) => {
      if (device !== ben || way !== 'up') return undefined;
      if (message.t === 'group-info') {
        const { groupId, epoch, groupInfo } = group;
        if (!isFed) liar.tell(ben, { t: 'group-info', request: message.request, groupId, epoch, groupInfo });
        isFed = true;
        return [];
      }
      return message.t === 'commit' || message.t === 'report-invalid' ? [] : undefined;
    });
    const nonsense = { phase: 'none' as const, commit: new Uint8Array(64), joined: [], left: [] };
    liar.tell(ben, { t: 'commit', groupId: group.groupId, epoch: epochOf(ben), ...nonsense });
    const isWayBack = (message: ClientMessage) => message.t === 'commit' && message.epoch === group.epoch;
    await world.until(() => ben.sent.some(isWayBack), 8_000, 'a way back');
    const way = lastCommitOf(ben, isWayBack);
    await world.run(3_500);
    liar.tell(ben, { t: 'reopened', groupId: group.groupId, epoch: epochOf(ben) });
    await world.run(3_500);
    undo();

    await kick(attacked, malloryDevice, [host, ben]);
    watch.distrust(malloryDevice);
    const place = placeOf(ben);
    await takeLate(attacked, ben, way, mallory);
    expect(placeOf(ben)).toBe(place);
    expect(ben.links.some(({ secret }) => equalBytes(secret, world.link.secret))).toBe(false);
    expect(isGateOpen(ben)).toBe(true);
    expectOutOfReach(attacked, [host, ben], [mallory], epochOf(ben));
  });
});

test('[C150] a membership, and a commit, that are given up are overwritten', async () => {
  const { world, liar, host, guests } = await attackedCall(['Ada', 'Ben']);
  const [ben] = guests as [Device];
  const isBlank = (bytes: Uint8Array | undefined) => bytes?.every((byte) => byte === 0);
  liar.drop(({ way, message }) => way === 'up' && message.t === 'commit');
  host.feed({ t: 'make-host', leafKey: keyOf(ben) });
  await world.until(() => host.state.inFlight !== undefined, 3_000);
  const [given, left] = [host.state.inFlight?.next, ben.state.member?.group];
  if (given === undefined || left === undefined) throw new Error('nothing to give up');
  liar.alter('session', (message) => ({ ...message, group: null, isMember: false }));
  for (const device of [host, ben]) device.drop();
  await world.run(50);
  for (const device of [host, ben]) device.connect();
  await world.run(500);
  expect(isBlank(mls.epochAuthenticator(left))).toBe(true);
  expect(isBlank(mls.epochAuthenticator(given))).toBe(true);
});

/** A fork in which the host was attested away, some epochs ahead of the call. */
async function forkWithout(
  trap: Awaited<ReturnType<Attacked['liar']['worldOf']>>,
  mallory: Accomplice,
  hostKey: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const leaf = mls.leaves(mallory.group).find(({ signatureKey }) => equalBytes(signatureKey, hostKey));
  if (leaf === undefined) throw new Error('the host has no leaf');
  const place = [mls.groupId(mallory.group), mls.epoch(mallory.group)] as const;
  const { signature } = await trap.signAttestation(...place, hostKey);
  const attested = encodeMarker({ t: 'attested', attestations: [{ leafKey: hostKey, signature }] });
  const removal = {
    proposals: [{ type: 'remove', leafIndex: leaf.leafIndex } as const],
    authenticatedData: attested,
  };
  const left = [await participantIdOf(hostKey, mallory.callId)];
  await mallory.push(trap, await mallory.commit(removal, { left }));
  for (let count = 0; count < 5; count++) await mallory.push(trap, await mallory.commit());
}
