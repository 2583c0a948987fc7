/**
 * What a commit did to the leaves: the two trees compared byte by byte, whatever the proposals say.
 * @spec K52
 */

import type { LeafNode } from 'ts-mls/leafNode.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { leafWidth } from 'ts-mls/treemath.js';
import { leafNodeAt } from './group.ts';
import { isSameLeaf } from './leaf-validation.ts';
import { need } from './refusal.ts';

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

/** What the proposals of a commit say it does. */
export interface Announced {
  /** In their order, which is the order of the leftmost blank leaves. */
  readonly added: readonly LeafNode[];
  readonly removed: readonly number[];
  /** The committing member and its leaf after the commit; undefined for an external commit. */
  readonly committer: { readonly leafIndex: number; readonly leaf: LeafNode | undefined } | undefined;
}

/** Exactly the announced leaves are new or gone, and nobody's leaf but the committer's has changed. Refuses TREE_DIFFERENCE. */
export function checkDifference(before: RatchetTree, after: RatchetTree, announced: Announced): void {
  const { committer } = announced;
  const { added, removed } = differenceOfLeaves(before, after, committer?.leafIndex);
  need(removed.join() === ascending(announced.removed).join(), 'TREE_DIFFERENCE', 'removed leaves');
  const asAnnounced = added.every((index, at) => isSameLeaf(leafNodeAt(after, index), announced.added[at]));
  need(added.length === announced.added.length && asAnnounced, 'TREE_DIFFERENCE', 'added leaves');
  if (committer === undefined) return;
  const { leafIndex, leaf } = committer;
  need(leaf && isSameLeaf(leafNodeAt(after, leafIndex), leaf), 'TREE_DIFFERENCE', "committer's leaf");
}

function ascending(indexes: readonly number[]): readonly number[] {
  return [...indexes].sort((a, b) => a - b);
}
