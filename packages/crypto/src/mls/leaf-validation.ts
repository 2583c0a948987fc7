/**
 * What makes one leaf valid, whoever stands beside it (RFC 9420 §7.3). As every leaf must support basic credentials and
 * carries one, mutual support of credential types follows.
 * @spec K36, K45
 */

import { equalBytes } from '@conclave/protocol/bytes';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { Extension } from 'ts-mls/extension.js';
import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import { encodeLeafNode, verifyLeafNodeSignature } from 'ts-mls/leafNode.js';
import { decodeRequiredCapabilities } from 'ts-mls/requiredCapabilities.js';
import { isBasicCredential } from './authentication.ts';
import { need } from './refusal.ts';

/** Signature, credential, and support for everything the group demands. Refuses KEY_PACKAGE, SUITE, EXTENSIONS. */
export async function checkLeaf(
  leaf: LeafNode,
  leafIndex: number,
  groupContext: GroupContext,
  suite: CiphersuiteImpl,
): Promise<void> {
  const signed = await verifyLeafNodeSignature(leaf, groupContext.groupId, leafIndex, suite.signature);
  need(signed, 'KEY_PACKAGE', 'leaf signature');
  checkCapabilities(leaf, groupContext.extensions, suite);
}

/** The part that needs no signature. */
export function checkCapabilities(
  leaf: LeafNode,
  groupExtensions: readonly Extension[],
  suite: CiphersuiteImpl,
): void {
  const { capabilities } = leaf;
  need(isBasicCredential(leaf.credential), 'KEY_PACKAGE', 'credential');
  need(capabilities.credentials.includes('basic'), 'KEY_PACKAGE', 'leaf does not support basic credentials');
  need(capabilities.versions.includes('mls10'), 'SUITE', 'leaf does not support MLS 1.0');
  need(capabilities.ciphersuites.includes(suite.name), 'SUITE', 'leaf does not support the suite');
  need(supports(leaf, leaf.extensions), 'EXTENSIONS', 'leaf extension not among its capabilities');
  need(supports(leaf, groupExtensions), 'EXTENSIONS', 'leaf does not support a GroupContext extension');
  checkRequiredCapabilities(leaf, groupExtensions);
}

/** The same person by every byte that a commit of its own may not change: all but the encryption key and its signature. */
export function hasSameIdentity(a: LeafNode, b: LeafNode): boolean {
  return equalBytes(identityBytes(a), identityBytes(b));
}

/** Whether two optional leaves are the same bytes. */
export function isSameLeaf(a: LeafNode | undefined, b: LeafNode | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || equalBytes(encodeLeafNode(a), encodeLeafNode(b));
}

function identityBytes({ signaturePublicKey, credential, capabilities, extensions }: LeafNode): Uint8Array {
  const blank = new Uint8Array();
  return encodeLeafNode({
    signaturePublicKey,
    credential,
    capabilities,
    extensions,
    hpkePublicKey: blank,
    leafNodeSource: 'update',
    signature: blank,
  });
}

function supports(leaf: LeafNode, extensions: readonly Extension[]): boolean {
  return extensionsSupportedByCapabilities([...extensions], leaf.capabilities);
}

function checkRequiredCapabilities({ capabilities }: LeafNode, groupExtensions: readonly Extension[]): void {
  const extension = groupExtensions.find((e) => e.extensionType === 'required_capabilities');
  if (extension === undefined) return;
  const required = decodeRequiredCapabilities(extension.extensionData, 0)?.[0];
  need(required, 'EXTENSIONS', 'required_capabilities does not decode');
  const all =
    required.credentialTypes.every((type) => capabilities.credentials.includes(type)) &&
    required.extensionTypes.every((type) => capabilities.extensions.includes(type)) &&
    required.proposalTypes.every((type) => capabilities.proposals.includes(type));
  need(all, 'EXTENSIONS', 'leaf lacks a required capability');
}
