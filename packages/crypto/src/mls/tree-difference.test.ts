import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { codeOf, person, world } from '../../test/mls-group.ts';
import * as engine from './engine.ts';
import { inside, leafNodeAt } from './group.ts';
import { door } from './refusal.ts';
import type { Announced } from './tree-difference.ts';
import { checkDifference } from './tree-difference.ts';

let before: RatchetTree;
let stranger: NonNullable<ReturnType<typeof leafNodeAt>>;

beforeAll(async () => {
  const suite = await engine.createSuite(1);
  const { states } = await world(suite, 3);
  before = inside(states[0] as engine.GroupState).ratchetTree;
  stranger = (await person(suite, 'stranger')).keyPackage.publicPackage.leafNode;
});

/** The tree with these leaves put in or taken out, against what was announced. */
async function judged(
  changes: Readonly<Record<number, typeof stranger | undefined>>,
  announced: Partial<Announced>,
) {
  const after = before.slice();
  for (const [index, leaf] of Object.entries(changes)) {
    after[2 * Number(index)] = leaf && { nodeType: 'leaf', leaf };
  }
  const none: Announced = { added: [], removed: [], committer: undefined };
  return codeOf(await door(async () => checkDifference(before, after, { ...none, ...announced })));
}

describe('the difference of two trees', () => {
  test('[K52] exactly the announced leaves come and go', async () => {
    expect(await judged({}, {})).toBe('ACCEPTED');
    expect(await judged({ 3: stranger }, { added: [stranger] })).toBe('ACCEPTED');
    expect(await judged({ 2: undefined }, { removed: [2] })).toBe('ACCEPTED');
    expect(await judged({ 1: stranger }, { added: [stranger], removed: [1] })).toBe('ACCEPTED');
    expect(await judged({ 3: stranger }, {})).toBe('TREE_DIFFERENCE');
    expect(await judged({}, { added: [stranger] })).toBe('TREE_DIFFERENCE');
    expect(await judged({ 2: undefined }, {})).toBe('TREE_DIFFERENCE');
    expect(await judged({ 2: undefined }, { removed: [1] })).toBe('TREE_DIFFERENCE');
    expect(await judged({ 1: undefined, 2: undefined }, { removed: [2] })).toBe('TREE_DIFFERENCE');
    expect(await judged({ 1: stranger }, { added: [stranger] })).toBe('TREE_DIFFERENCE');
    const other = leafNodeAt(before, 0);
    expect(await judged({ 3: stranger }, { added: other ? [other] : [] })).toBe('TREE_DIFFERENCE');
  });

  test('[K52] of the leaves that stay only the committer’s may change, and only to what its path says', async () => {
    const committer = { leafIndex: 1, leaf: stranger };
    expect(await judged({ 1: stranger }, { committer })).toBe('ACCEPTED');
    expect(await judged({ 2: stranger }, { committer: { leafIndex: 1, leaf: leafNodeAt(before, 1) } })).toBe(
      'TREE_DIFFERENCE',
    );
    expect(await judged({}, { committer })).toBe('TREE_DIFFERENCE');
    expect(await judged({ 1: undefined }, { committer })).toBe('TREE_DIFFERENCE');
  });
});
