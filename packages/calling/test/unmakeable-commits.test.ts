/** Commits that the engine cannot make, and words of the server that come too early. */
import { inside } from '@conclave/crypto/mls/group';
import { equalBytes } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { createCall, step } from '../src/call.machine.ts';
import type { Device } from '../src/testing/world.ts';
import { attackedCall } from './attacks/oracles.ts';
import { areTogether, callOf, keyOf, names } from './scenes.ts';

/** As if a bad key had come into everybody's tree: whatever has a path cannot be sealed to this leaf. */
function spoilLeaf(all: readonly Device[], target: Device): void {
  for (const { state } of all) {
    const leaf = state.member?.leaves.find(({ signatureKey }) => equalBytes(signatureKey, keyOf(target)));
    if (leaf === undefined || state.member === undefined) throw new Error('no such leaf');
    const node = inside(state.member.group).ratchetTree[2 * leaf.leafIndex];
    if (node?.nodeType !== 'leaf') throw new Error('no leaf there');
    node.leaf.hpkePublicKey = new Uint8Array(32);
  }
}

describe('a commit that cannot be made', () => {
  test('[C149] stops no other wish, is told, and is made when it can be', async () => {
    const { world, host, guests, all } = await callOf(['Ada', 'Ben', 'Cem', 'Dora']);
    const [ben, cem, dora] = guests as [Device, Device, Device];
    spoilLeaf(all, dora);
    host.feed({ t: 'kick', leafKey: keyOf(cem) });
    await world.run(4_000);
    expect(names(host)).toContain('Cem');
    expect([host.view?.pause, host.view?.linkTrouble]).toEqual(['KICK_WITHHELD', 'CANNOT_REMOVE']);
    host.feed({ t: 'make-host', leafKey: keyOf(ben) });
    await world.until(() => ben.view?.isHost === true, 5_000);
    host.feed({ t: 'kick', leafKey: keyOf(dora) });
    await world.until(() => areTogether([host, ben]), 20_000, 'both are out');
    expect(host.view?.pause).toBeUndefined();
  });
});

test('[C151] what the server says of the group before the machine has its session is not lost', async () => {
  const { liar, guests } = await attackedCall(['Ada', 'Ben']);
  const [ben] = guests as [Device];
  const { session: last, identity, ports } = ben.state;
  const group = liar.record.group;
  if (last === undefined || group === undefined) throw new Error('no session');
  const news = { groupId: group.groupId, epoch: group.epoch, frozen: false };
  const fresh = await createCall(identity, ports);
  const told = await step(
    fresh,
    { t: 'message', message: { t: 'group', group: news, isDeserted: false } },
    1,
  );
  const session = { ...last, group: null, isMember: false };
  const connected = await step(told.state, { t: 'connected', session }, 2);
  const joined = await step(connected.state, { t: 'join' }, 3);
  const sent = joined.effects.flatMap((effect) => (effect.t === 'send' ? [effect.message.t] : []));
  expect(sent).toEqual(['knock']);
});
