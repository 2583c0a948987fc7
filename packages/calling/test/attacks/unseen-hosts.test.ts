/** Worlds without a host (G6, G21): a service that lets an insider remove the hosts before anybody looks. */
import * as mls from '@conclave/crypto/mls/engine';
import { toHex } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import { describe, expect, test } from 'vitest';
import { encodeMarker } from '../../src/markers.ts';
import { Accomplice } from '../../src/testing/accomplice.ts';
import type { CallRecord } from '../../src/testing/call-record.ts';
import type { DeliveryService } from '../../src/testing/delivery-service.ts';
import type { Device } from '../../src/testing/world.ts';
import { areTogether, isIn, keyOf } from '../scenes.ts';
import { type Attacked, attackedCall, epochOf, expectOutOfReach, isGateOpen } from './oracles.ts';

/** A world of this record in which a link holder is alone: the service attests all others away. */
async function emptyWorld({ world, liar }: Attacked, record: CallRecord) {
  const trap = liar.worldOf(record);
  const mallory = await Accomplice.withLink(world, 'Ada');
  await mallory.connect(trap);
  await mallory.push(trap, await mallory.letIn(liar.publicState(record)));
  const own = toHex(mallory.key.publicKey);
  const others = mls.leaves(mallory.group).filter(({ signatureKey }) => toHex(signatureKey) !== own);
  const [groupId, epoch] = [mls.groupId(mallory.group), mls.epoch(mallory.group)];
  const attestations = await Promise.all(
    others.map(async ({ signatureKey: leafKey }) => {
      const { signature } = await trap.signAttestation(groupId, epoch, leafKey);
      return { leafKey, signature };
    }),
  );
  const proposals = others.map(({ leafIndex }) => ({ type: 'remove', leafIndex }) as const);
  const authenticatedData = encodeMarker({ t: 'attested', attestations });
  const left = await Promise.all(others.map((leaf) => participantIdOf(leaf.signatureKey, mallory.callId)));
  await mallory.push(trap, await mallory.commit({ proposals, authenticatedData }, { left }));
  return { trap, mallory };
}

/** The insider follows whoever came, and confirms being there. */
async function confirm(mallory: Accomplice, trap: DeliveryService): Promise<void> {
  for (const message of mallory.inbox.splice(0)) {
    if (message.t === 'commit') await mallory.follow(message.commit);
  }
  trap.injectBeat(await mallory.beat());
}

async function moveTo(device: Device, service: DeliveryService): Promise<void> {
  device.service = service;
  device.drop();
  await device.world.run(100);
  device.connect();
}

describe('a joiner', () => {
  test('[C109, C145] of a world whose hosts were removed first sends nothing, and is asked', async () => {
    const attacked = await attackedCall(['Ada', 'Ben']);
    const { world, liar, watch } = attacked;
    const { trap, mallory } = await emptyWorld(attacked, liar.record);
    // He sees her, under the host's name, as a person without the host's role.
    watch.trust(mallory);
    const dan = await world.add('Dan');
    watch.trust(dan);
    await moveTo(dan, trap);
    dan.feed({ t: 'join' });
    await world.until(() => isIn(dan), 5_000);
    await confirm(mallory, trap);
    await world.run(3_000);
    expect(dan.view?.pause).toBe('ASK_ABOUT_HOST');
    expect(dan.view?.people.some(({ isHost }) => isHost)).toBe(false);
    expect(isGateOpen(dan)).toBe(false);
  });

  test('[C145] of a call whose host has gone may go on, and is not asked again; who saw the host go is not asked', async () => {
    const { world, host, guests, watch } = await attackedCall(['Ada', 'Ben', 'Cem']);
    const [ben, cem] = guests as [Device, Device];
    host.crash();
    await world.until(() => areTogether([ben, cem]), 60_000, 'the host is removed');
    await world.run(30_000);
    expect([ben, cem].map(({ view }) => view?.pause)).toEqual([undefined, undefined]);
    expect([ben, cem].every(isGateOpen)).toBe(true);
    const dan = await world.add('Dan');
    watch.trust(dan);
    dan.feed({ t: 'join' });
    await world.until(() => areTogether([ben, cem, dan]), 9_000);
    expect(dan.view?.pause).toBe('ASK_ABOUT_HOST');
    expect(isGateOpen(dan)).toBe(false);
    expect([ben, cem].every(isGateOpen)).toBe(true);
    dan.feed({ t: 'go-on' });
    await world.run(30_000);
    expect(dan.view?.pause).toBeUndefined();
    expect(isGateOpen(dan)).toBe(true);
    // A way back is a new world: it is asked again.
    const { groupId } = dan.state.member ?? {};
    if (groupId === undefined) throw new Error('Dan is out');
    const nonsense = { phase: 'none' as const, commit: new Uint8Array(64), joined: [], left: [] };
    dan.socket?.deliver({ t: 'commit', groupId, epoch: epochOf(dan), ...nonsense });
    await world.run(8_000);
    expect(areTogether([ben, cem, dan])).toBe(true);
    expect(dan.view?.pause).toBe('ASK_ABOUT_HOST');
    expect(watch.violations).toEqual([]);
  });

  test('[C145] who waits for the question has it taken away by a host who comes and confirms', async () => {
    const { world, host, guests } = await attackedCall(['Ada', 'Ben']);
    const [ben] = guests as [Device];
    host.offline();
    await world.until(() => areTogether([ben]), 60_000);
    const dan = await world.add('Dan');
    dan.feed({ t: 'join' });
    await world.until(() => areTogether([ben, dan]) && dan.view?.pause === 'ASK_ABOUT_HOST', 9_000);
    host.online();
    await world.until(() => areTogether([host, ben, dan]), 20_000);
    await world.run(500);
    expect([ben, dan].map(({ view }) => view?.pause)).toEqual([undefined, undefined]);
    expect([host, ben, dan].every(isGateOpen)).toBe(true);
  });
});

describe('a member whose server said that there was no group', () => {
  test('[C123, C144] does not enter it at an epoch before its own', async () => {
    const attacked = await attackedCall(['Ada', 'Ben', 'Cem']);
    const { world, liar, host, guests } = attacked;
    const [ben, cem] = guests as [Device, Device];
    const past = liar.record;
    host.feed({ t: 'make-host', leafKey: keyOf(cem) });
    await world.until(() => cem.view?.isHost === true, 3_000);
    const before = epochOf(ben);
    const { trap, mallory } = await emptyWorld(attacked, past);
    const { group } = trap.call ?? {};
    if (group === undefined) throw new Error('no world');
    let isFirst = true;
    liar.alter('session', (message, device) => {
      if (device !== ben || !isFirst) return undefined;
      isFirst = false;
      return { ...message, group: null, isMember: false };
    });
    await moveTo(ben, trap);
    await world.run(300);
    expect(ben.state.member).toBeUndefined();
    const { groupId, epoch } = group;
    liar.tell(ben, { t: 'group', group: { groupId, epoch, frozen: false }, isDeserted: false });
    for (let second = 0; second < 8; second++) {
      await world.run(1_000);
      await confirm(mallory, trap);
      expect(ben.state.member === undefined || epochOf(ben) > before).toBe(true);
      expect(isGateOpen(ben)).toBe(false);
    }
    expect(ben.closed).toBe('REFUSED');
    expectOutOfReach(attacked, [ben], [mallory]);
  });
});
