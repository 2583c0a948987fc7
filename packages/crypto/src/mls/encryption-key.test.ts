/** Keys that import and that nobody can seal to, at every door through which a key comes into a tree. */

import type { Node, RatchetTree } from 'ts-mls/ratchetTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../test/mls-group.ts';
import { codeOf, LINK, PSKS, person, value, world } from '../../test/mls-group.ts';
import { isUsableKey } from './encryption-key.ts';
import type { GroupState, Suite, SuiteNumber } from './engine.ts';
import * as engine from './engine.ts';
import { inside } from './group.ts';
import { door } from './refusal.ts';
import { withPathKey } from './testing/cheat-path.ts';
import { forgeCommit } from './testing/forge.ts';
import { forgeKeyPackage } from './testing/forge-key-package.ts';
import { validateTree } from './tree-validation.ts';

const P = 2n ** 255n - 19n;
const ML_KEM_BYTES = 1184;

function littleEndian(u: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((u >> BigInt(8 * index)) & 255n));
}

/** RFC 7748's curve and twist have these alone: u of orders 1, 2 and 4, and the two of order 8. */
const ORDER_EIGHT = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];
const SMALL_ORDER = [0n, 1n, P - 1n, P, P + 1n, ...ORDER_EIGHT].map(littleEndian).flatMap((low) => {
  const withTopBit = low.slice();
  withTopBit[31] = (withTopBit[31] ?? 0) | 0x80;
  return [low, withTopBit];
});

/** All of X25519's, and for X-Wing these and coefficients at the modulus. */
function unusable(number: SuiteNumber, honest: Uint8Array): readonly Uint8Array[] {
  if (number === 1) return SMALL_ORDER;
  const ofX25519 = SMALL_ORDER.map((low) => {
    const key = honest.slice();
    key.set(low, ML_KEM_BYTES);
    return key;
  });
  const aboveModulus = [0, 1, 767].map((index) => withCoefficient(honest, index, 3329));
  return [...ofX25519, ...aboveModulus, new Uint8Array(honest.length).fill(0xff)];
}

function withCoefficient(honest: Uint8Array, index: number, coefficient: number): Uint8Array {
  const key = honest.slice();
  const at = 3 * (index >> 1);
  if (index % 2 === 0) {
    key[at] = coefficient & 255;
    key[at + 1] = ((key[at + 1] ?? 0) & 0xf0) | (coefficient >> 8);
  } else {
    key[at + 1] = ((key[at + 1] ?? 0) & 0x0f) | ((coefficient & 15) << 4);
    key[at + 2] = coefficient >> 4;
  }
  return key;
}

