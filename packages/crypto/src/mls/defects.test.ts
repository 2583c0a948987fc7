/**
 * Every defect and trap of ts-mls 1.6.4 that Conclave knows, as an attack on our own engine. The numbers are those of the
 * list of defects in the design; "trap" is the table of library traps beside it.
 */

import { equalBytes, toHex, utf8 } from '@conclave/protocol/bytes';
import { createCommit } from 'ts-mls/createCommit.js';
import { createApplicationMessage, createProposal } from 'ts-mls/createMessage.js';
import type { LeafNode, LeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import { protectExternalProposalPublic } from 'ts-mls/messageProtectionPublic.js';
import type { Proposal } from 'ts-mls/proposal.js';
import type { Node, RatchetTree } from 'ts-mls/ratchetTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../test/mls-group.ts';
import {
  admit,
  codeOf,
  found,
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
} from '../../test/mls-group.ts';
import { MAX_LEAVES } from '../limits.ts';
import type { GroupState, Suite } from './engine.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';
import { checkShape, toStaged } from './proposals.ts';
import { externalPsk } from './psk.ts';
import { door } from './refusal.ts';
import { forgeCommit } from './testing/forge.ts';
import type { KeyPackageFields } from './testing/forge-key-package.ts';
import { forgeKeyPackage } from './testing/forge-key-package.ts';
import { validateTree } from './tree-validation.ts';
import { decodeKeyPackage, encodeMessage } from './wire.ts';

let suite: Suite;
let people: readonly Person[];
let states: readonly GroupState[];
let a: GroupState;
let b: GroupState;

beforeAll(async () => {
  suite = await engine.createSuite(1);
  ({ people, states } = await world(suite, 5));
  [a, b] = states as [GroupState, GroupState];
});

const psk = (): Proposal => ({
  proposalType: 'psk',
  psk: { preSharedKeyId: externalPsk(LINK, suite.implementation) },
});
const remove = (removed: number): Proposal => ({ proposalType: 'remove', remove: { removed } });
const stageAtB = async (message: Uint8Array) => codeOf(await engine.stage(b, suite, message, PSKS));

/** Validates a tree that was changed, under a tree hash that agrees with it. */
async function validation(state: GroupState, change: (tree: RatchetTree) => void) {
  const { ratchetTree, groupContext } = inside(state);
  const tree = ratchetTree.slice();
  change(tree);
  const cs = suite.implementation;
  const treeHash = await treeHashRoot(tree, cs.hash);
  return door(() => validateTree(tree, { ...groupContext, treeHash }, cs));
}

async function validated(state: GroupState, change: (tree: RatchetTree) => void): Promise<string> {
  return codeOf(await validation(state, change));
}

function changeUnmerged(tree: RatchetTree, change: (unmerged: number[]) => number[]): number {
  let changed = 0;
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== 'parent') continue;
    const unmergedLeaves = change(node.parent.unmergedLeaves);
    if (unmergedLeaves.join() === node.parent.unmergedLeaves.join()) continue;
    changed++;
    const next: Node = { nodeType: 'parent', parent: { ...node.parent, unmergedLeaves } };
    tree[index] = next;
  }
  return changed;
}

