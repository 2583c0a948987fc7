/**
 * The private half of a path. RFC 9420 §7.5 wants every public key of an UpdatePath to match its path secret, and ts-mls
 * does not look: a committer could leave the members below with keys that open nothing.
 * @spec K48
 */

import { equalBytes } from '@conclave/protocol/bytes';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { PrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import type { Node, RatchetTree } from 'ts-mls/ratchetTree.js';
import { need } from './refusal.ts';

/**
 * Seals to each public key and opens with the private one, which works for any KEM.
 * @param skip - nodes whose entry is the same object in this older tree were checked when it was staged
 */
export async function checkPrivatePath(
  tree: RatchetTree,
  { privateKeys }: PrivateKeyPath,
  suite: CiphersuiteImpl,
  skip: RatchetTree = [],
): Promise<void> {
  for (const [index, privateKey] of Object.entries(privateKeys)) {
    const entry = tree[Number(index)];
    if (entry === undefined || entry === skip[Number(index)]) continue;
    need(await isPair(publicKeyOf(entry), privateKey, suite), 'PATH_KEYS', `private key of node ${index}`);
  }
}

/** Without the keys of blank nodes: nobody seals to them any more, so keeping them would only help a thief. */
export function withoutBlankNodes(path: PrivateKeyPath, tree: RatchetTree): PrivateKeyPath {
  const kept = Object.entries(path.privateKeys).filter(([index]) => tree[Number(index)] !== undefined);
  return { ...path, privateKeys: Object.fromEntries(kept) };
}

function publicKeyOf(entry: Node): Uint8Array {
  return entry.nodeType === 'leaf' ? entry.leaf.hpkePublicKey : entry.parent.hpkePublicKey;
}

async function isPair(
  publicKey: Uint8Array,
  privateKey: Uint8Array,
  suite: CiphersuiteImpl,
): Promise<boolean> {
  const { hpke, rng } = suite;
  const probe = rng.randomBytes(16);
  const info = new Uint8Array();
  try {
    const { ct, enc } = await hpke.seal(await hpke.importPublicKey(publicKey), probe, info);
    return equalBytes(await hpke.open(await hpke.importPrivateKey(privateKey), enc, ct, info), probe);
  } catch {
    return false;
  }
}
