/** The rules on real states of the engine: what members merge, and every attack on a commit that a rule can show. */
import * as mls from '@conclave/crypto/mls/engine';
import { sealOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, concatBytes, equalBytes, utf8 } from '@conclave/protocol/bytes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { attestationBytes } from '@conclave/protocol/signed-bytes';
import { describe, expect, test } from 'vitest';
import {
  at,
  changeExtensions,
  codeOf,
  commitAdds,
  contextOf,
  everybodyMerges,
  fromOutside,
  judgeAt,
  leafIndexOf,
  only,
  pskOf,
  randomBytes,
  remove,
  type SmallCall,
  someone,
  stageAt,
  startCall,
  suite,
  unwrap,
  welcomed,
} from '../test/small-call.ts';
import { mayAdmit } from './additions.ts';
import type { CommitContext } from './commit-context.ts';
import { decodeMarker, encodeMarker } from './markers.ts';
import {
  isHost,
  type Policy,
  type PolicyExpectation,
  signPolicy,
  verifyPolicy,
  withHost,
  withRevokedHost,
  withSwitches,
} from './policy.ts';
import { deriveNextLink, type NextLink, sealNextOldMeta } from './rotation.ts';
import { judgeCommit, truthOf } from './rules.ts';

const ADA = 0;
const BOB = 1;
const CEM = 2;
const DEE = 3;

const plain = await startCall({ guests: 3 });
const guarded = await startCall({ guests: 3, switches: { isLobbyOn: true } });
const locked = await startCall({ guests: 3, switches: { isLocked: true } });
/** Bob is a host too, made by Ada; Cem one made by Bob. */
const hosted = await startCall({ guests: 3, appoint: appointTwo });
const hostedGuarded = await startCall({ guests: 3, switches: { isLobbyOn: true }, appoint: appointTwo });

async function appointTwo(
  policy: Policy,
  context: PolicyExpectation,
  people: SmallCall['people'],
): Promise<Policy> {
  const withBob = await withHost(policy, context, at(people, BOB).key.publicKey, at(people, ADA).key);
  return withHost(withBob, context, at(people, CEM).key.publicKey, at(people, BOB).key);
}

/** Keys of a link that is not this call's. */
const foreign = (await startCall({ guests: 0 })).keys;

function frozen(call: SmallCall, known: Partial<CommitContext> = {}): Partial<CommitContext> {
  return { isFrozen: true, policy: call.policy, ...known };
}

async function nextOf(call: SmallCall, viewer: number): Promise<NextLink> {
  const { link, keys } = call;
  return deriveNextLink({ state: at(call.states, viewer), suite, link, keys, oldMetaKeys: [] });
}

describe('admissions', () => {
  test('[C12] a member admits several at once, and everybody agrees', async () => {
    const joiners = [await someone(plain.keys, 'Gus'), await someone(plain.keys, 'Hal')];
    const own = await commitAdds(plain, BOB, joiners);
    for (const viewer of [ADA, CEM, DEE]) {
      expect(codeOf(await judgeAt(plain, viewer, own.commit, 'admit'))).toBe('accepted as admit');
    }
  });

  test('[C12] without the PSK, or with that of another link', async () => {
    const joiner = await someone(plain.keys, 'Gus');
    const psks = pskOf(plain.keys);
    const honest = await stageAt(plain, ADA, (await commitAdds(plain, BOB, [joiner])).commit);
    const bare = { ...honest, proposals: honest.proposals.filter(({ type }) => type !== 'psk') };
    const given = await contextOf(plain, ADA, honest, 'admit');
    expect(codeOf(await judgeCommit(bare, given))).toBe('SHAPE');
    const own = await commitAdds(plain, BOB, [joiner], foreign);
    // Even a member who happens to know the other secret does not take it for this link's.
    expect(codeOf(await judgeAt(plain, ADA, own.commit, 'admit', {}, [foreign]))).toBe('PSK');
    expect((await mls.stage(at(plain.states, ADA), suite, own.commit, psks)).ok).toBe(false);
  });

  test('[C12] leaves other than announced, Adds by reference, a PSK named twice', async () => {
    const joiner = await someone(plain.keys, 'Gus');
    const own = await commitAdds(plain, BOB, [joiner]);
    const staged = await stageAt(plain, ADA, own.commit);
    const given = await contextOf(plain, ADA, staged, 'admit');
    const [leaf] = staged.added;
    const psk = staged.proposals.filter(({ type }) => type === 'psk');
    const verdicts = [
      { ...staged, added: [] },
      { ...staged, added: leaf ? [{ ...leaf, signatureKey: randomBytes(32) }] : [] },
      { ...staged, added: leaf ? [{ ...leaf, identity: randomBytes(92) }] : [] },
      { ...staged, added: leaf ? [leaf, { ...leaf, leafIndex: 9, signatureKey: randomBytes(32) }] : [] },
      { ...staged, removed: leaf ? [leaf] : [] },
      { ...staged, proposals: staged.proposals.map((p) => ({ ...p, byReference: p.type === 'add' })) },
      { ...staged, proposals: [...staged.proposals, ...psk] },
    ].map((facts) => judgeCommit(facts, given));
    const codes = (await Promise.all(verdicts)).map(codeOf);
    expect(codes).toEqual(['LEAVES', 'LEAVES', 'LEAVES', 'LEAVES', 'LEAVES', 'SHAPE', 'SHAPE']);
  });

  test('[C13] with the lobby on a guest admits nobody, a host does', async () => {
    const joiner = await someone(guarded.keys, 'Gus');
    const byGuest = await commitAdds(guarded, BOB, [joiner]);
    expect(codeOf(await judgeAt(guarded, CEM, byGuest.commit, 'admit'))).toBe('LOBBY');
    const byHost = await commitAdds(guarded, ADA, [joiner]);
    expect(codeOf(await judgeAt(guarded, CEM, byHost.commit, 'admit'))).toBe('accepted as admit');
  });

  test('[C13] with the lobby on a guest lets a host back in, and nobody in his shade', async () => {
    const cem = at(hostedGuarded.people, CEM);
    const left = await remove(hostedGuarded, ADA, leafIndexOf(hostedGuarded, ADA, cem));
    const without = only(await everybodyMergesOut(hostedGuarded, ADA, left, CEM), [0, 1, 3]);
    const back = await someone(without.keys, 'Cem', cem.key);
    const admitted = await commitAdds(without, 2, [back]);
    expect(codeOf(await judgeAt(without, ADA, admitted.commit, 'admit'))).toBe('accepted as admit');
    const mixed = await commitAdds(without, 2, [back, await someone(without.keys, 'Gus')]);
    expect(codeOf(await judgeAt(without, ADA, mixed.commit, 'admit'))).toBe('LOBBY');
  });

  test('[C13] in a locked call nobody new is admitted, not even by a host', async () => {
    const own = await commitAdds(locked, ADA, [await someone(locked.keys, 'Gus')]);
    expect(codeOf(await judgeAt(locked, CEM, own.commit, 'admit'))).toBe('LOCKED');
  });

  test('[C13] the hundredth is admitted, the hundred-and-first is not, nor anybody while frozen', async () => {
    const own = await commitAdds(plain, ADA, [
      await someone(plain.keys, 'Gus'),
      await someone(plain.keys, 'Hal'),
    ]);
    const judge = (known: Partial<CommitContext>) => judgeAt(plain, BOB, own.commit, 'admit', known);
    expect(codeOf(await judge({ memberCount: PARTICIPANTS_MAX - 2 }))).toBe('accepted as admit');
    expect(codeOf(await judge({ memberCount: PARTICIPANTS_MAX - 1 }))).toBe('FULL');
    expect(codeOf(await judge({ isFrozen: true }))).toBe('FROZEN');
  });

  test('[C13] a committer asks itself the same', () => {
    const [ada, bob] = [at(guarded.people, ADA).key.publicKey, at(guarded.people, BOB).key.publicKey];
    const stranger = randomBytes(32);
    const here = { policy: guarded.policy, isFrozen: false, memberCount: 4 };
    expect(mayAdmit(ada, stranger, here)).toBeUndefined();
    expect(mayAdmit(bob, ada, here)).toBeUndefined();
    expect(mayAdmit(bob, stranger, here)?.code).toBe('LOBBY');
    expect(mayAdmit(ada, stranger, { ...here, isFrozen: true })?.code).toBe('FROZEN');
    expect(mayAdmit(ada, stranger, { ...here, memberCount: PARTICIPANTS_MAX })?.code).toBe('FULL');
  });
});

