import { equalBytes, toHex } from '@conclave/protocol/bytes';
import { describe, expect, test } from 'vitest';
import type { GroupState } from '../src/mls/engine.ts';
import * as engine from '../src/mls/engine.ts';
import { codeOf, joinFromOutside, PSKS, person, staged, value, world } from './mls-group.ts';

const suites = await Promise.all(([1, 2] as const).map((number) => engine.createSuite(number)));

function authenticators(states: readonly GroupState[]): number {
  return new Set(states.map((s) => toHex(engine.epochAuthenticator(s)))).size;
}

describe.each(suites.map((suite) => [suite.number, suite] as const))('suite %i', (_number, suite) => {
  test('[K30] a batch joins, commits reach everybody, exports agree', async () => {
    const { states } = await world(suite, 4);
    expect(authenticators(states)).toBe(1);
    const [a, b, c, d] = states as [GroupState, GroupState, GroupState, GroupState];
    const update = await engine.commit(b, suite, { proposals: [], psks: PSKS });
    const next = await Promise.all([a, c, d].map((s) => staged(s, suite, update.commit)));
    expect(authenticators([update.state, ...next.map((n) => n.state)])).toBe(1);
    expect(next[0]?.hasPath).toBe(true);
    expect(next[0]?.committer.leafIndex).toBe(1);
    const secret = await engine.exportSecret(
      update.state,
      suite,
      'SFrame 1.0 Base Key',
      new Uint8Array(),
      32,
    );
    const same = await engine.exportSecret(
      next[0]?.state as GroupState,
      suite,
      'SFrame 1.0 Base Key',
      new Uint8Array(),
      32,
    );
    expect(equalBytes(secret, same)).toBe(true);
  });

  test('[K53] a removed member is told, and cannot derive the next exporter', async () => {
    const { states } = await world(suite, 4);
    const [a, b, c] = states as [GroupState, GroupState, GroupState];
    const kick = await engine.commit(a, suite, { proposals: [{ type: 'remove', leafIndex: 2 }], psks: PSKS });
    const member = await staged(b, suite, kick.commit);
    const victim = await staged(c, suite, kick.commit);
    expect([member.self, victim.self]).toEqual(['in', 'out']);
    expect(member.removed.map((l) => l.leafIndex)).toEqual([2]);
    expect(authenticators([kick.state, member.state])).toBe(1);
    expect(codeOf(await engine.stage(victim.state, suite, kick.commit, PSKS))).toBe('NOT_ACTIVE');
  });

  test('[K59] external join and resync', async () => {
    const { states, people } = await world(suite, 3);
    const [a, b] = states as [GroupState, GroupState];
    const newcomer = await person(suite, 'newcomer');
    const joined = value(await joinFromOutside(suite, a, newcomer));
    const seen = await staged(b, suite, joined.commit);
    expect(seen.sender).toBe('external');
    expect(seen.added.map((l) => toHex(l.signatureKey))).toEqual([toHex(newcomer.key.publicKey)]);
    expect(authenticators([seen.state, joined.state])).toBe(1);
    const again = await person(suite, 'person 2', people[2]?.key);
    const resynced = value(await joinFromOutside(suite, seen.state, again, { resync: true }));
    const after = await staged(joined.state, suite, resynced.commit);
    expect(after.removed.map((l) => l.leafIndex)).toEqual([2]);
    expect(after.proposals.map((p) => p.type)).toEqual(['external_init', 'remove', 'psk']);
    expect(authenticators([after.state, resynced.state])).toBe(1);
  });
});
