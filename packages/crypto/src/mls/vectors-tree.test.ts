/** Official vectors of ratchet trees: validation and tree hashes are our own, the operations the library's. */

import { applyUpdatePathSecret } from 'ts-mls/createCommit.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import { getCommitSecret } from 'ts-mls/pathSecrets.js';
import type { PrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import { toPrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { decodeProposal } from 'ts-mls/proposal.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import {
  addLeafNode,
  encodeRatchetTree,
  removeLeafNode,
  resolution,
  updateLeafNode,
} from 'ts-mls/ratchetTree.js';
import { left, nodeWidth, parent, right, root, toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import { applyUpdatePath, decodeUpdatePath } from 'ts-mls/updatePath.js';
import { describe, expect, test } from 'vitest';
import { fromHex, hasVectors, loadVectors, mustEqual, sampleVectors } from '../../test/mls-vector-files.ts';
import { checkPrivatePath } from './private-path.ts';
import { implementationOf } from './testing/vector-suites.ts';
import { reach, rootOf, treeHashes } from './tree-hash.ts';
import { validateTree } from './tree-validation.ts';
import { decodeTree } from './wire.ts';

interface TreeValidation {
  readonly cipher_suite: number;
  readonly tree: string;
  readonly group_id: string;
  readonly tree_hashes: readonly string[];
  readonly resolutions: readonly (readonly number[])[];
}

interface TreeOperation {
  readonly cipher_suite: number;
  readonly tree_before: string;
  readonly proposal: string;
  readonly proposal_sender: number;
  readonly tree_hash_before: string;
  readonly tree_after: string;
  readonly tree_hash_after: string;
}

interface TreeKem {
  readonly cipher_suite: number;
  readonly group_id: string;
  readonly epoch: number;
  readonly confirmed_transcript_hash: string;
  readonly ratchet_tree: string;
  readonly leaves_private: readonly {
    readonly index: number;
    readonly encryption_priv: string;
    readonly path_secrets: readonly { readonly node: number; readonly path_secret: string }[];
  }[];
  readonly update_paths: readonly {
    readonly sender: number;
    readonly update_path: string;
    readonly path_secrets: readonly (string | null)[];
    readonly commit_secret: string;
    readonly tree_hash_after: string;
  }[];
}

interface TreeMath {
  readonly n_leaves: number;
  readonly n_nodes: number;
  readonly root: number;
  readonly left: readonly (number | null)[];
  readonly right: readonly (number | null)[];
  readonly parent: readonly (number | null)[];
}

async function rootHash(tree: RatchetTree, suite: number): Promise<Uint8Array> {
  const hashes = await treeHashes(tree, (await implementationOf(suite)).hash);
  return hashes[rootOf(tree)] ?? new Uint8Array();
}

async function contextOf(vector: TreeValidation | TreeKem, treeHash: Uint8Array): Promise<GroupContext> {
  const { name } = await implementationOf(vector.cipher_suite);
  return {
    version: 'mls10',
    cipherSuite: name,
    groupId: fromHex(vector.group_id),
    epoch: 'epoch' in vector ? BigInt(vector.epoch) : 0n,
    treeHash,
    confirmedTranscriptHash: 'epoch' in vector ? fromHex(vector.confirmed_transcript_hash) : new Uint8Array(),
    extensions: [],
  };
}

describe.skipIf(!hasVectors)('MLS vectors: trees (skipped where the vector files are absent)', () => {
  test('[K62, K46] tree-validation', { timeout: 180_000 }, async () => {
    for (const vector of sampleVectors<TreeValidation>('tree-validation')) {
      const cs = await implementationOf(vector.cipher_suite);
      const tree = decodeTree(fromHex(vector.tree));
      const hashes = await treeHashes(tree, cs.hash);
      for (const [index, hash] of vector.tree_hashes.entries()) {
        mustEqual(hashes[index] ?? new Uint8Array(), hash, `tree hash ${index}`);
      }
      for (const [index, nodes] of vector.resolutions.entries()) {
        expect(resolution(tree, toNodeIndex(index))).toEqual(nodes);
      }
      const treeHash = hashes[rootOf(tree)] ?? new Uint8Array();
      await validateTree(tree, await contextOf(vector, treeHash), cs);
    }
  });

  test('[K62] tree-operations', async () => {
    for (const vector of loadVectors<TreeOperation>('tree-operations')) {
      const tree = decodeTree(fromHex(vector.tree_before));
      mustEqual(await rootHash(tree, vector.cipher_suite), vector.tree_hash_before, 'tree hash before');
      const proposal = decodeProposal(fromHex(vector.proposal), 0)?.[0];
      const after = apply(tree, proposal, vector.proposal_sender);
      mustEqual(encodeRatchetTree(after), vector.tree_after, 'tree after');
      mustEqual(await rootHash(after, vector.cipher_suite), vector.tree_hash_after, 'tree hash after');
    }
  });

  test('[K62, K48] treekem', { timeout: 180_000 }, async () => {
    for (const vector of sampleVectors<TreeKem>('treekem')) await checkTreeKem(vector);
  });

  test('[K62] tree-math', () => {
    for (const vector of loadVectors<TreeMath>('tree-math')) {
      expect(nodeWidth(vector.n_leaves)).toBe(vector.n_nodes);
      expect(root(vector.n_leaves)).toBe(vector.root);
      for (let index = 0; index < vector.n_nodes; index++) {
        const node = toNodeIndex(index);
        const [l, r, p] = [vector.left[index], vector.right[index], vector.parent[index]];
        if (typeof l === 'number') expect(left(node)).toBe(l);
        if (typeof r === 'number') expect(right(node)).toBe(r);
        if (typeof p === 'number') expect(parent(node, vector.n_leaves)).toBe(p);
        if (typeof l === 'number') expect(left(node)).toBe(index - (reach(index) + 1) / 2);
      }
    }
  });
});

function apply(tree: RatchetTree, proposal: Proposal | undefined, sender: number): RatchetTree {
  if (proposal?.proposalType === 'add') return addLeafNode(tree, proposal.add.keyPackage.leafNode)[0];
  if (proposal?.proposalType === 'remove') return removeLeafNode(tree, toLeafIndex(proposal.remove.removed));
  if (proposal?.proposalType === 'update') {
    return updateLeafNode(tree, proposal.update.leafNode, toLeafIndex(sender));
  }
  throw new Error('not a tree operation');
}

async function checkTreeKem(vector: TreeKem): Promise<void> {
  const cs = await implementationOf(vector.cipher_suite);
  const tree = decodeTree(fromHex(vector.ratchet_tree));
  const paths = new Map<number, PrivateKeyPath>();
  for (const leaf of vector.leaves_private) {
    const secrets = Object.fromEntries(leaf.path_secrets.map((s) => [s.node, fromHex(s.path_secret)]));
    const { privateKeys } = await toPrivateKeyPath(secrets, leaf.index, cs);
    const own = { [2 * leaf.index]: fromHex(leaf.encryption_priv) };
    const path = { leafIndex: leaf.index, privateKeys: { ...privateKeys, ...own } };
    await checkPrivatePath(tree, path, cs);
    paths.set(leaf.index, path);
  }
  for (const update of vector.update_paths) {
    const path = decodeUpdatePath(fromHex(update.update_path), 0)?.[0];
    if (path === undefined) throw new Error('no path');
    const sender = toLeafIndex(update.sender);
    const after = await applyUpdatePath(tree, sender, path, cs.hash);
    const treeHash = await rootHash(after, vector.cipher_suite);
    mustEqual(treeHash, update.tree_hash_after, 'tree hash after');
    // The vector's context is of the epoch that the path leads to.
    const context = await contextOf(vector, treeHash);
    for (const [leafIndex, privatePath] of paths) {
      if (leafIndex === update.sender) continue;
      const found = await applyUpdatePathSecret(tree, privatePath, sender, context, path, [], cs);
      mustEqual(found.pathSecret, update.path_secrets[leafIndex] ?? '', 'path secret');
      const commitSecret = await getCommitSecret(after, found.nodeIndex, found.pathSecret, cs.kdf);
      mustEqual(commitSecret, update.commit_secret, 'commit secret');
    }
  }
}