/** `gone` cannot merge its own removal; its old state stays in the list. */
async function everybodyMergesOut(call: SmallCall, by: number, own: mls.OwnCommit, gone: number) {
  const rest = call.states.map((_, index) => index).filter((index) => index !== gone);
  const merged = await everybodyMerges(only(call, rest), rest.indexOf(by), own);
  const states = call.states.map((state, index) =>
    index === gone ? state : at(merged.states, rest.indexOf(index)),
  );
  return { ...call, states };
}

describe('external commits', () => {
  test('[C12, C14] an Add from outside of the group is never legal (G1)', async () => {
    const ghost = await someone(plain.keys, 'ghost');
    const staged = await stageAt(plain, BOB, (await commitAdds(plain, ADA, [ghost])).commit);
    const given = await contextOf(plain, BOB, staged, 'admit');
    const fromServer = { ...staged, sender: 'external', committerBefore: undefined } as const;
    for (const hasPath of [true, false]) {
      expect(codeOf(await judgeCommit({ ...fromServer, hasPath }, given))).toBe('SHAPE');
    }
    const init = { type: 'external_init', byReference: false, sender: undefined } as const;
    const proposals = [init, ...staged.proposals];
    expect(codeOf(await judgeCommit({ ...fromServer, hasPath: true, proposals }, given))).toBe('SHAPE');
  });

  test('[C14] with the link, one new leaf, lobby off', async () => {
    const joiner = await someone(plain.keys, 'Gus');
    const { commit } = unwrap(await fromOutside(plain, ADA, joiner));
    for (const viewer of [ADA, CEM]) {
      expect(codeOf(await judgeAt(plain, viewer, commit, 'external'))).toBe('accepted as external');
    }
  });

  test('[C14] a ghost without the link: no PSK of this call, whatever else it holds (G2)', async () => {
    const ghost = await someone(foreign, 'ghost');
    const { commit } = unwrap(await fromOutside(plain, ADA, ghost, { keys: foreign }));
    const psks = pskOf(plain.keys);
    expect((await mls.stage(at(plain.states, BOB), suite, commit, psks)).ok).toBe(false);
    expect(codeOf(await judgeAt(plain, BOB, commit, 'external', {}, [foreign]))).toBe('PSK');
    const staged = await stageAt(plain, BOB, commit, [foreign]);
    const bare = { ...staged, proposals: staged.proposals.filter(({ type }) => type !== 'psk') };
    expect(codeOf(await judgeCommit(bare, await contextOf(plain, BOB, staged, 'external')))).toBe('SHAPE');
  });

  test('[C14] not with the lobby on, in a locked, a full or a frozen call', async () => {
    for (const [call, code] of [
      [guarded, 'LOBBY'],
      [locked, 'LOCKED'],
    ] as const) {
      const { commit } = unwrap(await fromOutside(call, ADA, await someone(call.keys, 'Gus')));
      expect(codeOf(await judgeAt(call, BOB, commit, 'external'))).toBe(code);
    }
    const { commit } = unwrap(await fromOutside(plain, ADA, await someone(plain.keys, 'Gus')));
    const judge = (known: Partial<CommitContext>) => judgeAt(plain, BOB, commit, 'external', known);
    expect(codeOf(await judge({ memberCount: PARTICIPANTS_MAX }))).toBe('FULL');
    expect(codeOf(await judge({ isFrozen: true }))).toBe('FROZEN');
  });

  test('[C14] a host’s key enters a locked call, but not past the lobby', async () => {
    for (const [switches, code] of [
      [{ isLocked: true }, 'accepted as external'],
      [{ isLocked: true, isLobbyOn: true }, 'LOBBY'],
    ] as const) {
      const call = await startCall({ guests: 3, switches, appoint: appointTwo });
      const cem = at(call.people, CEM);
      const left = await remove(
        call,
        ADA,
        leafIndexOf(call, ADA, cem),
        await attestedBy(call, cem.key.publicKey),
      );
      const without = only(await everybodyMergesOut(call, ADA, left, CEM), [0, 1, 3]);
      const { commit } = unwrap(await fromOutside(without, ADA, await someone(call.keys, 'Cem', cem.key)));
      expect(codeOf(await judgeAt(without, BOB, commit, 'external'))).toBe(code);
    }
  });

  test('[C15] a resync replaces the own leaf, also with the lobby on and in a locked call', async () => {
    for (const call of [plain, guarded, locked]) {
      const back = await someone(call.keys, 'Dee', at(call.people, DEE).key);
      const { commit } = unwrap(await fromOutside(call, ADA, back, { resync: true }));
      for (const viewer of [ADA, BOB]) {
        expect(codeOf(await judgeAt(call, viewer, commit, 'resync'))).toBe('accepted as resync');
      }
      expect(codeOf(await judgeAt(call, ADA, commit, 'resync', { isFrozen: true }))).toBe('FROZEN');
    }
  });

  test('[C15, C48] a Remove of somebody else is refused, and the old state is as it was (G16)', async () => {
    const back = await someone(plain.keys, 'Dee', at(plain.people, DEE).key);
    const { commit } = unwrap(await fromOutside(plain, ADA, back, { resync: true }));
    const staged = await stageAt(plain, ADA, commit);
    const before = mls.encodeTree(at(plain.states, ADA));
    const bob = mls.leaves(at(plain.states, ADA)).filter(({ leafIndex }) => leafIndex === 1);
    const [newLeaf] = staged.added;
    const given = await contextOf(plain, ADA, staged, 'resync');
    const attacks = [
      { ...staged, removed: bob },
      { ...staged, removed: [...staged.removed, ...bob] },
      { ...staged, added: newLeaf ? [{ ...newLeaf, signatureKey: randomBytes(32) }] : [] },
      { ...staged, added: newLeaf ? [newLeaf, newLeaf] : [] },
    ];
    const codes = (await Promise.all(attacks.map((facts) => judgeCommit(facts, given)))).map(codeOf);
    expect(codes).toEqual(['FOREIGN_REMOVE', 'LEAVES', 'FOREIGN_REMOVE', 'LEAVES']);
    expect(mls.encodeTree(at(plain.states, ADA))).toEqual(before);
    expect(codeOf(await judgeAt(plain, ADA, commit, 'resync'))).toBe('accepted as resync');
  });
});

