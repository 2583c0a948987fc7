/**
 * What a joiner must check of a ratchet tree before it believes it (RFC 9420 §12.4.3.1, §7.3, §7.9.2). ts-mls 1.6.4 checks
 * less in some places and more in others: it hangs on an unmerged leaf out of range, skips the last condition of §7.9.2,
 * and refuses valid trees with two unmerged leaves. Lifetimes of leaves that are already in the tree are not judged.
 * @spec K44, K45, K46, K66
 */

import { equalBytes } from '@conclave/protocol/bytes';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import { parentHashInputEncoder } from 'ts-mls/parentHash.js';
import type { ParentNode } from 'ts-mls/parentNode.js';
import type { Node, RatchetTree } from 'ts-mls/ratchetTree.js';
import { resolution } from 'ts-mls/ratchetTree.js';
import {
  directPath,
  leafToNodeIndex,
  leafWidth,
  left,
  right,
  toLeafIndex,
  toNodeIndex,
} from 'ts-mls/treemath.js';
import { MAX_LEAVES } from '../limits.ts';
import { checkEncryptionKeys } from './encryption-key.ts';
import { leafNodeAt } from './group.ts';
import { checkLeaf } from './leaf-validation.ts';
import { need } from './refusal.ts';
import { hashWithoutLeaves, isUnder, rootOf, treeHashes } from './tree-hash.ts';
import { checkUnique } from './uniqueness.ts';

/** Refuses TREE, NOT_UNIQUE, KEY_PACKAGE, SUITE, EXTENSIONS. */
export async function validateTree(
  tree: RatchetTree,
  groupContext: GroupContext,
  suite: CiphersuiteImpl,
): Promise<void> {
  checkWidth(tree);
  const hashes = await treeHashes(tree, suite.hash);
  const rootHash = hashes[rootOf(tree)];
  need(rootHash !== undefined && equalBytes(rootHash, groupContext.treeHash), 'TREE', 'tree hash');
  checkUnique(tree);
  checkEncryptionKeys(tree, suite);
  checkUnmergedLeaves(tree);
  for (let index = 0; index < leafWidth(tree.length); index++) {
    const leaf = leafNodeAt(tree, index);
    if (leaf !== undefined) await checkLeaf(leaf, index, groupContext, suite);
  }
  await checkParentHashes(tree, hashes, suite);
}

/** 2ⁿ leaves, at most MAX_LEAVES: every later walk is bounded by it. */
export function checkWidth(tree: RatchetTree): void {
  const width = tree.length;
  need(width % 2 === 1 && ((width + 1) & width) === 0, 'TREE', 'width is not 2ⁿ − 1');
  need(leafWidth(width) <= MAX_LEAVES, 'TREE', `more than ${MAX_LEAVES} leaves`);
}

function* parents(tree: RatchetTree): Generator<readonly [number, ParentNode]> {
  for (let node = 1; node < tree.length; node += 2) {
    const entry = tree[node];
    if (entry?.nodeType === 'parent') yield [node, entry.parent];
  }
}

/** In range, strictly increasing, non-blank descendants, listed by every non-blank node between (§7.9, §12.4.3.1). */
function checkUnmergedLeaves(tree: RatchetTree): void {
  const width = leafWidth(tree.length);
  for (const [node, { unmergedLeaves }] of parents(tree)) {
    let previous = -1;
    for (const leaf of unmergedLeaves) {
      need(leaf > previous && leaf < width, 'TREE', 'unmerged_leaves out of range or order');
      previous = leaf;
      need(isUnder(leaf, node) && leafNodeAt(tree, leaf), 'TREE', 'unmerged leaf is blank or not below');
      checkNodesBetween(tree, leaf, node);
    }
  }
}

function checkNodesBetween(tree: RatchetTree, leaf: number, ancestor: number): void {
  for (const node of directPath(leafToNodeIndex(toLeafIndex(leaf)), leafWidth(tree.length))) {
    if (node === ancestor) return;
    const entry = tree[node];
    const lists = entry?.nodeType === 'parent' && entry.parent.unmergedLeaves.includes(leaf);
    need(entry === undefined || lists, 'TREE', 'a node between does not list the unmerged leaf');
  }
}

/** Every non-blank parent is vouched for by exactly the nodes that §7.9.2 demands on one of its sides. */
async function checkParentHashes(
  tree: RatchetTree,
  hashes: readonly Uint8Array[],
  suite: CiphersuiteImpl,
): Promise<void> {
  for (const [node, parent] of parents(tree)) {
    const [l, r] = [left(toNodeIndex(node)), right(toNodeIndex(node))];
    const walk = { tree, hash: suite.hash, hashes };
    const valid = (await isVouchedFrom(l, r, parent, walk)) || (await isVouchedFrom(r, l, parent, walk));
    need(valid, 'TREE', 'parent hash');
  }
}

/** Whether a node D in the resolution of `child` holds the parent's hash, and resolution ∖ {D} is what is unmerged there. */
async function isVouchedFrom(
  child: number,
  sibling: number,
  { hpkePublicKey, parentHash, unmergedLeaves }: ParentNode,
  walk: {
    readonly tree: RatchetTree;
    readonly hash: CiphersuiteImpl['hash'];
    readonly hashes: readonly Uint8Array[];
  },
): Promise<boolean> {
  const originalSiblingTreeHash = await hashWithoutLeaves(sibling, new Set(unmergedLeaves), walk);
  const expected = await walk.hash.digest(
    encode(parentHashInputEncoder)({ encryptionKey: hpkePublicKey, parentHash, originalSiblingTreeHash }),
  );
  const resolved = new Set<number>(resolution(walk.tree, toNodeIndex(child)));
  const unmergedHere = unmergedLeaves.filter((leaf) => isUnder(leaf, child)).map((leaf) => 2 * leaf);
  if (unmergedHere.length !== resolved.size - 1) return false;
  return [...resolved].some((node) => {
    const stored = storedParentHash(walk.tree[node]);
    if (stored === undefined || !equalBytes(stored, expected)) return false;
    return unmergedHere.every((leaf) => leaf !== node && resolved.has(leaf));
  });
}

function storedParentHash(entry: Node | undefined): Uint8Array | undefined {
  if (entry?.nodeType === 'parent') return entry.parent.parentHash;
  return entry?.leaf.leafNodeSource === 'commit' ? entry.leaf.parentHash : undefined;
}
