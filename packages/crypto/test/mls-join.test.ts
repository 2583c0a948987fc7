import { equalBytes, toHex, utf8 } from '@conclave/protocol/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import type { GroupState, Joining, OwnCommit, Suite, WelcomeRequest } from '../src/mls/engine.ts';
import * as engine from '../src/mls/engine.ts';
import type { Person } from './mls-group.ts';
import {
  admit,
  codeOf,
  holding,
  join,
  joinFromOutside,
  LINK,
  LINK_SECRET,
  PSKS,
  person,
  staged,
  value,
  world,
} from './mls-group.ts';

let suite: Suite;
let host: GroupState;
let guests: readonly Person[];
let admission: OwnCommit;

beforeAll(async () => {
  suite = await engine.createSuite(1);
  host = (await world(suite, 4)).states[0] as GroupState;
  guests = [await person(suite, 'guest 0'), await person(suite, 'guest 1')];
  admission = await admit(host, suite, guests);
});

function request(at: number, change: Partial<WelcomeRequest> = {}): WelcomeRequest {
  return {
    welcome: admission.welcomes[at]?.welcome ?? new Uint8Array(),
    tree: engine.encodeTree(admission.state),
    keyPackage: (guests[at] as Person).keyPackage,
    psks: PSKS,
    judge: () => undefined,
    ...change,
  };
}

const attempt = async (change: Partial<WelcomeRequest>) =>
  codeOf(await engine.joinFromWelcome(suite, request(0, change)));

describe('joining by Welcome', () => {
  test('[K58] each joiner gets its own entry, in the order of the Adds, and no other opens', async () => {
    expect(admission.welcomes.map((w) => toHex(w.reference))).toEqual(
      guests.map((g) => toHex(g.keyPackage.reference)),
    );
    expect(await attempt({})).toBe('ACCEPTED');
    expect(await attempt({ welcome: admission.welcomes[1]?.welcome ?? new Uint8Array() })).toBe('CRYPTO');
    const [one, all] = [admission.welcomes[0]?.welcome.length ?? 0, admission.commit.length];
    expect(one).toBeGreaterThan(0);
    expect(all).toBeGreaterThan(one);
  });

  test('[K57] a wrong or missing PSK, another epoch, another KeyPackage, no tree', async () => {
    expect(await attempt({ psks: holding(LINK, new Uint8Array(32)) })).toBe('CRYPTO');
    expect(await attempt({ psks: () => undefined })).toBe('UNKNOWN_PSK');
    expect(await attempt({ tree: engine.encodeTree(host) })).toBe('TREE');
    expect(await attempt({ tree: new Uint8Array() })).toBe('MALFORMED');
    const { tree: _tree, ...withoutTree } = request(0);
    expect(codeOf(await engine.joinFromWelcome(suite, withoutTree))).toBe('TREE');
    expect(await attempt({ keyPackage: (await person(suite, 'other')).keyPackage })).toBe('CRYPTO');
  });

  test('[K56] the judge sees what was authenticated, and its reason refuses', async () => {
    const seen: Joining[] = [];
    const judge = (joining: Joining) => {
      seen.push(joining);
      return 'not this call';
    };
    const refused = await engine.joinFromWelcome(suite, request(0, { judge }));
    expect(refused).toEqual({ ok: false, error: { code: 'JUDGED', detail: 'not this call' } });
    const [joining] = seen;
    expect(joining?.groupId).toEqual(engine.groupId(host));
    expect(joining?.epoch).toBe(engine.epoch(host) + 1);
    expect(joining?.signer.leafIndex).toBe(0);
    expect(joining?.leaves).toHaveLength(6);
    expect(joining?.pskIds).toEqual([LINK]);
    expect(joining?.extensions.get(engine.POLICY)).toEqual(utf8('policy 0'));
    const calls = seen.length;
    await engine.joinFromWelcome(suite, request(0, { judge, tree: engine.encodeTree(host) }));
    expect(seen.length, 'asked only after the tree was verified').toBe(calls);
  });

  test('[K56] an external joiner asks its judge too', async () => {
    const who = await person(suite, 'outsider');
    const refused = await engine.joinExternal(suite, {
      groupInfo: await engine.encodeGroupInfo(host, suite),
      tree: engine.encodeTree(host),
      keyPackage: who.keyPackage,
      psks: PSKS,
      pskId: LINK,
      resync: false,
      judge: async ({ pskIds }) => `no ${pskIds.length}`,
    });
    expect(refused).toEqual({ ok: false, error: { code: 'JUDGED', detail: 'no 1' } });
  });

  test('[K30] nothing falls back: objects of the other suite are refused as such', async () => {
    const xWing = await engine.createSuite(2);
    const who = await person(xWing, 'x-wing');
    expect(codeOf(await engine.readKeyPackage(who.keyPackage.message, suite))).toBe('SUITE');
    expect(codeOf(await engine.readKeyPackage(who.keyPackage.message, xWing))).toBe('ACCEPTED');
    expect(await attempt({ keyPackage: who.keyPackage })).toBe('SUITE');
    expect(codeOf(await engine.joinFromWelcome(xWing, request(0)))).toBe('SUITE');
    expect(
      codeOf(await joinFromOutside(xWing, host, who).catch(() => ({ ok: true, value: 0 }) as const)),
    ).toBe('SUITE');
    // KeyPackage: version, wire format, version, suite. X-Wing's 83 is ts-mls 1.x's own number, not IANA's.
    expect([...who.keyPackage.message.slice(6, 8)]).toEqual([0, 83]);
    expect([...(guests[0] as Person).keyPackage.message.slice(6, 8)]).toEqual([0, 1]);
  });
});