async function attestedBy(call: SmallCall, leafKey: Bytes, epoch = 1, signer = call.server): Promise<Bytes> {
  const signature = await mls.sign(signer, attestationBytes(call.expected.groupId, epoch, leafKey));
  return encodeMarker({ t: 'attested', attestations: [{ leafKey, signature }] });
}

describe('removals', () => {
  test('[C16] by a host; by a guest never, not even with a false marker', async () => {
    const dee = at(plain.people, DEE);
    const index = leafIndexOf(plain, ADA, dee);
    const byHost = await remove(plain, ADA, index);
    expect(codeOf(await judgeAt(plain, CEM, byHost.commit, 'remove'))).toBe('accepted as remove');
    const byGuest = await remove(plain, BOB, index);
    expect(codeOf(await judgeAt(plain, CEM, byGuest.commit, 'remove'))).toBe('NOT_ALLOWED');
    const kickByGuest = await remove(plain, BOB, index, encodeMarker({ t: 'kick', key: dee.key.publicKey }));
    expect(codeOf(await judgeAt(plain, CEM, kickByGuest.commit, 'kick'))).toBe('NOT_HOST');
  });

  test('[C16] the leaver’s own proposal, committed by anybody, also while frozen', async () => {
    const proposal = await mls.proposeLeave(at(plain.states, DEE), suite);
    const states = await Promise.all(
      plain.states.map(async (state, index) =>
        index === DEE ? state : unwrap(await mls.receiveProposal(state, suite, proposal)).state,
      ),
    );
    const { reference } = unwrap(await mls.receiveProposal(at(plain.states, BOB), suite, proposal));
    const call = { ...plain, states };
    const psks = pskOf(plain.keys);
    const own = await mls.commit(at(states, BOB), suite, { proposals: [], references: [reference], psks });
    for (const known of [{}, frozen(call)]) {
      expect(codeOf(await judgeAt(call, CEM, own.commit, 'remove', known))).toBe('accepted as remove');
    }
    const staged = await stageAt(call, CEM, own.commit);
    const given = await contextOf(call, CEM, staged, 'remove');
    const asAnother = staged.proposals.map((p) => ({ ...p, sender: 2 }));
    const byValue = staged.proposals.map((p) => ({ ...p, byReference: false }));
    expect(codeOf(await judgeCommit({ ...staged, proposals: asAnother }, given))).toBe('NOT_ALLOWED');
    expect(codeOf(await judgeCommit({ ...staged, proposals: byValue }, given))).toBe('NOT_ALLOWED');
    expect(codeOf(await judgeCommit({ ...staged, hasPath: false }, given))).toBe('SHAPE');
    expect(codeOf(await judgeCommit({ ...staged, removed: [] }, given))).toBe('LEAVES');
  });

  test('[C16] a host does not remove a host without revoking it', async () => {
    const cem = at(hosted.people, CEM);
    const own = await remove(hosted, BOB, leafIndexOf(hosted, BOB, cem));
    expect(codeOf(await judgeAt(hosted, DEE, own.commit, 'remove'))).toBe('KICK_POLICY');
  });

  test('[C17] a guest removes whom the server attests', async () => {
    const { publicKey } = at(plain.people, DEE).key;
    const index = leafIndexOf(plain, ADA, at(plain.people, DEE));
    const own = await remove(plain, BOB, index, await attestedBy(plain, publicKey));
    expect(codeOf(await judgeAt(plain, CEM, own.commit, 'remove'))).toBe('accepted as remove');
    expect(codeOf(await judgeAt(plain, CEM, own.commit, 'remove', frozen(plain)))).toBe('accepted as remove');
  });

  test('[C17] an attestation of the epoch before does not hold in this one', async () => {
    const { publicKey } = at(plain.people, DEE).key;
    const index = leafIndexOf(plain, ADA, at(plain.people, DEE));
    const own = await remove(plain, BOB, index, await attestedBy(plain, publicKey, 1));
    expect(codeOf(await judgeAt(plain, CEM, own.commit, 'remove', { epoch: 2 }))).toBe('ATTESTATION');
  });

  test('[C17] an attestation of another epoch, leaf, call or key, or one too many', async () => {
    const [cem, dee] = [at(plain.people, CEM).key, at(plain.people, DEE).key];
    const index = leafIndexOf(plain, ADA, at(plain.people, DEE));
    const good = decodeMarker(await attestedBy(plain, dee.publicKey));
    const superfluous = decodeMarker(await attestedBy(plain, cem.publicKey));
    if (good?.t !== 'attested' || superfluous?.t !== 'attested') throw new Error('unreachable');
    const both = (...more: typeof good.attestations) =>
      encodeMarker({ t: 'attested', attestations: [...good.attestations, ...more] });
    const bad = [
      await attestedBy(plain, dee.publicKey, 0),
      await attestedBy(plain, dee.publicKey, 2),
      await attestedBy(plain, cem.publicKey),
      await attestedBy({ ...plain, expected: hosted.expected }, dee.publicKey),
      await attestedBy(plain, dee.publicKey, 1, at(plain.people, BOB).key),
      both(...superfluous.attestations),
      both(...good.attestations),
    ];
    for (const marker of bad) {
      const own = await remove(plain, BOB, index, marker);
      expect(codeOf(await judgeAt(plain, CEM, own.commit, 'remove'))).toBe('ATTESTATION');
    }
  });
});

