/**
 * KeyPackages with fields of one's choice, validly signed. For tests only; nothing shipped imports it.
 */

import type { KeyPackage } from 'ts-mls/keyPackage.js';
import { makeKeyPackageRef, signKeyPackage } from 'ts-mls/keyPackage.js';
import type { LeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import { signLeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import type { OwnKeyPackage } from '../key-package.ts';
import type { Suite } from '../suite.ts';
import { encodeMessage } from '../wire.ts';

export interface KeyPackageFields {
  readonly leaf?: Partial<LeafNodeKeyPackage>;
  readonly outer?: Partial<KeyPackage>;
}

export async function forgeKeyPackage(
  suite: Suite,
  honest: OwnKeyPackage,
  { leaf, outer }: KeyPackageFields,
): Promise<OwnKeyPackage> {
  const { signature, hash } = suite.implementation;
  const { signaturePrivateKey } = honest.privatePackage;
  const { leafNode } = honest.publicPackage;
  const tbs = { ...leafNode, ...leaf, leafNodeSource: 'key_package' } as LeafNodeKeyPackage;
  const signedLeaf = await signLeafNodeKeyPackage(tbs, signaturePrivateKey, signature);
  const publicPackage = await signKeyPackage(
    { ...honest.publicPackage, leafNode: signedLeaf, ...outer },
    signaturePrivateKey,
    signature,
  );
  return {
    ...honest,
    message: encodeMessage({ wireformat: 'mls_key_package', keyPackage: publicPackage }),
    reference: (await makeKeyPackageRef(publicPackage, hash)).slice(),
    publicPackage,
  };
}