describe('external commits', () => {
  test('[K59] authenticated_data reaches the members; the members and the joiner agree', async () => {
    const who = await person(suite, 'outsider');
    const joined = value(
      await engine.joinExternal(suite, {
        groupInfo: await engine.encodeGroupInfo(host, suite),
        tree: engine.encodeTree(host),
        keyPackage: who.keyPackage,
        psks: PSKS,
        pskId: LINK,
        resync: false,
        authenticatedData: utf8('marker'),
        judge: () => undefined,
      }),
    );
    const seen = await staged(host, suite, joined.commit);
    expect(seen.authenticatedData).toEqual(utf8('marker'));
    expect(
      equalBytes(engine.confirmedTranscriptHash(seen.state), engine.confirmedTranscriptHash(joined.state)),
    ).toBe(true);
    expect(equalBytes(engine.encodeTree(seen.state), engine.encodeTree(joined.state))).toBe(true);
  });

  test('[K57] with a wrong secret behind the PSK the members refuse', async () => {
    const who = await person(suite, 'outsider');
    const wrong = value(await joinFromOutside(suite, host, who, { psks: holding(LINK, new Uint8Array(32)) }));
    expect(codeOf(await engine.stage(host, suite, wrong.commit, PSKS))).toBe('CRYPTO');
    const unknown = await joinFromOutside(suite, host, who, { psks: holding(utf8('other'), LINK_SECRET) });
    expect(codeOf(unknown)).toBe('UNKNOWN_PSK');
  });

  test('[K64] my own leaf, resynced elsewhere, stages as out', async () => {
    const { people, states } = await world(suite, 4);
    const [, mine] = states as [GroupState, GroupState];
    const elsewhere = await person(suite, 'person 1', people[1]?.key);
    const other = states[2] as GroupState;
    const resync = value(await joinFromOutside(suite, other, elsewhere, { resync: true }));
    const seen = await staged(mine, suite, resync.commit);
    expect(seen.self).toBe('out');
    expect(toHex(seen.committer.signatureKey)).toBe(toHex(elsewhere.key.publicKey));
    expect(seen.removed.map((l) => l.leafIndex)).toEqual([1]);
    const others = await staged(other, suite, resync.commit);
    expect(others.self).toBe('in');
    expect(others.added).toEqual(seen.added);
    const forged = resync.commit.slice();
    forged[forged.length - 50] = (forged[forged.length - 50] ?? 0) ^ 1;
    expect(codeOf(await engine.stage(mine, suite, forged, PSKS))).toBe('CRYPTO');
  });

  test('[K51] a leave is committed by reference, and the leaver is told', async () => {
    const { states } = await world(suite, 4);
    const leaver = states[3] as GroupState;
    const proposal = await engine.proposeLeave(leaver, suite);
    const held = await Promise.all(
      states.map(async (s) => value(await engine.receiveProposal(s, suite, proposal))),
    );
    const [first, second, , last] = held as [
      (typeof held)[0],
      (typeof held)[0],
      (typeof held)[0],
      (typeof held)[0],
    ];
    const made = await engine.commit(first.state, suite, {
      proposals: [],
      references: [first.reference],
      psks: PSKS,
    });
    const seen = await staged(second.state, suite, made.commit);
    expect(seen.hasPath).toBe(true);
    expect(seen.removed.map((l) => l.leafIndex)).toEqual([3]);
    expect((await staged(last.state, suite, made.commit)).self).toBe('out');
  });

  test('[K37] one bad KeyPackage does not spoil a batch', async () => {
    const { people, states } = await world(suite, 3);
    const good = await person(suite, 'good');
    const broken = good.keyPackage.message.slice();
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const member = await person(suite, 'again', people[1]?.key);
    const another = await person(suite, 'another');
    const messages = [broken, good, member, another, good].map((m) =>
      m instanceof Uint8Array ? m : m.keyPackage.message,
    );
    const screened = await engine.screenKeyPackages(states[0] as GroupState, suite, messages);
    expect(screened.map(codeOf)).toEqual(['KEY_PACKAGE', 'ACCEPTED', 'NOT_UNIQUE', 'ACCEPTED', 'NOT_UNIQUE']);
    const own = await admit(states[0] as GroupState, suite, [good, another]);
    for (const who of [good, another]) await join(suite, own, who);
  });
});