describe('kicks', () => {
  const kickOf = (key: Bytes, policy?: Bytes) => encodeMarker({ t: 'kick', key, ...(policy && { policy }) });

  test('[C18] a host kicks by signature key', async () => {
    const dee = at(plain.people, DEE);
    const own = await remove(plain, ADA, leafIndexOf(plain, ADA, dee), kickOf(dee.key.publicKey));
    for (const known of [{}, frozen(plain)]) {
      expect(codeOf(await judgeAt(plain, BOB, own.commit, 'kick', known))).toBe('accepted as kick');
    }
    const told = await stageAt(plain, DEE, own.commit);
    expect(told.self).toBe('out');
    expect(codeOf(await judgeCommit(told, await contextOf(plain, DEE, told, 'kick')))).toBe(
      'accepted as kick',
    );
  });

  test('[C18] a marker that names another key than the one removed (G24)', async () => {
    const [cem, dee] = [at(plain.people, CEM), at(plain.people, DEE)];
    const own = await remove(plain, ADA, leafIndexOf(plain, ADA, cem), kickOf(dee.key.publicKey));
    expect(codeOf(await judgeAt(plain, BOB, own.commit, 'kick'))).toBe('KICK_TARGET');
  });

  test('[C18] the target resyncs first and its leaf moves: the kick names it still, and hits no bystander (G24)', async () => {
    const cem = at(plain.people, CEM);
    const oldIndex = leafIndexOf(plain, ADA, cem);
    const dee = at(plain.people, DEE);
    // Dee leaves, so that Cem's new leaf lands elsewhere; then somebody new lands on a freed leaf.
    const gone = await everybodyMergesOut(
      plain,
      ADA,
      await remove(plain, ADA, leafIndexOf(plain, ADA, dee)),
      DEE,
    );
    const three = only(gone, [0, 1, 2]);
    const gus = await someone(plain.keys, 'Gus');
    const resync = unwrap(
      await fromOutside(three, ADA, await someone(plain.keys, 'Cem', cem.key), { resync: true }),
    );
    const staged = await Promise.all([stageAt(three, 0, resync.commit), stageAt(three, 1, resync.commit)]);
    const moved = { ...three, states: [...staged.map(({ state }) => state), resync.state] };
    const added = await commitAdds(moved, ADA, [gus]);
    const now = await everybodyMerges(moved, ADA, added);
    const kick = await remove(now, ADA, leafIndexOf(now, ADA, cem), kickOf(cem.key.publicKey));
    expect(codeOf(await judgeAt(now, BOB, kick.commit, 'kick'))).toBe('accepted as kick');
    const bystander = mls
      .leaves(at(now.states, ADA))
      .find(({ signatureKey }) => equalBytes(signatureKey, gus.key.publicKey));
    const astray = await remove(now, ADA, bystander?.leafIndex ?? oldIndex, kickOf(cem.key.publicKey));
    expect(codeOf(await judgeAt(now, BOB, astray.commit, 'kick'))).toBe('KICK_TARGET');
  });

  test('[C18] one Remove and no more', async () => {
    const dee = at(plain.people, DEE);
    const own = await mls.commit(at(plain.states, ADA), suite, {
      proposals: [CEM, DEE].map((who) => ({
        type: 'remove' as const,
        leafIndex: leafIndexOf(plain, ADA, at(plain.people, who)),
      })),
      psks: pskOf(plain.keys),
      authenticatedData: kickOf(dee.key.publicKey),
    });
    expect(codeOf(await judgeAt(plain, BOB, own.commit, 'kick'))).toBe('SHAPE');
  });

  test('[C19] the kick of a host carries the policy that revokes it', async () => {
    const [ada, bob, cem] = hosted.people as [(typeof hosted.people)[0], ...typeof hosted.people];
    if (!ada || !bob || !cem) throw new Error('unreachable');
    const index = leafIndexOf(hosted, ADA, cem);
    const { publicKey: cemKey } = cem.key;
    const revoked = await withRevokedHost(hosted.policy, hosted.expected, cemKey, bob.key);
    const signed = await signPolicy(revoked, hosted.expected, bob.key);
    const judge = async (policy?: Bytes, known: Partial<CommitContext> = {}) => {
      const own = await remove(hosted, ADA, index, kickOf(cemKey, policy));
      return codeOf(await judgeAt(hosted, DEE, own.commit, 'kick', known));
    };
    expect(await judge(signed)).toBe('accepted as kick');
    expect(await judge()).toBe('KICK_POLICY');
    const unrelated = await signPolicy(
      withSwitches(hosted.policy, { isLocked: true }),
      hosted.expected,
      ada.key,
    );
    expect(await judge(unrelated)).toBe('KICK_POLICY');
    expect(await judge(signed.slice(1))).toBe('POLICY');
    const skipped = await signPolicy({ ...revoked, seq: revoked.seq + 1 }, hosted.expected, ada.key);
    expect(await judge(skipped)).toBe('POLICY');
    const revokedBoth = await withRevokedHost(revoked, hosted.expected, bob.key.publicKey, ada.key);
    const later = await signPolicy(revokedBoth, hosted.expected, ada.key);
    expect(await judge(later)).toBe('POLICY');
    // … unless I have just come back, and may have missed the kick before this one.
    expect(await judge(later, { isFrozen: 'unknown' })).toBe('accepted as kick');
    // The second kick of a freeze builds on the policy that the first one brought.
    const pendingPolicy = { policy: revoked, bytes: signed };
    expect(await judge(undefined, frozen(hosted, { pendingPolicy }))).toBe('accepted as kick');
    const bobIndex = leafIndexOf(hosted, ADA, bob);
    const second = await remove(hosted, ADA, bobIndex, kickOf(bob.key.publicKey, later));
    const known = frozen(hosted, { pendingPolicy });
    expect(codeOf(await judgeAt(hosted, DEE, second.commit, 'kick', known))).toBe('accepted as kick');
    const byRevoked = await remove(hosted, CEM, leafIndexOf(hosted, CEM, at(hosted.people, DEE)));
    expect(codeOf(await judgeAt(hosted, ADA, byRevoked.commit, 'remove', known))).toBe('NOT_ALLOWED');
  });

  test('[C19] the kick of a guest brings no policy', async () => {
    const dee = at(plain.people, DEE);
    const policy = await signPolicy(
      withSwitches(plain.policy, {}),
      plain.expected,
      at(plain.people, ADA).key,
    );
    const own = await remove(plain, ADA, leafIndexOf(plain, ADA, dee), kickOf(dee.key.publicKey, policy));
    expect(codeOf(await judgeAt(plain, BOB, own.commit, 'kick'))).toBe('KICK_POLICY');
  });

  test('[C20] the first host is never kicked, whoever asks', async () => {
    const ada = at(hosted.people, ADA);
    const own = await remove(hosted, BOB, leafIndexOf(hosted, BOB, ada), kickOf(ada.key.publicKey));
    expect(codeOf(await judgeAt(hosted, DEE, own.commit, 'kick'))).toBe('FIRST_HOST');
    const bare = await remove(hosted, BOB, leafIndexOf(hosted, BOB, ada));
    expect(codeOf(await judgeAt(hosted, DEE, bare.commit, 'remove'))).toBe('FIRST_HOST');
  });
});

