/**
 * Tree hashes (RFC 9420 §7.8) of every node at once, and the "original sibling" hashes of §7.9.2, which leave out the
 * unmerged leaves of a parent. Both walk recursively over a tree whose width was checked before.
 */

import { encode } from 'ts-mls/codec/tlsEncoder.js';
import type { Hash } from 'ts-mls/crypto/hash.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { leafNodeHashInputEncoder, parentNodeHashInputEncoder } from 'ts-mls/treeHash.js';
import { isLeaf, left, right, toNodeIndex } from 'ts-mls/treemath.js';
import { need } from './refusal.ts';

/** Indexed by node. Also refuses a leaf node in a parent's place and the other way round. */
export async function treeHashes(tree: RatchetTree, hash: Hash): Promise<readonly Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  await hashNode(rootOf(tree), { tree, hash, keep: hashes });
  return hashes;
}

/**
 * The hash of the subtree under `node` as if `leaves` had never been added: blank, and in nobody's unmerged_leaves.
 * Subtrees that hold none of them are taken from `hashes`.
 */
export function hashWithoutLeaves(
  node: number,
  leaves: ReadonlySet<number>,
  walk: { readonly tree: RatchetTree; readonly hash: Hash; readonly hashes: readonly Uint8Array[] },
): Promise<Uint8Array> {
  return hashNode(node, { tree: walk.tree, hash: walk.hash, without: { leaves, hashes: walk.hashes } });
}

/** Distance from a node to the first and to the last leaf under it, counted in nodes. */
export function reach(node: number): number {
  let span = 1;
  for (let rest = node; rest % 2 === 1; rest = (rest - 1) / 2) span *= 2;
  return span - 1;
}

/** Whether a leaf index lies under a node. */
export function isUnder(leafIndex: number, node: number): boolean {
  return Math.abs(2 * leafIndex - node) <= reach(node);
}

export function rootOf(tree: RatchetTree): number {
  return (tree.length - 1) / 2;
}

interface Walk {
  readonly tree: RatchetTree;
  readonly hash: Hash;
  /** Receives the hash of every node. */
  readonly keep?: Uint8Array[];
  readonly without?: { readonly leaves: ReadonlySet<number>; readonly hashes: readonly Uint8Array[] };
}

async function hashNode(node: number, walk: Walk): Promise<Uint8Array> {
  const known = walk.without?.hashes[node];
  if (known !== undefined && ![...(walk.without?.leaves ?? [])].some((leaf) => isUnder(leaf, node)))
    return known;
  const value = isLeaf(toNodeIndex(node)) ? await hashLeaf(node, walk) : await hashParent(node, walk);
  if (walk.keep !== undefined) walk.keep[node] = value;
  return value;
}

function hashLeaf(node: number, { tree, hash, without }: Walk): Promise<Uint8Array> {
  const entry = tree[node];
  need(entry?.nodeType !== 'parent', 'TREE', 'parent node in the place of a leaf');
  const leafIndex = node / 2;
  const leafNode = without?.leaves.has(leafIndex) ? undefined : entry?.leaf;
  return hash.digest(encode(leafNodeHashInputEncoder)({ nodeType: 'leaf', leafIndex, leafNode }));
}

async function hashParent(node: number, walk: Walk): Promise<Uint8Array> {
  const { tree, hash, without } = walk;
  const entry = tree[node];
  need(entry?.nodeType !== 'leaf', 'TREE', 'leaf node in the place of a parent');
  const leftHash = await hashNode(left(toNodeIndex(node)), walk);
  const rightHash = await hashNode(right(toNodeIndex(node)), walk);
  const parent = entry?.parent;
  const parentNode =
    parent === undefined || without === undefined
      ? parent
      : { ...parent, unmergedLeaves: parent.unmergedLeaves.filter((leaf) => !without.leaves.has(leaf)) };
  return hash.digest(
    encode(parentNodeHashInputEncoder)({ nodeType: 'parent', parentNode, leftHash, rightHash }),
  );
}
