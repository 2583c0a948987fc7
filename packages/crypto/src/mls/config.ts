/**
 * How ts-mls is configured, for every state that is ever made. No field comes from the library's defaults, whose
 * authentication service accepts everything (poisoned in authentication.ts).
 * @spec K32
 */

import { equalBytes } from '@conclave/protocol/bytes';
import type { ClientConfig } from 'ts-mls/clientConfig.js';
import { authentication } from './authentication.ts';

/** The one lifetime of Conclave's KeyPackages: as wide as the field, because no local clock is ever asked (D5). */
export const LIFETIME = { notBefore: 0n, notAfter: 2n ** 63n - 1n };

export const config: ClientConfig = {
  authService: authentication,
  keyRetentionConfig: {
    retainKeysForGenerations: 64,
    retainKeysForEpochs: 3,
    maximumForwardRatchetSteps: 200,
  },
  lifetimeConfig: { maximumTotalLifetime: LIFETIME.notAfter, validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: {
    compareKeyPackages: (a, b) => equalBytes(a.leafNode.signaturePublicKey, b.leafNode.signaturePublicKey),
    compareKeyPackageToLeafNode: (a, b) => equalBytes(a.leafNode.signaturePublicKey, b.signaturePublicKey),
  },
  paddingConfig: { kind: 'padUntilLength', padUntilLength: 256 },
};