describe('changes', () => {
  const empty = (call: SmallCall, by: number, authenticatedData?: Bytes) =>
    mls.commit(at(call.states, by), suite, {
      proposals: [],
      psks: pskOf(call.keys),
      ...(authenticatedData && { authenticatedData }),
    });
  const freeze = encodeMarker({ t: 'freeze' });

  test('[C21] anybody refreshes, also while frozen; only a host freezes', async () => {
    const refresh = await empty(plain, BOB);
    for (const known of [{}, frozen(plain)]) {
      expect(codeOf(await judgeAt(plain, ADA, refresh.commit, 'refresh', known))).toBe('accepted as refresh');
    }
    expect(codeOf(await judgeAt(plain, BOB, (await empty(plain, ADA, freeze)).commit, 'freeze'))).toBe(
      'accepted as freeze',
    );
    expect(codeOf(await judgeAt(plain, ADA, (await empty(plain, BOB, freeze)).commit, 'freeze'))).toBe(
      'NOT_HOST',
    );
    const staged = await stageAt(plain, ADA, refresh.commit);
    const given = await contextOf(plain, ADA, staged, 'refresh');
    expect(codeOf(await judgeCommit({ ...staged, hasPath: false }, given))).toBe('SHAPE');
    const leaf = at(mls.leaves(at(plain.states, ADA)), 2);
    expect(codeOf(await judgeCommit({ ...staged, removed: [leaf] }, given))).toBe('LEAVES');
  });

  test('[C11] data that is no marker, and markers where they have no use', async () => {
    const kick = encodeMarker({ t: 'kick', key: randomBytes(32) });
    for (const marker of [utf8('hello'), randomBytes(40), concatBytes(freeze, freeze), kick]) {
      expect(codeOf(await judgeAt(plain, ADA, (await empty(plain, BOB, marker)).commit, 'refresh'))).toBe(
        'MARKER',
      );
    }
    const index = leafIndexOf(plain, ADA, at(plain.people, DEE));
    const removal = await remove(plain, ADA, index, freeze);
    expect(codeOf(await judgeAt(plain, BOB, removal.commit, 'remove'))).toBe('MARKER');
    const admission = await stageAt(
      plain,
      BOB,
      (await commitAdds(plain, ADA, [await someone(plain.keys, 'Gus')])).commit,
    );
    const given = await contextOf(plain, BOB, admission, 'admit');
    expect(codeOf(await judgeCommit({ ...admission, authenticatedData: kick }, given))).toBe('MARKER');
  });

  test('[C22] a host changes the policy; a guest does not, with any signature (G19)', async () => {
    const next = withSwitches(plain.policy, { isLobbyOn: true });
    const data = await signPolicy(next, plain.expected, at(plain.people, ADA).key);
    const extensions = [{ type: mls.POLICY, data }];
    const byHost = await changeExtensions(plain, ADA, extensions);
    expect(codeOf(await judgeAt(plain, BOB, byHost.commit, 'policy'))).toBe('accepted as policy');
    expect(codeOf(await judgeAt(plain, BOB, byHost.commit, 'policy', { isFrozen: true }))).toBe('FROZEN');
    const byGuest = await changeExtensions(plain, BOB, extensions);
    expect(codeOf(await judgeAt(plain, CEM, byGuest.commit, 'policy'))).toBe('NOT_HOST');
  });

  test('[C22] policies that do not verify or do not follow, by a host with a grudge', async () => {
    const ada = at(hosted.people, ADA).key;
    const sign = (policy: Policy, by = ada) => signPolicy(policy, hosted.expected, by);
    const next = { ...hosted.policy, seq: hosted.policy.seq + 1 };
    const flipped = await sign(next);
    flipped.set([(flipped[2] ?? 0) ^ 1], 2);
    const bad = [
      new Uint8Array(0),
      flipped,
      await sign(hosted.policy),
      await sign({ ...next, seq: next.seq + 1 }),
      await sign({ ...next, hosts: next.hosts.slice(0, 2) }),
      await sign({ ...next, serverKey: randomBytes(32) }),
      await signPolicy(next, { ...hosted.expected, groupId: randomBytes(32) }, ada),
    ];
    for (const data of bad) {
      const own = await changeExtensions(hosted, ADA, [{ type: mls.POLICY, data }]);
      expect(codeOf(await judgeAt(hosted, DEE, own.commit, 'policy'))).toBe('POLICY');
    }
  });

  test('[C22] link_id and oldMeta do not change on the side, not even by a host (G19)', async () => {
    const data = await signPolicy(withSwitches(plain.policy, {}), plain.expected, at(plain.people, ADA).key);
    const policy = { type: mls.POLICY, data };
    const link = await changeExtensions(plain, ADA, [policy, { type: mls.LINK_ID, data: randomBytes(16) }]);
    expect(codeOf(await judgeAt(plain, BOB, link.commit, 'policy'))).toBe('LINK_ID');
    const sealed = await sealOldMeta(plain.keys.metaKey, []);
    const meta = await changeExtensions(plain, ADA, [policy, { type: mls.OLD_META, data: sealed }]);
    expect(codeOf(await judgeAt(plain, BOB, meta.commit, 'policy'))).toBe('OLD_META');
  });

  test('[C10] a newcomer on the freed leaf of a host inherits nothing (G23, G25)', async () => {
    const bob = at(hosted.people, BOB);
    const index = leafIndexOf(hosted, ADA, bob);
    const left = await remove(hosted, ADA, index, await attestedBy(hosted, bob.key.publicKey));
    expect(codeOf(await judgeAt(hosted, DEE, left.commit, 'remove'))).toBe('accepted as remove');
    const without = only(await everybodyMergesOut(hosted, ADA, left, BOB), [0, 2, 3]);
    const mallory = await someone(hosted.keys, 'Mallory');
    const admitted = await commitAdds(without, ADA, [mallory]);
    const merged = await everybodyMerges(without, ADA, admitted);
    const now = {
      ...merged,
      people: [...merged.people, mallory],
      states: [...merged.states, await welcomed(hosted, admitted, mallory)],
    };
    expect(leafIndexOf(now, ADA, mallory)).toBe(index);
    expect(isHost(hosted.policy, mallory.key.publicKey)).toBe(false);
    expect(isHost(hosted.policy, bob.key.publicKey)).toBe(true);
    const victim = at(now.people, 2);
    const kick = encodeMarker({ t: 'kick', key: victim.key.publicKey });
    const own = await remove(now, 3, leafIndexOf(now, 3, victim), kick);
    expect(codeOf(await judgeAt(now, ADA, own.commit, 'kick'))).toBe('NOT_HOST');
    const data = await signPolicy(withSwitches(hosted.policy, {}), hosted.expected, bob.key);
    const change = await changeExtensions(now, 3, [{ type: mls.POLICY, data }]);
    expect(codeOf(await judgeAt(now, ADA, change.commit, 'policy'))).toBe('NOT_HOST');
  });
});

