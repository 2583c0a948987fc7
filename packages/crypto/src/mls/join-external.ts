/**
 * Joining by external commit (RFC 9420 §12.4.3.2): {ExternalInit, Remove(own old leaf)?, PSK}. The library's own function
 * takes no PSK and resyncs index −1 where no leaf matches. The joiner validates the tree exactly as from a Welcome.
 * @spec K44, K56, K59, K60, K66
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { equalBytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import { exportSecret, nextEpochContext } from 'ts-mls/clientState.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { createConfirmationTag, createContentCommitSignature } from 'ts-mls/framedContent.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { protectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { getCommitSecret, pathToPathSecrets } from 'ts-mls/pathSecrets.js';
import { toPrivateKeyPath, updateLeafKey } from 'ts-mls/privateKeyPath.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { accumulatePskSecret } from 'ts-mls/pskIndex.js';
import { addLeafNode, removeLeafNode } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafWidth, nodeToLeafIndex, toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import type { UpdatePath } from 'ts-mls/updatePath.js';
import { createUpdatePath } from 'ts-mls/updatePath.js';
import { AUTHENTICATED_DATA_BYTES_MAX, MAX_LEAVES } from '../limits.ts';
import { config } from './config.ts';
import { isUsableKey } from './encryption-key.ts';
import type { GroupState } from './group.ts';
import { leavesOf, outside } from './group.ts';
import type { JoinError, JoinMaterial, VerifiedGroup } from './join.ts';
import { askJudge, verifyGroup } from './join.ts';
import type { OwnKeyPackage } from './key-package.ts';
import { externalPsk, toPskIndex } from './psk.ts';
import { door, need, refuse } from './refusal.ts';
import type { Suite } from './suite.ts';
import { checkUnique } from './uniqueness.ts';
import { decodeGroupInfo, encodeMessage } from './wire.ts';

export interface ExternalRequest extends JoinMaterial {
  /** Encoded MLSMessage, with external_pub. */
  readonly groupInfo: Uint8Array;
  /** The PSK that the commit names. */
  readonly pskId: Uint8Array;
  /** Replaces the own old leaf: the one with the KeyPackage's signature key. */
  readonly resync: boolean;
  readonly authenticatedData?: Uint8Array;
}

export interface ExternalJoin {
  /** Adopted only once the commit is accepted. */
  readonly state: GroupState;
  readonly commit: Bytes;
}

export function joinExternal(
  suite: Suite,
  request: ExternalRequest,
): Promise<Result<ExternalJoin, JoinError>> {
  return door(async () => {
    const { keyPackage, authenticatedData = new Uint8Array() } = request;
    need(authenticatedData.length <= AUTHENTICATED_DATA_BYTES_MAX, 'BOUNDS', 'authenticated_data');
    need(request.psks(request.pskId.slice()) !== undefined, 'UNKNOWN_PSK', 'no secret for this PSK');
    const groupInfo = decodeGroupInfo(request.groupInfo);
    const group = await verifyGroup(groupInfo, request.tree, keyPackage.publicPackage, suite);
    await askJudge(request.judge, group, [request.pskId.slice()]);
    const oldLeaf = findOldLeaf(group, request);
    return commitFromOutside(group, oldLeaf, request, suite);
  });
}

function findOldLeaf({ tree }: VerifiedGroup, { keyPackage, resync }: ExternalRequest): number | undefined {
  const members = leavesOf(tree);
  const old = members.find((leaf) => equalBytes(leaf.signatureKey, keyPackage.signatureKey))?.leafIndex;
  if (!resync) {
    need(old === undefined, 'ALREADY_MEMBER', 'a leaf has this signature key');
    need(members.length < MAX_LEAVES, 'BOUNDS', 'the group is full');
    return undefined;
  }
  need(old !== undefined, 'NO_OLD_LEAF', 'no leaf has this signature key');
  // A path of a one-leaf tree is empty: there would be nothing to agree on with anybody.
  need(members.length > 1, 'LONE_MEMBER', 'the only member founds the group anew');
  return old;
}

