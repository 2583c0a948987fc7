import * as mls from '@conclave/crypto/mls/engine';
import { openOldMeta, sealOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { describe, expect, test } from 'vitest';
import {
  at,
  commitAdds,
  everybodyMerges,
  fromOutside,
  randomBytes,
  type SmallCall,
  type Someone,
  someone,
  startCall,
  unwrap,
  welcomed,
} from '../test/small-call.ts';
import { type JoiningContext, judgeJoining } from './joining.ts';
import { foundingPolicy, signPolicy, withHost, withSwitches } from './policy.ts';

const ADA = 0;
const BOB = 1;

function contextOf(call: SmallCall, joiner: Someone, known: Partial<JoiningContext> = {}): JoiningContext {
  return {
    ...call.expected,
    way: 'welcome',
    linkId: call.keys.linkId,
    ownKey: joiner.key.publicKey,
    opensOldMeta: async (sealed) => (await openOldMeta(call.keys.metaKey, sealed)) !== undefined,
    ...known,
  };
}

/** What the engine shows to a joiner who is admitted by this person. */
async function shownByWelcome(call: SmallCall, by: number, joiner: Someone): Promise<mls.Joining> {
  const own = await commitAdds(call, by, [joiner]);
  let shown: mls.Joining | undefined;
  await welcomed(call, own, joiner, (joining) => {
    shown = joining;
    return undefined;
  });
  if (shown === undefined) throw new Error('the judge was not asked');
  return shown;
}

async function shownFromOutside(call: SmallCall, joiner: Someone, resync: boolean): Promise<mls.Joining> {
  let shown: mls.Joining | undefined;
  const judge = (joining: mls.Joining) => {
    shown = joining;
    return undefined;
  };
  unwrap(await fromOutside(call, ADA, joiner, { resync, judge }));
  if (shown === undefined) throw new Error('the judge was not asked');
  return shown;
}

const plain = await startCall({ guests: 2 });
const gus = await someone(plain.keys, 'Gus');
const shown = await shownByWelcome(plain, BOB, gus);

function withExtension(joining: mls.Joining, type: number, data: Bytes | undefined): mls.Joining {
  const extensions = new Map(joining.extensions);
  if (data === undefined) extensions.delete(type);
  else extensions.set(type, data);
  return { ...joining, extensions };
}

async function codeOf(joining: mls.Joining, given: JoiningContext): Promise<string> {
  return (await judgeJoining(joining, given))?.code ?? 'joined';
}

describe('a joiner', () => {
  test('[C25] takes an honest Welcome, an external join and a resync', async () => {
    expect(await codeOf(shown, contextOf(plain, gus))).toBe('joined');
    const outside = await shownFromOutside(plain, gus, false);
    expect(await codeOf(outside, contextOf(plain, gus, { way: 'external' }))).toBe('joined');
    const back = await someone(plain.keys, 'Bob', at(plain.people, BOB).key);
    const resync = await shownFromOutside(plain, back, true);
    expect(await codeOf(resync, contextOf(plain, back, { way: 'resync', epochFloor: 1 }))).toBe('joined');
  });

  test('[C25] does not take another group, or an older epoch than it has seen (G6, G8)', async () => {
    expect(await codeOf(shown, contextOf(plain, gus, { groupId: randomBytes(32) }))).toBe('GROUP_ID');
    expect(await codeOf(shown, contextOf(plain, gus, { epochFloor: shown.epoch }))).toBe('joined');
    expect(await codeOf(shown, contextOf(plain, gus, { epochFloor: shown.epoch + 1 }))).toBe('EPOCH');
  });

  test('[C25] insists on the PSK and the link_id of its link', async () => {
    const given = contextOf(plain, gus);
    expect(await codeOf({ ...shown, pskIds: [] }, given)).toBe('PSK');
    expect(await codeOf({ ...shown, pskIds: [randomBytes(16)] }, given)).toBe('PSK');
    expect(await codeOf({ ...shown, pskIds: [...shown.pskIds, ...shown.pskIds] }, given)).toBe('PSK');
    expect(await codeOf(withExtension(shown, mls.LINK_ID, randomBytes(16)), given)).toBe('LINK_ID');
    expect(await codeOf(withExtension(shown, mls.LINK_ID, undefined), given)).toBe('LINK_ID');
  });

  test('[C25] needs its own leaf once, none before an external commit, and at most 100 leaves', async () => {
    const given = contextOf(plain, gus);
    const isOwn = ({ signatureKey }: mls.Leaf) => equalBytes(signatureKey, gus.key.publicKey);
    const others = shown.leaves.filter((leaf) => !isOwn(leaf));
    expect(await codeOf({ ...shown, leaves: others }, given)).toBe('OWN_LEAF');
    expect(await codeOf({ ...shown, leaves: [...shown.leaves, ...shown.leaves.filter(isOwn)] }, given)).toBe(
      'OWN_LEAF',
    );
    expect(await codeOf(shown, contextOf(plain, gus, { way: 'external' }))).toBe('OWN_LEAF');
    const crowd = (size: number) =>
      Array.from({ length: size }, (_, leafIndex) => ({
        ...at(others, 0),
        leafIndex,
        signatureKey: randomBytes(32),
      }));
    const own = shown.leaves.filter(isOwn);
    expect(await codeOf({ ...shown, leaves: [...crowd(PARTICIPANTS_MAX - 1), ...own] }, given)).toBe(
      'joined',
    );
    expect(await codeOf({ ...shown, leaves: [...crowd(PARTICIPANTS_MAX), ...own] }, given)).toBe('FULL');
    const outside = { ...shown, leaves: crowd(PARTICIPANTS_MAX) };
    expect(await codeOf(outside, contextOf(plain, gus, { way: 'external' }))).toBe('FULL');
  });

  test('[C25] does not take a policy that the link’s host did not found, or of another suite (G12)', async () => {
    const mallory = at(plain.people, BOB).key;
    const forged = foundingPolicy({ ...plain.policy, hostKey: mallory.publicKey });
    const given = contextOf(plain, gus);
    const policies = [
      undefined,
      randomBytes(200),
      await signPolicy(forged, plain.expected, mallory),
      await signPolicy({ ...plain.policy, suite: 2 }, plain.expected, at(plain.people, ADA).key),
      await signPolicy(
        plain.policy,
        { ...plain.expected, groupId: randomBytes(32) },
        at(plain.people, ADA).key,
      ),
    ];
    for (const data of policies) {
      expect(await codeOf(withExtension(shown, mls.POLICY, data), given)).toBe('POLICY');
    }
  });

  test('[C25] needs an oldMeta that its own meta key opens', async () => {
    const given = contextOf(plain, gus);
    for (const data of [undefined, randomBytes(28), await sealOldMeta(randomBytes(32), [])]) {
      expect(await codeOf(withExtension(shown, mls.OLD_META, data), given)).toBe('OLD_META');
    }
  });

  test('[C26] with the lobby on takes a Welcome from a host alone, unless it is a host itself', async () => {
    const guarded = await startCall({ guests: 2, switches: { isLobbyOn: true } });
    const joiner = await someone(guarded.keys, 'Gus');
    const byGuest = await shownByWelcome(guarded, BOB, joiner);
    expect(await codeOf(byGuest, contextOf(guarded, joiner))).toBe('LOBBY');
    expect(await codeOf(await shownByWelcome(guarded, ADA, joiner), contextOf(guarded, joiner))).toBe(
      'joined',
    );
    const ada = at(guarded.people, ADA).key;
    const withGus = await withHost(guarded.policy, guarded.expected, joiner.key.publicKey, ada);
    const data = await signPolicy(withGus, guarded.expected, ada);
    expect(await codeOf(withExtension(byGuest, mls.POLICY, data), contextOf(guarded, joiner))).toBe('joined');
  });

  test('[C26] does not enter by an external commit that members would refuse; a resync stays possible', async () => {
    const ada = at(plain.people, ADA).key;
    const outside = await shownFromOutside(plain, gus, false);
    const given = contextOf(plain, gus, { way: 'external' });
    for (const [switches, code] of [
      [{ isLobbyOn: true }, 'LOBBY'],
      [{ isLocked: true }, 'LOCKED'],
    ] as const) {
      const data = await signPolicy(withSwitches(plain.policy, switches), plain.expected, ada);
      expect(await codeOf(withExtension(outside, mls.POLICY, data), given)).toBe(code);
      const back = await someone(plain.keys, 'Bob', at(plain.people, BOB).key);
      const resync = withExtension(await shownFromOutside(plain, back, true), mls.POLICY, data);
      expect(await codeOf(resync, contextOf(plain, back, { way: 'resync' }))).toBe('joined');
    }
    const locked = await signPolicy(withSwitches(plain.policy, { isLocked: true }), plain.expected, ada);
    expect(await codeOf(withExtension(shown, mls.POLICY, locked), contextOf(plain, gus))).toBe('LOCKED');
  });

  test('[C25] the engine asks before it uses a key, and obeys', async () => {
    const own = await commitAdds(plain, BOB, [gus]);
    const given = contextOf(plain, gus, { linkId: randomBytes(16) });
    const judge = async (joining: mls.Joining) => (await judgeJoining(joining, given))?.code;
    await expect(welcomed(plain, own, gus, judge)).rejects.toThrow('JUDGED');
    const merged = await everybodyMerges(plain, BOB, own);
    expect(mls.epoch(at(merged.states, ADA))).toBe(2);
  });
});
