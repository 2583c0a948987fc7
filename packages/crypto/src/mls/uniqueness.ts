/**
 * No key stands in a tree twice (RFC 9420 §7.3). Run on every tree that is staged, created or joined: ts-mls compares the
 * old leaves with each other, but never the new one with them.
 * @spec K47
 */

import { toHex } from '@conclave/protocol/bytes';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { need } from './refusal.ts';

/** Encryption keys over all nodes, signature keys over all leaves. Refuses NOT_UNIQUE. */
export function checkUnique(tree: RatchetTree): void {
  const encryptionKeys = new Set<string>();
  const signatureKeys = new Set<string>();
  for (const entry of tree) {
    if (entry === undefined) continue;
    const { hpkePublicKey } = entry.nodeType === 'leaf' ? entry.leaf : entry.parent;
    addOnce(encryptionKeys, hpkePublicKey, 'encryption key');
    if (entry.nodeType === 'leaf') addOnce(signatureKeys, entry.leaf.signaturePublicKey, 'signature key');
  }
}

function addOnce(keys: Set<string>, key: Uint8Array, name: string): void {
  const text = toHex(key);
  need(!keys.has(text), 'NOT_UNIQUE', `${name} stands in the tree twice`);
  keys.add(text);
}