describe('the rotation', () => {
  async function rotationBy(call: SmallCall, by: number, next: NextLink, policy?: Bytes) {
    const extensions = [
      { type: mls.LINK_ID, data: next.linkId },
      { type: mls.OLD_META, data: await sealNextOldMeta(next) },
      ...(policy ? [{ type: mls.POLICY, data: policy }] : []),
    ];
    return changeExtensions(call, by, extensions, next.keys);
  }

  test('[C23] any member rotates to what everybody derives, and only while frozen', async () => {
    const next = await nextOf(plain, BOB);
    const own = await rotationBy(plain, BOB, next);
    for (const viewer of [ADA, CEM, DEE]) {
      const rotated = await nextOf(plain, viewer);
      const held = [plain.keys, rotated.keys];
      const known = frozen(plain, { rotated });
      expect(codeOf(await judgeAt(plain, viewer, own.commit, 'rotate', known, held))).toBe(
        'accepted as rotate',
      );
      const early = { rotated, isFrozen: false };
      expect(codeOf(await judgeAt(plain, viewer, own.commit, 'rotate', early, held))).toBe('NOT_FROZEN');
      const unknown = { rotated, isFrozen: 'unknown' } as const;
      expect(codeOf(await judgeAt(plain, viewer, own.commit, 'rotate', unknown, held))).toBe(
        'accepted as rotate',
      );
    }
  });

  test('[C23] to another link: a host’s, a stranger’s, or one that was not derived here', async () => {
    const rotated = await nextOf(plain, BOB);
    const chosen = { ...rotated, keys: foreign, linkId: foreign.linkId };
    const own = await rotationBy(plain, ADA, chosen);
    const held = [plain.keys, foreign, rotated.keys];
    const known = frozen(plain, { rotated });
    expect(codeOf(await judgeAt(plain, BOB, own.commit, 'rotate', known, held))).toBe('LINK_ID');
    const honest = await rotationBy(plain, ADA, rotated);
    expect(codeOf(await judgeAt(plain, BOB, honest.commit, 'rotate', frozen(plain), held))).toBe('LINK_ID');
    const oldPsk = await changeExtensions(
      plain,
      ADA,
      [
        { type: mls.LINK_ID, data: rotated.linkId },
        { type: mls.OLD_META, data: await sealNextOldMeta(rotated) },
      ],
      plain.keys,
    );
    expect(codeOf(await judgeAt(plain, BOB, oldPsk.commit, 'rotate', known, held))).toBe('PSK');
    const noPsk = await changeExtensions(plain, ADA, [{ type: mls.LINK_ID, data: rotated.linkId }]);
    expect(codeOf(await judgeAt(plain, BOB, noPsk.commit, 'policy', known, held))).toBe('FROZEN');
  });

  test('[C23] oldMeta that does not open, drops the old key, or is left as it was', async () => {
    const rotated = await nextOf(plain, BOB);
    const seals = [
      await sealOldMeta(plain.keys.metaKey, rotated.oldMetaKeys),
      await sealOldMeta(rotated.keys.metaKey, []),
      await sealOldMeta(rotated.keys.metaKey, [randomBytes(32)]),
      await sealOldMeta(rotated.keys.metaKey, [...rotated.oldMetaKeys, randomBytes(32)]),
      randomBytes(60),
      mls.extension(at(plain.states, BOB), mls.OLD_META) ?? new Uint8Array(0),
    ];
    for (const data of seals) {
      const link = { type: mls.LINK_ID, data: rotated.linkId };
      const own = await changeExtensions(plain, BOB, [link, { type: mls.OLD_META, data }], rotated.keys);
      const known = frozen(plain, { rotated });
      const held = [plain.keys, rotated.keys];
      expect(codeOf(await judgeAt(plain, CEM, own.commit, 'rotate', known, held))).toBe('OLD_META');
    }
  });

  test('[C23] the policy is the one that the kick brought, and nobody’s choice', async () => {
    const bob = at(hosted.people, BOB);
    const revoked = await withRevokedHost(
      hosted.policy,
      hosted.expected,
      at(hosted.people, CEM).key.publicKey,
      bob.key,
    );
    const bytes = await signPolicy(revoked, hosted.expected, bob.key);
    const other = await signPolicy(
      withSwitches(hosted.policy, { isLobbyOn: true }),
      hosted.expected,
      bob.key,
    );
    const rotated = await nextOf(hosted, DEE);
    const judge = async (policy: Bytes | undefined, known: Partial<CommitContext>) => {
      const own = await rotationBy(hosted, DEE, rotated, policy);
      const given = { rotated, isFrozen: true, ...known };
      return codeOf(await judgeAt(hosted, ADA, own.commit, 'rotate', given, [hosted.keys, rotated.keys]));
    };
    const pendingPolicy = { policy: revoked, bytes };
    expect(await judge(bytes, { pendingPolicy })).toBe('accepted as rotate');
    expect(await judge(undefined, { pendingPolicy })).toBe('POLICY');
    expect(await judge(other, { pendingPolicy })).toBe('POLICY');
    expect(await judge(undefined, {})).toBe('accepted as rotate');
    expect(await judge(bytes, {})).toBe('POLICY');
    expect(await judge(bytes, { isFrozen: 'unknown' })).toBe('accepted as rotate');
    const forged = bytes.slice();
    forged.set([(forged[2] ?? 0) ^ 1], 2);
    expect(await judge(forged, { isFrozen: 'unknown' })).toBe('POLICY');
  });
});

