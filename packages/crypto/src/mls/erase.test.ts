import { toHex } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { admit, found, join, PSKS, person, staged, world } from '../../test/mls-group.ts';
import { snapshot } from '../../test/state-snapshot.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';

const update = { proposals: [], psks: PSKS };

describe('erasing', () => {
  test('[K49] what a step consumed can be erased, and the new state goes on', async () => {
    const suite = await engine.createSuite(1);
    const { states } = await world(suite, 3);
    let [a, b] = states as [engine.GroupState, engine.GroupState];
    for (let round = 0; round < 6; round++) {
      const own = await engine.commit(a, suite, update);
      const seen = await staged(b, suite, own.commit);
      const old = [inside(a), inside(b)];
      const [nextA, nextB] = [snapshot(own.state), snapshot(seen.state)];
      expect(own.consumed.length).toBeGreaterThan(4);
      expect(seen.consumed.length).toBeGreaterThan(4);
      engine.eraseConsumed(own.consumed);
      engine.eraseConsumed(seen.consumed);
      for (const state of old) {
        for (const secret of [state.keySchedule.initSecret, state.keySchedule.exporterSecret]) {
          expect(secret.every((byte) => byte === 0)).toBe(true);
        }
      }
      expect(toHex(snapshot(own.state))).toBe(toHex(nextA));
      expect(toHex(snapshot(seen.state))).toBe(toHex(nextB));
      [a, b] = [seen.state, own.state];
    }
  });

  test('[K49] the keys of blank nodes are dropped with the commit that blanks them', async () => {
    const suite = await engine.createSuite(1);
    const { states } = await world(suite, 4);
    const [a, b] = states as [engine.GroupState, engine.GroupState];
    const filled = await engine.commit(a, suite, update);
    const atB = (await staged(b, suite, filled.commit)).state;
    const kick = await engine.commit(filled.state, suite, {
      proposals: [
        { type: 'remove', leafIndex: 2 },
        { type: 'remove', leafIndex: 3 },
      ],
      psks: PSKS,
    });
    for (const state of [kick.state, (await staged(atB, suite, kick.commit)).state]) {
      const { ratchetTree, privatePath } = inside(state);
      for (const index of Object.keys(privatePath.privateKeys))
        expect(ratchetTree[Number(index)]).toBeDefined();
    }
  });

  test('[K49] of a commit that is given up everything goes but what the living state shares with it', async () => {
    const suite = await engine.createSuite(1);
    const { states } = await world(suite, 3);
    const [a, b] = states as [engine.GroupState, engine.GroupState];
    const [given, before] = [await engine.commit(a, suite, update), toHex(snapshot(a))];
    engine.eraseState(given.state, [a]);
    expect(inside(given.state).keySchedule.initSecret.every((byte) => byte === 0)).toBe(true);
    expect(toHex(snapshot(a))).toBe(before);
    const other = await engine.commit(b, suite, update);
    const seen = await staged(a, suite, other.commit);
    expect(toHex(engine.epochAuthenticator(seen.state))).toBe(toHex(engine.epochAuthenticator(other.state)));
  });

  test('[K49] an erased KeyPackage leaves the states whole that were made from it', async () => {
    const suite = await engine.createSuite(1);
    const [founder, guest] = [await person(suite, 'founder'), await person(suite, 'guest')];
    const alone = await found(suite, founder);
    engine.eraseKeyPackage(founder.keyPackage);
    const own = await admit(alone, suite, [guest]);
    const joined = await join(suite, own, guest);
    engine.eraseKeyPackage(guest.keyPackage);
    expect(guest.keyPackage.privatePackage.initPrivateKey.every((byte) => byte === 0)).toBe(true);
    const next = await engine.commit(own.state, suite, update);
    const seen = await staged(joined, suite, next.commit);
    expect(toHex(engine.epochAuthenticator(seen.state))).toBe(toHex(engine.epochAuthenticator(next.state)));
    engine.eraseState(seen.state);
    const { keySchedule, privatePath } = inside(seen.state);
    const secrets = [...Object.values(keySchedule), ...Object.values(privatePath.privateKeys)];
    expect(secrets.every((secret) => secret.every((byte: number) => byte === 0))).toBe(true);
  });
});
