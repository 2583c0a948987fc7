/**
 * The state of a group: opaque, immutable, and read through these functions. A state is one epoch seen by one member;
 * every operation gives a new one, and the old one stays valid until its owner erases it.
 * The outputs are copies: nobody outside holds a reference into a state.
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { ClientState } from 'ts-mls/clientState.js';
import { createGroupInfoWithExternalPub } from 'ts-mls/createCommit.js';
import { mlsExporter } from 'ts-mls/keySchedule.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { leafWidth } from 'ts-mls/treemath.js';
import { toMap } from './extensions.ts';
import type { Suite } from './suite.ts';
import { encodeMessage } from './wire.ts';

declare const opaque: unique symbol;

/** One member's view of one epoch. */
export interface GroupState {
  readonly [opaque]: 'GroupState';
}

/** A member, as its leaf shows it. The index may be reused by somebody else after a Remove; the key never is. */
export interface Leaf {
  readonly leafIndex: number;
  /** Ed25519, 32 bytes. */
  readonly signatureKey: Bytes;
  /** The basic credential. */
  readonly identity: Bytes;
}

/** For modules of this folder only. */
export function inside(state: GroupState): ClientState {
  return state as unknown as ClientState;
}

/** For modules of this folder only. */
export function outside(state: ClientState): GroupState {
  return state as unknown as GroupState;
}

export function groupId(state: GroupState): Bytes {
  return inside(state).groupContext.groupId.slice();
}

/** 0…EPOCH_MAX. */
export function epoch(state: GroupState): number {
  return Number(inside(state).groupContext.epoch);
}

/** In the order of their indexes. */
export function leaves(state: GroupState): readonly Leaf[] {
  return leavesOf(inside(state).ratchetTree);
}

export function ownLeafIndex(state: GroupState): number {
  return inside(state).privatePath.leafIndex;
}

/** The data of a GroupContext extension; undefined where the group has none of this type. */
export function extension(state: GroupState, type: number): Bytes | undefined {
  return toMap(inside(state).groupContext.extensions).get(type);
}

/** Equal for all members of one epoch of one history, and for nobody else (RFC 9420 §8.7). */
export function epochAuthenticator(state: GroupState): Bytes {
  return inside(state).keySchedule.epochAuthenticator.slice();
}

export function confirmedTranscriptHash(state: GroupState): Bytes {
  return inside(state).groupContext.confirmedTranscriptHash.slice();
}

/** MLS-Exporter (RFC 9420 §8.5); `length` in bytes. The caller owns and erases the secret. */
export async function exportSecret(
  state: GroupState,
  suite: Suite,
  label: string,
  context: Uint8Array,
  length: number,
): Promise<Bytes> {
  const { exporterSecret } = inside(state).keySchedule;
  const secret = await mlsExporter(exporterSecret, label, context, length, suite.implementation);
  return secret.slice();
}

export function encodeTree(state: GroupState): Bytes {
  return encodeRatchetTree(inside(state).ratchetTree).slice();
}

/** GroupInfo with external_pub and without the tree, signed by the own leaf. */
export async function encodeGroupInfo(state: GroupState, suite: Suite): Promise<Bytes> {
  const groupInfo = await createGroupInfoWithExternalPub(inside(state), [], suite.implementation);
  return encodeMessage({ wireformat: 'mls_group_info', groupInfo });
}

/** The leaf node at a leaf index; undefined for a blank leaf and for any number that is not an index of this tree. */
export function leafNodeAt(tree: RatchetTree, leafIndex: number): LeafNode | undefined {
  const node = tree[2 * leafIndex];
  return node?.nodeType === 'leaf' ? node.leaf : undefined;
}

export function leavesOf(tree: RatchetTree): Leaf[] {
  const found: Leaf[] = [];
  for (let index = 0; index < leafWidth(tree.length); index++) {
    const node = leafNodeAt(tree, index);
    if (node !== undefined) found.push(toLeaf(index, node));
  }
  return found;
}

export function toLeaf(leafIndex: number, { signaturePublicKey, credential }: LeafNode): Leaf {
  return {
    leafIndex,
    signatureKey: signaturePublicKey.slice(),
    identity: credential.credentialType === 'basic' ? credential.identity.slice() : new Uint8Array(),
  };
}
