/**
 * KeyPackages (RFC 9420 §10): what a joiner puts into its knock, and what a committer checks before it adds somebody.
 * All carry the same wide lifetime: freshness comes from the knock and from references used once, never from a clock.
 * @spec K36, K37, K66
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { equalBytes, toHex } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import type { KeyPackage, PrivateKeyPackage } from 'ts-mls/keyPackage.js';
import { generateKeyPackageWithKey, makeKeyPackageRef, verifyKeyPackage } from 'ts-mls/keyPackage.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import { verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import { LIFETIME } from './config.ts';
import { isUsableKey } from './encryption-key.ts';
import { EXTENSION_TYPES } from './extensions.ts';
import type { GroupState } from './group.ts';
import { inside } from './group.ts';
import { checkCapabilities } from './leaf-validation.ts';
import type { MlsError } from './refusal.ts';
import { door, need } from './refusal.ts';
import type { SigningKey } from './signing-key.ts';
import { handleOf, SIGNATURE_KEY_BYTES } from './signing-key.ts';
import type { Suite } from './suite.ts';
import { decodeKeyPackage, encodeMessage } from './wire.ts';

/** An own KeyPackage with its private keys; for one join only. */
export interface OwnKeyPackage {
  /** Encoded MLSMessage. */
  readonly message: Bytes;
  /** KeyPackageRef (RFC 9420 §5.2): names the joiner in a Welcome. */
  readonly reference: Bytes;
  readonly signatureKey: Bytes;
  /** For modules of this folder only. */
  readonly publicPackage: KeyPackage;
  /** For modules of this folder only. */
  readonly privatePackage: PrivateKeyPackage;
}

/** Somebody else's KeyPackage, verified. */
export interface PeerKeyPackage {
  readonly reference: Bytes;
  readonly signatureKey: Bytes;
  readonly identity: Bytes;
}

/** @param identity - the basic credential, 1…IDENTITY_BYTES_MAX bytes */
export async function createKeyPackage(
  suite: Suite,
  key: SigningKey,
  identity: Uint8Array,
): Promise<OwnKeyPackage> {
  const { implementation } = suite;
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    { credentialType: 'basic', identity: identity.slice() },
    {
      versions: ['mls10'],
      ciphersuites: [implementation.name],
      extensions: [...EXTENSION_TYPES],
      proposals: [],
      credentials: ['basic'],
    },
    LIFETIME,
    [],
    { signKey: handleOf(key), publicKey: key.publicKey.slice() },
    implementation,
  );
  return {
    message: encodeMessage({ wireformat: 'mls_key_package', keyPackage: publicPackage }),
    reference: (await makeKeyPackageRef(publicPackage, implementation.hash)).slice(),
    signatureKey: key.publicKey.slice(),
    publicPackage,
    privatePackage,
  };
}

/** Full validation, except for a clock. */
export function readKeyPackage(message: Uint8Array, suite: Suite): Promise<Result<PeerKeyPackage, MlsError>> {
  return door(async () => {
    const keyPackage = decodeKeyPackage(message);
    await checkKeyPackage(keyPackage, suite);
    return toPeer(keyPackage, suite);
  });
}

/**
 * Which of these can be added to the group together: valid, and with no key that a member or an earlier one of the list
 * has. One bad knock must not spoil the commit for the others.
 */
export async function screenKeyPackages(
  state: GroupState,
  suite: Suite,
  messages: readonly Uint8Array[],
): Promise<readonly Result<PeerKeyPackage, MlsError>[]> {
  const used = new Set<string>();
  for (const entry of inside(state).ratchetTree) {
    if (entry?.nodeType === 'parent') used.add(encryptionKey(entry.parent));
    if (entry?.nodeType === 'leaf') for (const key of keysOf(entry.leaf)) used.add(key);
  }
  const results: Result<PeerKeyPackage, MlsError>[] = [];
  for (const message of messages) {
    results.push(
      await door(async () => {
        const keyPackage = decodeKeyPackage(message);
        await checkKeyPackage(keyPackage, suite);
        const keys = keysOf(keyPackage.leafNode);
        need(!keys.some((key) => used.has(key)), 'NOT_UNIQUE', 'a key is in the group already');
        for (const key of keys) used.add(key);
        return toPeer(keyPackage, suite);
      }),
    );
  }
  return results;
}

/** Refuses KEY_PACKAGE, SUITE, EXTENSIONS. */
export async function checkKeyPackage(keyPackage: KeyPackage, { implementation }: Suite): Promise<void> {
  const { leafNode, version, cipherSuite, extensions, initKey } = keyPackage;
  need(version === 'mls10' && cipherSuite === implementation.name, 'SUITE', 'suite of the KeyPackage');
  need(leafNode.leafNodeSource === 'key_package', 'KEY_PACKAGE', 'leaf source');
  need(leafNode.signaturePublicKey.length === SIGNATURE_KEY_BYTES, 'KEY_PACKAGE', 'signature key');
  need(!equalBytes(initKey, leafNode.hpkePublicKey), 'KEY_PACKAGE', 'init key equals the encryption key');
  need(extensions.length === 0 && leafNode.extensions.length === 0, 'EXTENSIONS', 'no extension expected');
  const { notBefore, notAfter } = leafNode.lifetime;
  need(notBefore === LIFETIME.notBefore && notAfter === LIFETIME.notAfter, 'KEY_PACKAGE', 'lifetime');
  checkCapabilities(leafNode, [], implementation);
  const listed = EXTENSION_TYPES.every((type) => leafNode.capabilities.extensions.includes(type));
  need(listed, 'EXTENSIONS', 'capabilities lack an extension of Conclave');
  for (const key of [initKey, leafNode.hpkePublicKey]) {
    need(isUsableKey(key, implementation), 'KEY_PACKAGE', 'unusable encryption key');
  }
  const { signature } = implementation;
  need(await verifyLeafNodeSignatureKeyPackage(leafNode, signature), 'KEY_PACKAGE', 'leaf signature');
  need(await verifyKeyPackage(keyPackage, signature), 'KEY_PACKAGE', 'KeyPackage signature');
}

function encryptionKey(node: { readonly hpkePublicKey: Uint8Array }): string {
  return `encryption ${toHex(node.hpkePublicKey)}`;
}

function keysOf(leaf: LeafNode): string[] {
  return [encryptionKey(leaf), `signature ${toHex(leaf.signaturePublicKey)}`];
}

async function toPeer(keyPackage: KeyPackage, { implementation }: Suite): Promise<PeerKeyPackage> {
  const { credential, signaturePublicKey } = keyPackage.leafNode;
  return {
    reference: (await makeKeyPackageRef(keyPackage, implementation.hash)).slice(),
    signatureKey: signaturePublicKey.slice(),
    identity: credential.credentialType === 'basic' ? credential.identity.slice() : new Uint8Array(),
  };
}
