/**
 * Joining by Welcome (RFC 9420 §12.4.3.1), without the resumption cases. The library's own join refuses valid trees and
 * takes invalid ones; this one uses its primitives only.
 * @spec K44, K48, K56, K58
 */

import type { Result } from '@conclave/protocol/result';
import type { ClientState } from 'ts-mls/clientState.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { verifyGroupInfoConfirmationTag } from 'ts-mls/groupInfo.js';
import type { GroupSecrets } from 'ts-mls/groupSecrets.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { deriveKeySchedule } from 'ts-mls/keySchedule.js';
import { pathToRoot } from 'ts-mls/pathSecrets.js';
import type { PrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import { mergePrivateKeyPaths, toPrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import { accumulatePskSecret } from 'ts-mls/pskIndex.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { findLeafIndex } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { leafToNodeIndex, leafWidth, toLeafIndex } from 'ts-mls/treemath.js';
import { firstCommonAncestor } from 'ts-mls/updatePath.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { config } from './config.ts';
import type { GroupState } from './group.ts';
import { outside } from './group.ts';
import type { JoinError, JoinMaterial, VerifiedGroup } from './join.ts';
import { askJudge, verifyGroup } from './join.ts';
import type { OwnKeyPackage } from './key-package.ts';
import { checkPrivatePath, withoutBlankNodes } from './private-path.ts';
import { checkPsks, toPskIndex } from './psk.ts';
import { door, need, refuse } from './refusal.ts';
import type { Suite } from './suite.ts';
import { decodeWelcome } from './wire.ts';

export interface WelcomeRequest extends JoinMaterial {
  /** Encoded MLSMessage. */
  readonly welcome: Uint8Array;
}

/** The KeyPackage stays usable until its owner erases it; the state keeps own copies. */
export function joinFromWelcome(
  suite: Suite,
  request: WelcomeRequest,
): Promise<Result<GroupState, JoinError>> {
  return door(async () => {
    const { keyPackage, psks } = request;
    const { implementation } = suite;
    const opened = await openWelcome(request, implementation);
    const { secrets, pskSecret, groupInfo } = opened;
    const pskId = checkPsks(secrets.psks, psks, implementation);
    const group = await verifyGroup(groupInfo, request.tree, keyPackage.publicPackage, suite);
    const leafIndex = findOwnLeaf(group, keyPackage);
    await askJudge(request.judge, group, pskId === undefined ? [] : [pskId]);
    const privatePath = await derivePath(group, leafIndex, keyPackage, secrets, implementation);
    await checkPrivatePath(group.tree, privatePath, implementation);
    const { joinerSecret, pathSecret } = secrets;
    const confirmed = await verifyGroupInfoConfirmationTag(
      groupInfo,
      joinerSecret,
      pskSecret,
      implementation,
    );
    need(confirmed, 'CRYPTO', 'confirmation tag');
    const epochSecrets = await deriveEpoch(group, joinerSecret, pskSecret, implementation);
    for (const secret of [joinerSecret, pskSecret, pathSecret]) secret?.fill(0);
    return outside({
      ...epochSecrets,
      groupContext: groupInfo.groupContext,
      ratchetTree: group.tree,
      privatePath,
      signaturePrivateKey: keyPackage.privatePackage.signaturePrivateKey,
      confirmationTag: groupInfo.confirmationTag,
      unappliedProposals: {},
      historicalReceiverData: new Map(),
      groupActiveState: { kind: 'active' },
      clientConfig: config,
    });
  });
}

async function openWelcome(request: WelcomeRequest, suite: CiphersuiteImpl) {
  const { publicPackage, privatePackage } = request.keyPackage;
  const welcome = decodeWelcome(request.welcome);
  need(welcome.cipherSuite === suite.name && publicPackage.cipherSuite === suite.name, 'SUITE', 'suite');
  const reference = await makeKeyPackageRef(publicPackage, suite.hash);
  const initKey = await suite.hpke.importPrivateKey(privatePackage.initPrivateKey);
  const secrets = await decryptGroupSecrets(initKey, reference, welcome, suite.hpke);
  if (secrets === undefined) return refuse('MALFORMED', 'group secrets');
  checkPsks(secrets.psks, request.psks, suite);
  const zeroes = new Uint8Array(suite.kdf.size);
  const [pskSecret] = await accumulatePskSecret(secrets.psks, toPskIndex(request.psks), suite, zeroes);
  const groupInfo = await decryptGroupInfo(welcome, secrets.joinerSecret, pskSecret, suite);
  if (groupInfo === undefined) return refuse('MALFORMED', 'GroupInfo');
  return { secrets, pskSecret, groupInfo };
}

/** Once, exactly as in the KeyPackage (uniqueness is the tree's), and not the signer. */
function findOwnLeaf({ tree, groupInfo }: VerifiedGroup, { publicPackage }: OwnKeyPackage): number {
  const leafIndex = findLeafIndex(tree, publicPackage.leafNode);
  if (leafIndex === undefined) return refuse('OWN_LEAF', 'own leaf is not in the tree');
  need(leafIndex !== groupInfo.signer, 'OWN_LEAF', 'GroupInfo signed in the own name');
  return leafIndex;
}

/** The own leaf key, and from a path secret the keys of the common ancestor with the committer and above. */
async function derivePath(
  { tree, groupInfo }: VerifiedGroup,
  leafIndex: number,
  { privatePackage }: OwnKeyPackage,
  { pathSecret }: GroupSecrets,
  suite: CiphersuiteImpl,
): Promise<PrivateKeyPath> {
  const own = toLeafIndex(leafIndex);
  const leafOnly = {
    leafIndex,
    privateKeys: { [leafToNodeIndex(own)]: privatePackage.hpkePrivateKey.slice() },
  };
  if (pathSecret === undefined) return leafOnly;
  const ancestor = firstCommonAncestor(tree, own, toLeafIndex(groupInfo.signer));
  // A path fills every node of the committer's filtered direct path: a secret for a blank one belongs to no path.
  need(tree[ancestor] !== undefined, 'PATH_KEYS', 'path secret for a blank node');
  const secrets = await pathToRoot(tree, ancestor, pathSecret, suite.kdf);
  const merged = mergePrivateKeyPaths(await toPrivateKeyPath(secrets, leafIndex, suite), leafOnly);
  return withoutBlankNodes(merged, tree);
}

async function deriveEpoch(
  { tree, groupInfo }: { readonly tree: RatchetTree; readonly groupInfo: VerifiedGroup['groupInfo'] },
  joinerSecret: Uint8Array,
  pskSecret: Uint8Array,
  { kdf }: CiphersuiteImpl,
): Promise<Pick<ClientState, 'keySchedule' | 'secretTree'>> {
  const { groupContext } = groupInfo;
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(joinerSecret, pskSecret, groupContext, kdf);
  const secretTree = await createSecretTree(leafWidth(tree.length), encryptionSecret, kdf);
  encryptionSecret.fill(0);
  return { keySchedule, secretTree };
}