describe.each<SuiteNumber>([1, 2])('unusable keys, suite %i', (number) => {
  let suite: Suite;
  let guest: Person;
  let states: readonly GroupState[];
  let honest: Uint8Array;
  let bad: readonly Uint8Array[];

  beforeAll(async () => {
    suite = await engine.createSuite(number);
    guest = await person(suite, 'guest');
    ({ states } = await world(suite, 4));
    honest = guest.keyPackage.publicPackage.initKey;
    bad = unusable(number, honest);
  });

  const [own, other] = [() => states[0] as GroupState, () => states[1] as GroupState];

  async function canSeal(publicKey: Uint8Array): Promise<boolean> {
    const { hpke } = suite.implementation;
    const seal = async () =>
      hpke.seal(await hpke.importPublicKey(publicKey), new Uint8Array(4), new Uint8Array());
    return seal().then(
      () => true,
      () => false,
    );
  }

  test('[K66] a key is usable exactly if it can be sealed to', async () => {
    const boundary =
      number === 1
        ? [littleEndian(2n), littleEndian(P - 2n), littleEndian(P + 2n)]
        : [withCoefficient(honest, 5, 3328)];
    for (const key of [honest, ...boundary, ...bad, honest.subarray(1)]) {
      expect(isUsableKey(key, suite.implementation)).toBe(await canSeal(key));
    }
    for (const key of bad) expect(isUsableKey(key, suite.implementation)).toBe(false);
  });

  test('[K66, K37] a KeyPackage with such an init or leaf key is refused when read and screened out', async () => {
    for (const key of [...bad, honest.subarray(1), new Uint8Array()]) {
      for (const fields of [{ outer: { initKey: key } }, { leaf: { hpkePublicKey: key } }]) {
        const { message } = await forgeKeyPackage(suite, guest.keyPackage, fields);
        expect(codeOf(await engine.readKeyPackage(message, suite))).toBe('KEY_PACKAGE');
      }
    }
    const [key = honest] = bad;
    const { message } = await forgeKeyPackage(suite, guest.keyPackage, { leaf: { hpkePublicKey: key } });
    const screened = await engine.screenKeyPackages(own(), suite, [message, guest.keyPackage.message]);
    expect(screened.map(codeOf)).toEqual(['KEY_PACKAGE', 'ACCEPTED']);
  });

  test('[K66] a path with such a leaf or parent key is refused, from inside and from outside', async () => {
    for (const key of bad.slice(0, 3)) {
      for (const at of [0, 1, 2]) {
        const pathSuite = withPathKey(suite, at, key).implementation;
        const commit = await forgeCommit(own(), suite, { pathSuite });
        expect(codeOf(await engine.stage(other(), suite, commit, PSKS)), `key ${at}`).toBe('PATH_KEYS');
      }
    }
    const outsider = guest.keyPackage;
    const [key = honest] = bad;
    const external = await engine.joinExternal(withPathKey(suite, 0, key), {
      groupInfo: await engine.encodeGroupInfo(own(), suite),
      tree: engine.encodeTree(own()),
      keyPackage: outsider,
      psks: PSKS,
      pskId: LINK,
      resync: false,
      judge: () => undefined,
    });
    const { commit } = value(external);
    expect(codeOf(await engine.stage(other(), suite, commit, PSKS))).toBe('PATH_KEYS');
  });

  test('[K66] a joiner refuses a tree with such a key in any node', async () => {
    const { state } = await engine.commit(own(), suite, { proposals: [], psks: PSKS });
    const { ratchetTree, groupContext } = inside(state);
    const filled = ratchetTree.flatMap((node, index) => (node === undefined ? [] : [index]));
    expect(filled.some((index) => index % 2 === 1)).toBe(true);
    for (const index of filled) {
      const tree = replaceKey(ratchetTree, index, bad[index % bad.length] ?? honest);
      const treeHash = await treeHashRoot(tree, suite.implementation.hash);
      const result = await door(() =>
        validateTree(tree, { ...groupContext, treeHash }, suite.implementation),
      );
      expect(result).toMatchObject({ error: { code: 'TREE', detail: expect.stringContaining('unusable') } });
    }
  });

  test('[K66] a GroupInfo with such an external_pub is refused before anything is sealed to it', async () => {
    const { hpke } = suite.implementation;
    const [key = honest] = bad;
    const lying = {
      ...suite,
      implementation: {
        ...suite.implementation,
        hpke: { ...hpke, exportPublicKey: async () => key.slice() },
      },
    };
    const joined = await engine.joinExternal(suite, {
      groupInfo: await engine.encodeGroupInfo(own(), lying),
      tree: engine.encodeTree(own()),
      keyPackage: (await person(suite, 'outsider')).keyPackage,
      psks: PSKS,
      pskId: LINK,
      resync: false,
      judge: () => undefined,
    });
    expect(codeOf(joined)).toBe('EXTENSIONS');
  });
});

function replaceKey(tree: RatchetTree, index: number, hpkePublicKey: Uint8Array): RatchetTree {
  return tree.map((node, at): Node | undefined => {
    if (at !== index || node === undefined) return node;
    if (node.nodeType === 'leaf') return { nodeType: 'leaf', leaf: { ...node.leaf, hpkePublicKey } };
    return { nodeType: 'parent', parent: { ...node.parent, hpkePublicKey } };
  });
}
