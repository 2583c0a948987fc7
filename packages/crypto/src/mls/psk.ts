/**
 * External pre-shared keys (RFC 9420 §8.4): the link's secret in the key schedule (D5). Conclave names at most one in a
 * commit, and never a resumption PSK.
 * @spec K40
 */

import type { Bytes } from '@conclave/protocol/bytes';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { PreSharedKeyID } from 'ts-mls/presharedkey.js';
import type { PskIndex } from 'ts-mls/pskIndex.js';
import { need } from './refusal.ts';

/** The secret behind a PSK id, or undefined where the caller holds none. Called with ids from outside. */
export type PskSecrets = (pskId: Uint8Array) => Bytes | undefined;

export function toPskIndex(secrets: PskSecrets): PskIndex {
  return { findPsk: (id) => (id.psktype === 'external' ? secrets(id.pskId.slice()) : undefined) };
}

/** A reference to an external PSK with a fresh nonce. */
export function externalPsk(pskId: Uint8Array, suite: CiphersuiteImpl): PreSharedKeyID {
  return { psktype: 'external', pskId: pskId.slice(), pskNonce: suite.rng.randomBytes(suite.kdf.size) };
}

/** At most one, external, with a full nonce, and with a secret that we hold. Gives its id. */
export function checkPsks(
  ids: readonly PreSharedKeyID[],
  secrets: PskSecrets,
  suite: CiphersuiteImpl,
): Bytes | undefined {
  need(ids.length <= 1, 'SHAPE', 'more than one PSK');
  const id = ids[0];
  if (id === undefined) return undefined;
  need(id.psktype === 'external', 'SHAPE', 'resumption PSK');
  need(id.pskNonce.length === suite.kdf.size, 'BOUNDS', 'PSK nonce');
  const pskId = id.pskId.slice();
  need(secrets(pskId.slice()) !== undefined, 'UNKNOWN_PSK', 'no secret for this PSK');
  return pskId;
}
