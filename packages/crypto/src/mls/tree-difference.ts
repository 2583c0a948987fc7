/**
 * What a commit did to the leaves: the two trees compared byte by byte, whatever the proposals say.
 * @spec K52
 */

import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { leafWidth } from 'ts-mls/treemath.js';
import { leafNodeAt } from './group.ts';
import { isSameLeaf } from './leaf-validation.ts';

/** Leaf indexes, ascending. A leaf replaced by another person's counts in both lists. */
export interface LeafDifference {
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

/** @param committer - the member whose own leaf the commit's path replaces; checked apart */
export function differenceOfLeaves(
  before: RatchetTree,
  after: RatchetTree,
  committer: number | undefined,
): LeafDifference {
  const added: number[] = [];
  const removed: number[] = [];
  for (let index = 0; index < Math.max(leafWidth(before.length), leafWidth(after.length)); index++) {
    const [a, b] = [leafNodeAt(before, index), leafNodeAt(after, index)];
    if (isSameLeaf(a, b) || (index === committer && a && b)) continue;
    if (a) removed.push(index);
    if (b) added.push(index);
  }
  return { added, removed };
}