describe('the truth of the log', () => {
  test('[C24] joined, left, phase and nextAccessHash that are not so (D7)', async () => {
    const admission = await commitAdds(plain, ADA, [
      await someone(plain.keys, 'Gus'),
      await someone(plain.keys, 'Hal'),
    ]);
    const staged = await stageAt(plain, BOB, admission.commit);
    const given = await contextOf(plain, BOB, staged, 'admit');
    const { joined } = given.entry;
    const judge = async (lie: Partial<CommitContext['entry']>) =>
      codeOf(await judgeCommit(staged, { ...given, entry: { ...given.entry, ...lie } }));
    expect(await judge({ joined: [...joined].reverse() })).toBe('accepted as admit');
    const lies = [
      { joined: [] },
      { joined: joined.slice(1) },
      { joined: [...joined, 'AAAAAAAAAAAAAAAAAAAAAA'] },
      { joined: [at(joined, 0), at(joined, 0)] },
      { left: [at(joined, 0)] },
      { phase: 'kick' as const },
      { phase: 'rotate' as const },
      { nextAccessHash: randomBytes(32) },
    ];
    for (const lie of lies) expect(await judge(lie)).toBe('ENTRY');
  });

  test('[C24] a removal that names somebody else, or nobody, as left', async () => {
    const dee = at(plain.people, DEE);
    const own = await remove(
      plain,
      ADA,
      leafIndexOf(plain, ADA, dee),
      encodeMarker({ t: 'kick', key: dee.key.publicKey }),
    );
    const staged = await stageAt(plain, BOB, own.commit);
    const given = await contextOf(plain, BOB, staged, 'kick');
    const leaves = mls.leaves(at(plain.states, BOB));
    const { left: ofCem } = await truthOf({ added: [], removed: [at(leaves, 2)] }, 'remove', given);
    for (const lie of [{ left: ofCem }, { left: [] }, { phase: 'none' as const }]) {
      expect(codeOf(await judgeCommit(staged, { ...given, entry: { ...given.entry, ...lie } }))).toBe(
        'ENTRY',
      );
    }
  });

  test('[C24] a resync names nobody, a rotation the derived access', async () => {
    const back = await someone(plain.keys, 'Dee', at(plain.people, DEE).key);
    const { commit } = unwrap(await fromOutside(plain, ADA, back, { resync: true }));
    const staged = await stageAt(plain, ADA, commit);
    const given = await contextOf(plain, ADA, staged, 'resync');
    const truth = await truthOf(staged, 'external', given);
    expect(codeOf(await judgeCommit(staged, { ...given, entry: truth }))).toBe('ENTRY');
    const rotated = await nextOf(plain, BOB);
    const extensions = [
      { type: mls.LINK_ID, data: rotated.linkId },
      { type: mls.OLD_META, data: await sealNextOldMeta(rotated) },
    ];
    const own = await changeExtensions(plain, BOB, extensions, rotated.keys);
    const known = frozen(plain, { rotated });
    const entry = { phase: 'rotate' as const, joined: [], left: [] };
    const held = [plain.keys, rotated.keys];
    for (const nextAccessHash of [undefined, randomBytes(32)]) {
      const lie = { ...known, entry: { ...entry, ...(nextAccessHash && { nextAccessHash }) } };
      expect(codeOf(await judgeAt(plain, ADA, own.commit, 'rotate', lie, held))).toBe('ENTRY');
    }
  });

  test('[C24] a committer that changes its own key or name, and extensions on the side (G9)', async () => {
    const own = await mls.commit(at(plain.states, BOB), suite, { proposals: [], psks: pskOf(plain.keys) });
    const staged = await stageAt(plain, ADA, own.commit);
    const given = await contextOf(plain, ADA, staged, 'refresh');
    const { committer } = staged;
    const attacks = [
      { ...staged, committer: { ...committer, signatureKey: randomBytes(32) } },
      { ...staged, committer: { ...committer, identity: randomBytes(92) } },
      { ...staged, committer: { ...committer, leafIndex: 2 } },
      { ...staged, committerBefore: undefined },
    ];
    for (const facts of attacks) expect(codeOf(await judgeCommit(facts, given))).toBe('COMMITTER_IDENTITY');
    const changed = new Map(staged.extensionsAfter).set(mls.LINK_ID, randomBytes(16));
    expect(codeOf(await judgeCommit({ ...staged, extensionsAfter: changed }, given))).toBe('EXTENSIONS');
    const dropped = new Map([...staged.extensionsAfter].slice(1));
    expect(codeOf(await judgeCommit({ ...staged, extensionsAfter: dropped }, given))).toBe('EXTENSIONS');
  });

  test('[C12, C16] combinations that no rule knows', async () => {
    const staged = await stageAt(plain, BOB, (await remove(plain, ADA, 3)).commit);
    const given = await contextOf(plain, BOB, staged, 'remove');
    const psk = { type: 'psk', pskId: plain.keys.linkId, byReference: false, sender: 0 } as const;
    const withPsk = { ...staged, proposals: [...staged.proposals, psk] };
    expect(codeOf(await judgeCommit(withPsk, given))).toBe('SHAPE');
    const init = { type: 'external_init', byReference: false, sender: 0 } as const;
    expect(codeOf(await judgeCommit({ ...staged, proposals: [init] }, given))).toBe('SHAPE');
  });

  test('[C48] after a refusal the state still takes an honest commit', async () => {
    const byGuest = await remove(plain, BOB, leafIndexOf(plain, BOB, at(plain.people, DEE)));
    expect(codeOf(await judgeAt(plain, CEM, byGuest.commit, 'remove'))).toBe('NOT_ALLOWED');
    const byHost = await remove(plain, ADA, leafIndexOf(plain, ADA, at(plain.people, DEE)));
    expect(codeOf(await judgeAt(plain, CEM, byHost.commit, 'remove'))).toBe('accepted as remove');
    const policy = mls.extension(at(plain.states, CEM), mls.POLICY) ?? new Uint8Array(0);
    expect((await verifyPolicy(policy, plain.expected)).ok).toBe(true);
  });
});