async function commitFromOutside(
  group: VerifiedGroup,
  oldLeaf: number | undefined,
  request: ExternalRequest,
  { implementation }: Suite,
): Promise<ExternalJoin> {
  const { groupInfo } = group;
  const { privatePackage } = request.keyPackage;
  const { hash, kdf } = implementation;
  const placed = await placeOwnLeaf(group, oldLeaf, request.keyPackage, implementation);
  const init = await externalInit(group, implementation);
  const pskId = externalPsk(request.pskId, implementation);
  const proposals: Proposal[] = [
    { proposalType: 'external_init', externalInit: { kemOutput: init.kemOutput } },
  ];
  if (oldLeaf !== undefined) proposals.push({ proposalType: 'remove', remove: { removed: oldLeaf } });
  proposals.push({ proposalType: 'psk', psk: { preSharedKeyId: pskId } });
  const zeroes = new Uint8Array(kdf.size);
  const [pskSecret] = await accumulatePskSecret([pskId], toPskIndex(request.psks), implementation, zeroes);
  const signed = await signCommit(groupInfo, proposals, placed.path, request, implementation);
  const { framedContent, signature } = signed;
  const groupContext = await nextEpochContext(
    groupInfo.groupContext,
    'mls_public_message',
    framedContent,
    signature,
    await treeHashRoot(placed.tree, hash),
    groupInfo.confirmationTag,
    hash,
  );
  const epoch = await initializeEpoch(init.secret, placed.commitSecret, groupContext, pskSecret, kdf);
  const { keySchedule } = epoch;
  const { confirmedTranscriptHash } = groupContext;
  const confirmationTag = await createConfirmationTag(
    keySchedule.confirmationKey,
    confirmedTranscriptHash,
    hash,
  );
  const secretTree = await createSecretTree(leafWidth(placed.tree.length), epoch.encryptionSecret, kdf);
  const publicMessage = await protectPublicMessage(
    keySchedule.membershipKey,
    groupContext,
    {
      wireformat: 'mls_public_message',
      content: framedContent,
      auth: { contentType: 'commit', signature, confirmationTag },
    },
    implementation,
  );
  const { encryptionSecret, joinerSecret, welcomeSecret } = epoch;
  const spent = [init.secret, placed.commitSecret, pskSecret, encryptionSecret, joinerSecret, welcomeSecret];
  for (const secret of spent) secret.fill(0);
  const state = outside({
    groupContext,
    keySchedule,
    secretTree,
    ratchetTree: placed.tree,
    privatePath: placed.privatePath,
    signaturePrivateKey: privatePackage.signaturePrivateKey,
    confirmationTag,
    unappliedProposals: {},
    historicalReceiverData: new Map(),
    groupActiveState: { kind: 'active' },
    clientConfig: config,
  });
  return { state, commit: encodeMessage({ wireformat: 'mls_public_message', publicMessage }) };
}

/** The tree with the old leaf gone and the new one in, and a fresh path from it. */
async function placeOwnLeaf(
  { tree, groupInfo }: VerifiedGroup,
  oldLeaf: number | undefined,
  { publicPackage, privatePackage }: OwnKeyPackage,
  suite: CiphersuiteImpl,
) {
  const without = oldLeaf === undefined ? tree : removeLeafNode(tree, toLeafIndex(oldLeaf));
  const [withLeaf, node] = addLeafNode(without, publicPackage.leafNode);
  const leafIndex = nodeToLeafIndex(node);
  const { signaturePrivateKey } = privatePackage;
  const [next, path, pathSecrets, leafKey] = await createUpdatePath(
    withLeaf,
    leafIndex,
    groupInfo.groupContext,
    signaturePrivateKey,
    suite,
  );
  checkUnique(next);
  const top = pathSecrets.at(-1);
  if (top === undefined) return refuse('LONE_MEMBER', 'empty path');
  const parents = await toPrivateKeyPath(pathToPathSecrets(pathSecrets), leafIndex, suite);
  const privatePath = updateLeafKey(parents, await suite.hpke.exportPrivateKey(leafKey));
  const commitSecret = await getCommitSecret(next, toNodeIndex(top.nodeIndex), top.secret, suite.kdf);
  for (const { secret } of pathSecrets) secret.fill(0);
  return { tree: next, path, privatePath, commitSecret };
}

async function externalInit({ groupInfo }: VerifiedGroup, suite: CiphersuiteImpl) {
  const externalPub = groupInfo.extensions.find((e) => e.extensionType === 'external_pub');
  if (externalPub === undefined) return refuse('EXTENSIONS', 'GroupInfo without external_pub');
  need(isUsableKey(externalPub.extensionData, suite), 'EXTENSIONS', 'unusable external_pub');
  const { enc, secret } = await exportSecret(externalPub.extensionData, suite);
  return { kemOutput: enc, secret };
}

function signCommit(
  { groupContext }: VerifiedGroup['groupInfo'],
  proposals: readonly Proposal[],
  path: UpdatePath,
  { keyPackage, authenticatedData }: ExternalRequest,
  suite: CiphersuiteImpl,
) {
  return createContentCommitSignature(
    groupContext,
    'mls_public_message',
    { proposals: proposals.map((proposal) => ({ proposalOrRefType: 'proposal', proposal })), path },
    { senderType: 'new_member_commit' },
    authenticatedData?.slice() ?? new Uint8Array(),
    keyPackage.privatePackage.signaturePrivateKey,
    suite.signature,
  );
}
