/**
 * Commits that no honest member makes, built from the library's primitives: any sender, any proposals, any leaf.
 * For tests only; nothing shipped imports it.
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { ClientState } from 'ts-mls/clientState.js';
import { exportSecret, nextEpochContext } from 'ts-mls/clientState.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { createConfirmationTag, createContentCommitSignature } from 'ts-mls/framedContent.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import { protectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { getCommitSecret } from 'ts-mls/pathSecrets.js';
import type { Proposal } from 'ts-mls/proposal.js';
import type { ProposalOrRef } from 'ts-mls/proposalOrRefType.js';
import { accumulatePskSecret } from 'ts-mls/pskIndex.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { addLeafNode, removeLeafNode } from 'ts-mls/ratchetTree.js';
import type { Sender } from 'ts-mls/sender.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import type { UpdatePath } from 'ts-mls/updatePath.js';
import { createUpdatePath } from 'ts-mls/updatePath.js';
import type { GroupState } from '../group.ts';
import { inside } from '../group.ts';
import type { OwnKeyPackage } from '../key-package.ts';
import type { PskSecrets } from '../psk.ts';
import { toPskIndex } from '../psk.ts';
import type { Suite } from '../suite.ts';
import { encodeMessage } from '../wire.ts';

export interface Forgery {
  /** A member commits as its own leaf; an outsider with this KeyPackage. */
  readonly outsider?: OwnKeyPackage;
  readonly proposals?: readonly Proposal[];
  readonly references?: readonly Uint8Array[];
  readonly psks?: PskSecrets;
  /** Puts an ExternalInit in front; always so for an outsider. */
  readonly externalInit?: boolean;
  /** Fields of the committer's leaf before the path is made. */
  readonly leaf?: Partial<LeafNode>;
  readonly wrongTag?: boolean;
  readonly noPath?: boolean;
  /** A suite that cheats while the path is made. */
  readonly pathSuite?: CiphersuiteImpl;
  readonly manglePath?: (path: UpdatePath) => UpdatePath;
  readonly sender?: Sender;
  readonly authenticatedData?: Uint8Array;
}

export async function forgeCommit(from: GroupState, suite: Suite, forgery: Forgery): Promise<Bytes> {
  const state = inside(from);
  const cs = suite.implementation;
  const { groupContext } = state;
  const init = await initSecretOf(state, forgery, cs);
  const placed = place(state, forgery);
  const signKey = forgery.outsider?.privatePackage.signaturePrivateKey ?? state.signaturePrivateKey;
  const made = await createUpdatePath(
    placed.tree,
    toLeafIndex(placed.leafIndex),
    groupContext,
    signKey,
    forgery.pathSuite ?? cs,
  );
  const [tree, honestPath, secrets] = made;
  const path = forgery.noPath ? undefined : (forgery.manglePath?.(honestPath) ?? honestPath);
  const top = secrets.at(-1);
  const commitSecret =
    top === undefined || path === undefined
      ? new Uint8Array(cs.kdf.size)
      : await getCommitSecret(tree, toNodeIndex(top.nodeIndex), top.secret, cs.kdf);
  const proposals = [...init.proposals, ...(forgery.proposals ?? [])];
  const listed: ProposalOrRef[] = [
    ...(forgery.references ?? []).map(
      (reference) => ({ proposalOrRefType: 'reference', reference }) as const,
    ),
    ...proposals.map((proposal) => ({ proposalOrRefType: 'proposal', proposal }) as const),
  ];
  const { framedContent, signature } = await createContentCommitSignature(
    groupContext,
    'mls_public_message',
    { proposals: listed, path },
    forgery.sender ?? senderOf(state, forgery),
    forgery.authenticatedData ?? new Uint8Array(),
    signKey,
    cs.signature,
  );
  const next = await nextEpochContext(
    groupContext,
    'mls_public_message',
    framedContent,
    signature,
    await treeHashRoot(path === undefined ? placed.tree : tree, cs.hash),
    state.confirmationTag,
    cs.hash,
  );
  const ids = proposals.flatMap((p) => (p.proposalType === 'psk' ? [p.psk.preSharedKeyId] : []));
  const index = toPskIndex(forgery.psks ?? (() => undefined));
  const [pskSecret] = await accumulatePskSecret(ids, index, cs, new Uint8Array(cs.kdf.size));
  const { keySchedule } = await initializeEpoch(init.secret, commitSecret, next, pskSecret, cs.kdf);
  const { confirmationKey } = keySchedule;
  const confirmationTag = forgery.wrongTag
    ? cs.rng.randomBytes(cs.kdf.size)
    : await createConfirmationTag(confirmationKey, next.confirmedTranscriptHash, cs.hash);
  const publicMessage = await protectPublicMessage(
    state.keySchedule.membershipKey,
    groupContext,
    {
      wireformat: 'mls_public_message',
      content: framedContent,
      auth: { contentType: 'commit', signature, confirmationTag },
    },
    cs,
  );
  return encodeMessage({ wireformat: 'mls_public_message', publicMessage });
}

function senderOf(state: ClientState, { outsider }: Forgery): Sender {
  if (outsider !== undefined) return { senderType: 'new_member_commit' };
  return { senderType: 'member', leafIndex: state.privatePath.leafIndex };
}

async function initSecretOf(state: ClientState, { outsider, externalInit }: Forgery, cs: CiphersuiteImpl) {
  const none: readonly Proposal[] = [];
  if (outsider === undefined && !externalInit)
    return { secret: state.keySchedule.initSecret, proposals: none };
  const pair = await cs.hpke.deriveKeyPair(state.keySchedule.externalSecret);
  const { secret, enc } = await exportSecret(await cs.hpke.exportPublicKey(pair.publicKey), cs);
  const init: Proposal = { proposalType: 'external_init', externalInit: { kemOutput: enc } };
  return { secret, proposals: [init] };
}

/** The tree after the Removes that exist, with the committer's leaf as the forgery wants it. */
function place(state: ClientState, { outsider, proposals = [], leaf }: Forgery) {
  let tree: RatchetTree = state.ratchetTree;
  for (const p of proposals) {
    if (p.proposalType === 'remove' && tree[2 * p.remove.removed])
      tree = removeLeafNode(tree, toLeafIndex(p.remove.removed));
    if (p.proposalType === 'add') [tree] = addLeafNode(tree, p.add.keyPackage.leafNode);
  }
  let leafIndex = state.privatePath.leafIndex;
  if (outsider !== undefined) {
    const [withLeaf, node] = addLeafNode(tree, outsider.publicPackage.leafNode);
    tree = withLeaf;
    leafIndex = node / 2;
  }
  const own = tree[2 * leafIndex];
  if (leaf !== undefined && own?.nodeType === 'leaf') {
    tree = tree.slice();
    tree[2 * leafIndex] = { nodeType: 'leaf', leaf: { ...own.leaf, ...leaf } as LeafNode };
  }
  return { tree, leafIndex };
}