describe('defects of ts-mls 1.6.4', () => {
  test('[K42] 1: an index out of range is refused before the library walks to it', async () => {
    const ghost = (await person(suite, 'ghost')).keyPackage;
    const fromOutside = await forgeCommit(b, suite, {
      outsider: ghost,
      proposals: [remove(5000), psk()],
      psks: PSKS,
      wrongTag: true,
    });
    const fromMember = await forgeCommit(a, suite, { proposals: [remove(0xffffffff)] });
    const start = performance.now();
    expect(await stageAtB(fromOutside)).toBe('BOUNDS');
    expect(await stageAtB(fromMember)).toBe('BOUNDS');
    // The library alone takes half a minute and 2 GB for the first of them.
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('[K42] 1: more path secrets or a longer path than the tree can have', async () => {
    const wide = await forgeCommit(a, suite, {
      manglePath: (path) => ({
        ...path,
        nodes: path.nodes.map((node) => ({
          ...node,
          encryptedPathSecret: Array.from({ length: 9 }, () => node.encryptedPathSecret[0]).filter(
            (secret) => secret !== undefined,
          ),
        })),
      }),
    });
    const long = await forgeCommit(a, suite, {
      manglePath: (path) => ({ ...path, nodes: [...path.nodes, ...path.nodes, ...path.nodes] }),
    });
    expect(await stageAtB(wide)).toBe('BOUNDS');
    expect(await stageAtB(long)).toBe('BOUNDS');
  });

  test('[K46] 2: an unmerged leaf out of range neither hangs nor passes', async () => {
    const update = await engine.commit(a, suite, { proposals: [], psks: PSKS });
    expect(await validated(update.state, () => undefined)).toBe('ACCEPTED');
    for (const wrong of [[70000], [0xffffffff], [4], [1, 1], [1, 0]]) {
      const result = await validation(update.state, (tree) => {
        const index = tree.findIndex((node) => node?.nodeType === 'parent');
        const node = tree[index];
        if (node?.nodeType !== 'parent') throw new Error('no parent node');
        tree[index] = { nodeType: 'parent', parent: { ...node.parent, unmergedLeaves: wrong } };
      });
      expect(result, `unmerged ${wrong}`).toMatchObject({
        error: { code: 'TREE', detail: expect.stringContaining('unmerged') },
      });
    }
  });

  test('[K46] 2: an unmerged leaf that a node between does not list', async () => {
    const kick = await engine.commit(b, suite, { proposals: [{ type: 'remove', leafIndex: 0 }], psks: PSKS });
    const late = await admit(kick.state, suite, [await person(suite, 'late')]);
    const lists = inside(late.state).ratchetTree.flatMap((node, index) =>
      node?.nodeType === 'parent' && node.parent.unmergedLeaves.includes(0) ? [index] : [],
    );
    expect(lists.length).toBeGreaterThan(1);
    const lowest = Math.min(...lists);
    const result = await validation(late.state, (tree) => {
      const node = tree[lowest];
      if (node?.nodeType !== 'parent') throw new Error('no parent node');
      tree[lowest] = { nodeType: 'parent', parent: { ...node.parent, unmergedLeaves: [] } };
    });
    expect(result).toMatchObject({ error: { code: 'TREE', detail: expect.stringContaining('between') } });
  });

  test('[K46] 3: an unmerged leaf that disappeared from all lists is missed', async () => {
    const kick = await engine.commit(b, suite, { proposals: [{ type: 'remove', leafIndex: 0 }], psks: PSKS });
    const late = await admit(kick.state, suite, [await person(suite, 'late')]);
    expect(await validated(late.state, () => undefined)).toBe('ACCEPTED');
    const code = await validated(late.state, (tree) => {
      expect(changeUnmerged(tree, (list) => list.filter((leaf) => leaf !== 0))).toBeGreaterThan(0);
    });
    expect(code).toBe('TREE');
  });

  test('[K47] 4: a second leaf with the signature key of a member', async () => {
    const twin = await person(suite, 'twin', people[2]?.key);
    const outside = await forgeCommit(b, suite, {
      outsider: twin.keyPackage,
      proposals: [psk()],
      psks: PSKS,
    });
    expect(await stageAtB(outside)).toBe('NOT_UNIQUE');
    const added = await forgeAdd(twin.keyPackage.message);
    expect(['NOT_UNIQUE', 'CRYPTO']).toContain(await stageAtB(added));
  });

  test('[K47] 4: an added leaf with the encryption key of a member', async () => {
    const honest = (await person(suite, 'copy')).keyPackage;
    const hpkePublicKey = people[2]?.keyPackage.publicPackage.leafNode.hpkePublicKey ?? new Uint8Array();
    const copy = await forgeKeyPackage(suite, honest, { leaf: { hpkePublicKey } });
    expect(await stageAtB(await forgeAdd(copy.message))).toBe('NOT_UNIQUE');
    await expect(admit(a, suite, [{ key: people[0]?.key as never, keyPackage: copy }])).rejects.toThrow();
  });

  /** By the library's own createCommit, which does not look for duplicate keys. */
  async function forgeAdd(message: Uint8Array): Promise<Uint8Array> {
    const add: Proposal = { proposalType: 'add', add: { keyPackage: decodeKeyPackage(message) } };
    const config = {
      ...inside(a).clientConfig,
      keyPackageEqualityConfig: { compareKeyPackages: () => false, compareKeyPackageToLeafNode: () => false },
    };
    const made = await createCommit(
      {
        state: { ...inside(a), clientConfig: config },
        cipherSuite: suite.implementation,
        pskIndex: { findPsk: () => LINK_SECRET },
      },
      { wireAsPublicMessage: true, extraProposals: [add, psk()] },
    );
    return encodeMessage(made.commit);
  }

  test('[K48] 5: a path key that does not belong to its path secret', async () => {
    const cs = suite.implementation;
    let calls = 0;
    const pathSuite = {
      ...cs,
      hpke: {
        ...cs.hpke,
        // The leaf's key stays honest, the parents' keys come from nowhere.
        deriveKeyPair: (ikm: Uint8Array) =>
          cs.hpke.deriveKeyPair(calls++ === 0 ? ikm : cs.rng.randomBytes(32)),
      },
    };
    expect(await stageAtB(await forgeCommit(a, suite, { pathSuite }))).toBe('PATH_KEYS');
  });

  test('[K53] 6: a forged Remove of oneself stages as out, which its victim cannot verify', async () => {
    const forged = await forgeCommit(a, suite, { proposals: [remove(1)], wrongTag: true });
    const victim = await staged(b, suite, forged);
    expect(victim.self).toBe('out');
    // Everybody else refuses it, so no epoch ever confirms it.
    const bystander = states[2] as GroupState;
    expect(codeOf(await engine.stage(bystander, suite, forged, PSKS))).toBe('CRYPTO');
  });

  test('[K43] 7: an ExternalInit from a member', async () => {
    expect(await stageAtB(await forgeCommit(a, suite, { externalInit: true }))).toBe('SHAPE');
  });

  test('[K52] 7: a path leaf with another credential, key or capability', async () => {
    const other = await engine.generateSigningKey();
    const { capabilities } = people[0]?.keyPackage.publicPackage.leafNode ?? {};
    for (const leaf of [
      { credential: { credentialType: 'basic', identity: utf8('mallory') } } as const,
      { signaturePublicKey: other.publicKey },
      {
        capabilities: { ...(capabilities as NonNullable<typeof capabilities>), extensions: [0xff01, 0xff02] },
      },
    ]) {
      expect(await stageAtB(await forgeCommit(a, suite, { leaf })), Object.keys(leaf)[0]).toBe('IDENTITY');
    }
  });

  test('[K50] 8: a proposal for another group or epoch, and any but the own Remove', async () => {
    const own = states[2] as GroupState;
    const leave = await engine.proposeLeave(own, suite);
    const received = value(await engine.receiveProposal(b, suite, leave));
    expect(received.removed.leafIndex).toBe(2);
    const elsewhere = (await world(suite, 3)).states[1] as GroupState;
    expect(codeOf(await engine.receiveProposal(elsewhere, suite, leave))).not.toBe('ACCEPTED');
    const later = await engine.commit(a, suite, { proposals: [], psks: PSKS });
    expect(codeOf(await engine.receiveProposal(later.state, suite, leave))).toBe('OTHER_EPOCH');
    for (const proposal of [remove(3), psk(), { proposalType: 0xf001, proposalData: utf8('x') } as const]) {
      const made = await createProposal(inside(own), true, proposal, suite.implementation);
      expect(codeOf(await engine.receiveProposal(b, suite, encodeMessage(made.message)))).toBe('SHAPE');
    }
  });

  test('[K50] one member cannot crowd out the leave of another', async () => {
    const loud = inside(states[2] as GroupState);
    let state = b;
    const codes: string[] = [];
    for (let round = 0; round < 6; round++) {
      const made = await createProposal(loud, true, remove(2), suite.implementation, utf8(`${round}`));
      const received = await engine.receiveProposal(state, suite, encodeMessage(made.message));
      codes.push(codeOf(received));
      if (received.ok) state = received.value.state;
    }
    expect(codes).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED', 'ACCEPTED', 'BOUNDS', 'BOUNDS']);
    const other = await engine.proposeLeave(states[3] as GroupState, suite);
    expect(codeOf(await engine.receiveProposal(state, suite, other))).toBe('ACCEPTED');
  });

  test('[K50] 8: a proposal whose signature or membership tag does not verify', async () => {
    const leave = await engine.proposeLeave(states[2] as GroupState, suite);
    for (const distance of [1, 40]) {
      const wrong = leave.slice();
      const at = wrong.length - distance;
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      expect(codeOf(await engine.receiveProposal(b, suite, wrong))).toBe('CRYPTO');
    }
  });

  test('[K43] 9: an external sender, as proposer and as committer', async () => {
    const cs = suite.implementation;
    const { signaturePrivateKey, groupContext } = inside(a);
    const sender = { senderType: 'external', senderIndex: 0 } as const;
    const made = await protectExternalProposalPublic(
      signaturePrivateKey,
      groupContext,
      new Uint8Array(),
      remove(2),
      sender,
      cs,
    );
    const proposal = encodeMessage({ wireformat: 'mls_public_message', publicMessage: made.publicMessage });
    expect(codeOf(await engine.receiveProposal(b, suite, proposal))).toBe('SHAPE');
    expect(await stageAtB(await forgeCommit(a, suite, { sender }))).toBe('SHAPE');
  });

  test('[K41] 10: two pending Removes of one leaf block nobody', async () => {
    const leaver = states[2] as GroupState;
    const first = value(await engine.receiveProposal(a, suite, await engine.proposeLeave(leaver, suite)));
    const again = await createProposal(inside(leaver), true, remove(2), suite.implementation, utf8('again'));
    const second = value(await engine.receiveProposal(first.state, suite, encodeMessage(again.message)));
    expect(equalBytes(first.reference, second.reference)).toBe(false);
    const request = { proposals: [], psks: PSKS };
    const made = await engine.commit(second.state, suite, { ...request, references: [second.reference] });
    const atB = value(await engine.receiveProposal(b, suite, encodeMessage(again.message)));
    const seen = await staged(atB.state, suite, made.commit);
    expect(seen.proposals).toMatchObject([{ type: 'remove', leafIndex: 2, byReference: true, sender: 2 }]);
    expect(codeOf(await engine.stage(b, suite, made.commit, PSKS))).toBe('UNKNOWN_REFERENCE');
    // Without references an update is made, and it takes none of the pending ones along.
    const update = await engine.commit(second.state, suite, request);
    expect((await staged(b, suite, update.commit)).proposals).toEqual([]);
  });

  test('[K38] 11: a change of one extension carries the others over, and dropping one is refused', async () => {
    const change = {
      type: 'extensions',
      extensions: [{ type: engine.POLICY, data: utf8('policy 1') }],
    } as const;
    const made = await engine.commit(a, suite, { proposals: [change], psks: PSKS });
    const seen = await staged(b, suite, made.commit);
    expect(seen.hasPath).toBe(false);
    expect([...seen.extensionsAfter.keys()]).toEqual([engine.LINK_ID, engine.POLICY]);
    expect(seen.extensionsAfter.get(engine.POLICY)).toEqual(utf8('policy 1'));
    expect(seen.extensionsBefore.get(engine.POLICY)).toEqual(utf8('policy 0'));
    expect(engine.extension(seen.state, engine.LINK_ID)).toEqual(LINK);
    const policy = { extensionType: engine.POLICY, extensionData: utf8('alone') };
    const link = { extensionType: engine.LINK_ID, extensionData: LINK };
    const unknown = { extensionType: 0xff77, extensionData: utf8('x') };
    for (const extensions of [[policy], [policy, link, policy], [policy, link, unknown], []]) {
      const gce: Proposal = {
        proposalType: 'group_context_extensions',
        groupContextExtensions: { extensions },
      };
      const forged = await forgeGroupContext(gce);
      expect(await stageAtB(forged), `${extensions.length} extensions`).toBe('EXTENSIONS');
    }
  });

  async function forgeGroupContext(gce: Proposal): Promise<Uint8Array> {
    const made = await createCommit(
      { state: inside(a), cipherSuite: suite.implementation },
      { wireAsPublicMessage: true, extraProposals: [gce] },
    );
    return encodeMessage(made.commit);
  }

  test('[K39] 12: a path beside changed extensions is neither made nor taken', async () => {
    const extensions = [{ type: engine.POLICY, data: utf8('policy 1') }];
    const proposals = [
      { type: 'remove', leafIndex: 2 },
      { type: 'extensions', extensions },
    ] as const;
    await expect(engine.commit(a, suite, { proposals, psks: PSKS })).rejects.toThrow('combination');
    const both = await createCommit(
      { state: inside(a), cipherSuite: suite.implementation },
      {
        wireAsPublicMessage: true,
        extraProposals: [
          remove(2),
          {
            proposalType: 'group_context_extensions',
            groupContextExtensions: { extensions: inside(a).groupContext.extensions },
          },
        ],
      },
    );
    expect(await stageAtB(encodeMessage(both.commit))).toBe('SHAPE');
  });
});

describe('traps of ts-mls 1.6.4', () => {
  test('[K39] a Remove without a path, an empty commit without one, an Add with one', async () => {
    const extra = await person(suite, 'extra');
    const { publicPackage } = extra.keyPackage;
    const add: Proposal = { proposalType: 'add', add: { keyPackage: publicPackage } };
    const forge = (forgery: Parameters<typeof forgeCommit>[2]) =>
      forgeCommit(a, suite, { psks: PSKS, ...forgery });
    expect(await stageAtB(await forge({ proposals: [remove(2)], noPath: true }))).toBe('SHAPE');
    expect(await stageAtB(await forge({ noPath: true }))).toBe('SHAPE');
    expect(await stageAtB(await forge({ proposals: [add, psk()] }))).toBe('SHAPE');
  });

  test('[K46] batches into a populated tree: every joiner accepts a valid tree with unmerged leaves', async () => {
    const populated = await world(suite, 9);
    let members = [...populated.states];
    for (const [index] of members.entries()) {
      const own = await engine.commit(members[index] as GroupState, suite, { proposals: [], psks: PSKS });
      members = await Promise.all(
        members.map(async (s, at) => (at === index ? own.state : (await staged(s, suite, own.commit)).state)),
      );
    }
    let state = members[0] as GroupState;
    for (let round = 0; round < 2; round++) {
      const joiners = [await person(suite, `x${round}`), await person(suite, `y${round}`)];
      const own = await admit(state, suite, joiners);
      for (const who of joiners)
        expect(engine.epoch(await join(suite, own, who))).toBe(engine.epoch(own.state));
      state = own.state;
    }
    // The same two leaves blank and filled again, under different parents.
    const removed = [{ type: 'remove', leafIndex: 2 } as const, { type: 'remove', leafIndex: 6 } as const];
    const kick = await engine.commit(state, suite, { proposals: removed, psks: PSKS });
    const fillers = [await person(suite, 'f'), await person(suite, 'g')];
    const refill = await admit(kick.state, suite, fillers);
    for (const who of fillers) await join(suite, refill, who);
    const outsider = value(await joinFromOutside(suite, refill.state, await person(suite, 'h')));
    expect(engine.leaves(outsider.state)).toHaveLength(14);
  });

  test('[K40] no PSK, two PSKs, an unknown one, a resumption one, a short nonce', async () => {
    const ghost = (await person(suite, 'ghost')).keyPackage;
    const other = utf8('another link');
    const both = (id: Uint8Array) => PSKS(id) ?? holding(other, LINK_SECRET)(id);
    const named = (pskId: Uint8Array, pskNonce = new Uint8Array(32)): Proposal => ({
      proposalType: 'psk',
      psk: { preSharedKeyId: { psktype: 'external', pskId, pskNonce } },
    });
    const resumption: Proposal = {
      proposalType: 'psk',
      psk: {
        preSharedKeyId: {
          psktype: 'resumption',
          usage: 'application',
          pskGroupId: engine.groupId(b),
          pskEpoch: 0n,
          pskNonce: new Uint8Array(32),
        },
      },
    };
    const attempt = async (proposals: Proposal[]) =>
      stageAtB(
        await forgeCommit(b, suite, {
          outsider: ghost,
          proposals: proposals.filter((p) => p !== resumption),
          psks: both,
          wrongTag: proposals.includes(resumption),
        }),
      );
    expect(await attempt([])).toBe('SHAPE');
    expect(await attempt([named(LINK), named(other)])).toBe('SHAPE');
    expect(await attempt([named(other)])).toBe('UNKNOWN_PSK');
    expect(await attempt([named(LINK, new Uint8Array(31))])).toBe('BOUNDS');
    expect(await attempt([named(LINK)])).toBe('ACCEPTED');
    const extra = await person(suite, 'extra');
    const proposals = [{ type: 'add', keyPackage: extra.keyPackage.message } as const];
    await expect(engine.commit(a, suite, { proposals, psks: PSKS })).rejects.toThrow();
  });

  test('[K52] an external commit that removes somebody else', async () => {
    const ghost = (await person(suite, 'ghost')).keyPackage;
    const forged = await forgeCommit(b, suite, {
      outsider: ghost,
      proposals: [remove(2), psk()],
      psks: PSKS,
    });
    expect(await stageAtB(forged)).toBe('IDENTITY');
  });

  test('[K35, K43] PrivateMessages, application data and every other object in the place of a commit', async () => {
    const cs = suite.implementation;
    const privateCommit = await createCommit({ state: inside(a), cipherSuite: cs });
    const { privateMessage } = await createApplicationMessage(inside(a), utf8('hello'), cs);
    const objects = [
      encodeMessage(privateCommit.commit),
      encodeMessage({ wireformat: 'mls_private_message', privateMessage }),
      await engine.encodeGroupInfo(a, suite),
      (await person(suite, 'x')).keyPackage.message,
      await engine.proposeLeave(a, suite),
    ];
    for (const object of objects) expect(await stageAtB(object)).toBe('SHAPE');
  });

  test('[K43] Update, ReInit, unknown proposals, Add beside Remove, a doubled Remove, a removed committer', async () => {
    const { publicPackage } = (await person(suite, 'extra')).keyPackage;
    const add: Proposal = { proposalType: 'add', add: { keyPackage: publicPackage } };
    const { leafNode } = publicPackage;
    const update: Proposal = {
      proposalType: 'update',
      update: { leafNode: { ...leafNode, leafNodeSource: 'update' } as never },
    };
    const reinit: Proposal = {
      proposalType: 'reinit',
      reinit: {
        groupId: utf8('new'),
        version: 'mls10',
        cipherSuite: suite.implementation.name,
        extensions: [],
      },
    };
    const custom: Proposal = { proposalType: 0xf001, proposalData: utf8('x') };
    for (const proposals of [[update], [reinit], [custom], [add, remove(2), psk()], [remove(2), remove(2)]]) {
      const forged = await forgeCommit(a, suite, { proposals, psks: PSKS });
      expect(await stageAtB(forged), proposals.map((p) => p.proposalType).join()).toBe('SHAPE');
    }
    const tooMany = Array.from({ length: 129 }, () => remove(2));
    expect(await stageAtB(await forgeCommit(a, suite, { proposals: tooMany }))).toBe('BOUNDS');
    expect(await stageAtB(await forgeCommit(a, suite, { references: [utf8('nothing')] }))).toBe(
      'UNKNOWN_REFERENCE',
    );
  });

  test('[K43] a committer cannot remove itself, by value or by reference', async () => {
    const request = { proposals: [{ type: 'remove', leafIndex: 0 }], psks: PSKS } as const;
    await expect(engine.commit(a, suite, request)).rejects.toThrow();
    const { ratchetTree } = inside(b);
    for (const byReference of [false, true]) {
      const own = toStaged(ratchetTree, { proposal: remove(0), byReference, sender: 0 });
      const shape = { proposals: [own], hasPath: true, committer: 0 };
      expect(codeOf(await door(async () => checkShape(ratchetTree, shape)))).toBe('SHAPE');
    }
  });

  test('[K43] 33 Adds in one commit, and more leaves than the tree may have', async () => {
    const { ratchetTree } = inside(b);
    const { publicPackage } = (await person(suite, 'extra')).keyPackage;
    const proposal: Proposal = { proposalType: 'add', add: { keyPackage: publicPackage } };
    const add = toStaged(ratchetTree, { proposal, byReference: false, sender: 0 });
    const one = toStaged(ratchetTree, { proposal: psk(), byReference: false, sender: 0 });
    const attempt = (tree: RatchetTree, adds: number) =>
      door(async () =>
        checkShape(tree, { proposals: [...Array(adds).fill(add), one], hasPath: false, committer: 0 }),
      );
    expect(codeOf(await attempt(ratchetTree, 32))).toBe('ACCEPTED');
    expect(codeOf(await attempt(ratchetTree, 33))).toBe('BOUNDS');
    const full: RatchetTree = Array.from({ length: 2 * MAX_LEAVES - 1 }, (_, node) =>
      node % 2 === 0 && node > 0 ? ratchetTree[0] : undefined,
    );
    expect(codeOf(await attempt(full, 1))).toBe('ACCEPTED');
    expect(codeOf(await attempt(full, 2))).toBe('BOUNDS');
  });

  test('[K36] a leaf that does not list the extensions, or differs in anything else, is not addable', async () => {
    const honest = (await person(suite, 'honest')).keyPackage;
    const { leafNode } = honest.publicPackage;
    const { capabilities } = leafNode;
    const fields: Readonly<Record<string, readonly KeyPackageFields[]>> = {
      EXTENSIONS: [
        { leaf: { capabilities: { ...capabilities, extensions: [engine.LINK_ID] } } },
        { leaf: { extensions: [{ extensionType: engine.POLICY, extensionData: utf8('x') }] } },
        { outer: { extensions: [{ extensionType: engine.POLICY, extensionData: utf8('x') }] } },
      ],
      SUITE: [
        { outer: { cipherSuite: 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519' as const } },
        { leaf: { capabilities: { ...capabilities, ciphersuites: [] } } },
        { leaf: { capabilities: { ...capabilities, versions: [] } } },
      ],
      KEY_PACKAGE: [
        { leaf: { lifetime: { notBefore: 0n, notAfter: 5n } } },
        { leaf: { credential: { credentialType: 'basic', identity: new Uint8Array() } as const } },
        { leaf: { credential: { credentialType: 'basic', identity: new Uint8Array(257) } as const } },
        { leaf: { credential: { credentialType: 'x509', certificates: [utf8('x')] } as const } },
        { leaf: { capabilities: { ...capabilities, credentials: [] } } },
        { outer: { initKey: leafNode.hpkePublicKey } },
        { outer: { initKey: new Uint8Array(31) } },
      ],
    };
    expect(codeOf(await engine.readKeyPackage(honest.message, suite))).toBe('ACCEPTED');
    for (const [code, list] of Object.entries(fields)) {
      for (const [index, wrong] of list.entries()) {
        const forged = await forgeKeyPackage(suite, honest, wrong);
        expect(codeOf(await engine.readKeyPackage(forged.message, suite)), `${code} ${index}`).toBe(code);
      }
    }
    const forged = await forgeKeyPackage(suite, honest, fields['KEY_PACKAGE']?.[0] ?? {});
    const inCommit = await forgeCommit(a, suite, {
      proposals: [{ proposalType: 'add', add: { keyPackage: forged.publicPackage } }, psk()],
      psks: PSKS,
      noPath: true,
    });
    expect(await stageAtB(inCommit)).toBe('KEY_PACKAGE');
  });

  test('[K45] a leaf in a joined tree: its signature, its credential, what it supports', async () => {
    const honest = (await person(suite, 'honest')).keyPackage;
    const { capabilities } = honest.publicPackage.leafNode;
    const withLeaf = (leaf: LeafNode) => (tree: RatchetTree) => {
      tree[4] = { nodeType: 'leaf', leaf };
    };
    expect(await validated(a, withLeaf(honest.publicPackage.leafNode))).toBe('ACCEPTED');
    const unsigned = { ...honest.publicPackage.leafNode, signature: new Uint8Array(64) };
    expect(await validated(a, withLeaf(unsigned))).toBe('KEY_PACKAGE');
    const empty = { credentialType: 'basic', identity: new Uint8Array() } as const;
    const fields: readonly (readonly [string, Partial<LeafNodeKeyPackage>])[] = [
      // A lifetime that is over is no reason: members who never committed would become invalid.
      ['ACCEPTED', { lifetime: { notBefore: 0n, notAfter: 1n } }],
      ['KEY_PACKAGE', { credential: empty }],
      ['KEY_PACKAGE', { capabilities: { ...capabilities, credentials: ['x509'] } }],
      ['SUITE', { capabilities: { ...capabilities, ciphersuites: [] } }],
      ['SUITE', { capabilities: { ...capabilities, versions: [] } }],
      ['EXTENSIONS', { capabilities: { ...capabilities, extensions: [engine.LINK_ID] } }],
      ['EXTENSIONS', { extensions: [{ extensionType: 0xff09, extensionData: utf8('x') }] }],
    ];
    for (const [code, leaf] of fields) {
      const forged = await forgeKeyPackage(suite, honest, { leaf });
      expect(await validated(a, withLeaf(forged.publicPackage.leafNode)), Object.keys(leaf).join()).toBe(
        code,
      );
    }
  });

  test('[K44] a tree of a wrong width, with nodes in wrong places, or under another hash', async () => {
    const { ratchetTree, groupContext } = inside(a);
    const cs = suite.implementation;
    const attempt = async (tree: RatchetTree, treeHash = groupContext.treeHash) =>
      codeOf(await door(() => validateTree(tree, { ...groupContext, treeHash }, cs)));
    expect(await attempt(ratchetTree)).toBe('ACCEPTED');
    expect(await attempt(ratchetTree, new Uint8Array(32))).toBe('TREE');
    expect(await attempt(ratchetTree.slice(0, -2))).toBe('TREE');
    expect(await attempt([])).toBe('TREE');
    expect(await attempt(Array.from({ length: 511 }, () => undefined))).toBe('TREE');
    const misplaced = ratchetTree.slice();
    misplaced[1] = ratchetTree[0];
    expect(await attempt(misplaced)).toBe('TREE');
  });

  test('[K59, K52] the joiner of an external commit is known by its leaf, not by the server', async () => {
    const newcomer = await person(suite, 'newcomer');
    const joined = value(await joinFromOutside(suite, a, newcomer));
    const seen = await staged(b, suite, joined.commit);
    expect(seen.sender).toBe('external');
    expect(seen.committerBefore).toBeUndefined();
    expect(toHex(seen.committer.signatureKey)).toBe(toHex(newcomer.key.publicKey));
    expect(seen.committer.identity).toEqual(utf8('newcomer'));
    expect(seen.added).toEqual([seen.committer]);
  });

  test('[K60] a resync that matches no leaf, and joining twice', async () => {
    const stranger = await person(suite, 'stranger');
    expect(codeOf(await joinFromOutside(suite, a, stranger, { resync: true }))).toBe('NO_OLD_LEAF');
    const twin = await person(suite, 'person 2', people[2]?.key);
    expect(codeOf(await joinFromOutside(suite, a, twin))).toBe('ALREADY_MEMBER');
    expect(codeOf(await joinFromOutside(suite, await found(suite, twin), twin, { resync: true }))).toBe(
      'LONE_MEMBER',
    );
  });
});
