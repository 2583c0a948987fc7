/**
 * HPKE public keys that can be sealed to. Importing proves nothing: a Montgomery point of small order and an ML-KEM key
 * above the modulus import without a word and throw at the first `seal`, which then is somebody's Remove. So every key of a
 * KeyPackage, a path and a joined tree is checked here before it is believed. The check computes, it does not probe: all
 * members give one answer, and a tree of a hundred costs about a millisecond.
 * @spec K66; RFC 7748 §6.1, RFC 9180 §7.1.4, FIPS 203 §7.2
 */

import { toHex } from '@conclave/protocol/bytes';
import type { CiphersuiteImpl, CiphersuiteName } from 'ts-mls/crypto/ciphersuite.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { need } from './refusal.ts';

const X25519_BYTES = 32;
/** 768 coefficients of 12 bits; the seed of the matrix follows. */
const ML_KEM_COEFFICIENT_BYTES = 1152;
const ML_KEM_BYTES = ML_KEM_COEFFICIENT_BYTES + 32;
const ML_KEM_MODULUS = 3329;

/** The u coordinates of small order on curve and twist, little-endian; the last two are 0 and 1 written above the prime. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Conclave's suites; those of the official vectors have no entry, and no Suite can be made with them. */
const CHECKS: Partial<Record<CiphersuiteName, (publicKey: Uint8Array) => boolean>> = {
  MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: isUsableX25519,
  MLS_256_XWING_AES256GCM_SHA512_Ed25519: isUsableXWing,
};

/** Whether `seal` under this suite takes the key. */
export function isUsableKey(publicKey: Uint8Array, { name }: CiphersuiteImpl): boolean {
  return CHECKS[name]?.(publicKey) ?? true;
}

/** Of leaves and parents. Refuses TREE. */
export function checkEncryptionKeys(tree: RatchetTree, suite: CiphersuiteImpl): void {
  for (const entry of tree) {
    if (entry === undefined) continue;
    const { hpkePublicKey } = entry.nodeType === 'leaf' ? entry.leaf : entry.parent;
    need(isUsableKey(hpkePublicKey, suite), 'TREE', `unusable key of a ${entry.nodeType}`);
  }
}

function isUsableX25519(publicKey: Uint8Array): boolean {
  if (publicKey.length !== X25519_BYTES) return false;
  const u = publicKey.slice();
  // The curve function ignores this bit.
  u[31] = (u[31] ?? 0) & 0x7f;
  return !SMALL_ORDER.has(toHex(u));
}

function isUsableXWing(publicKey: Uint8Array): boolean {
  return (
    publicKey.length === ML_KEM_BYTES + X25519_BYTES &&
    isBelowModulus(publicKey) &&
    isUsableX25519(publicKey.subarray(ML_KEM_BYTES))
  );
}

/** Two coefficients in three bytes, little-endian. */
function isBelowModulus(publicKey: Uint8Array): boolean {
  for (let at = 0; at < ML_KEM_COEFFICIENT_BYTES; at += 3) {
    const middle = publicKey[at + 1] ?? 0;
    const first = (publicKey[at] ?? 0) | ((middle & 15) << 8);
    const second = (middle >> 4) | ((publicKey[at + 2] ?? 0) << 4);
    if (first >= ML_KEM_MODULUS || second >= ML_KEM_MODULUS) return false;
  }
  return true;
}
