/**
 * The two suites, built without the library's default provider (which names every optional package in dynamic imports
 * and would put them in the bundle): 1 is RFC 9420's X25519 suite, 2 the experimental X-Wing hybrid (D2).
 * Hash and HKDF are synchronous JavaScript: an epoch of a hundred members makes some 1,500 tiny calls, and WebCrypto pays
 * a thread hop for each. AEAD, KEM and signatures are WebCrypto (X-Wing's ML-KEM part is JavaScript).
 * @spec K30
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, HkdfSha512 } from '@hpke/core';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Aead } from 'ts-mls/crypto/aead.js';
import type { CiphersuiteImpl, CiphersuiteName } from 'ts-mls/crypto/ciphersuite.js';
import type { HpkeAlgorithm } from 'ts-mls/crypto/hpke.js';
import { makeGenericHpke } from 'ts-mls/crypto/implementation/hpke.js';
import { constantTimeEqual } from 'ts-mls/util/constantTimeCompare.js';
import { signature } from './signing-key.ts';

/** Conclave's numbers, as they stand in links and policies. */
export type SuiteNumber = 1 | 2;

export interface Suite {
  readonly number: SuiteNumber;
  /** For modules of this folder only. */
  readonly implementation: CiphersuiteImpl;
}

/** What the two suites differ in. */
interface Recipe {
  readonly name: CiphersuiteName;
  readonly algorithms: HpkeAlgorithm;
  readonly hpke: CipherSuite;
  readonly hash: typeof sha256 | typeof sha512;
  readonly hashBytes: number;
}

/** X-Wing's code is fetched only when suite 2 is asked for. */
export async function createSuite(number: SuiteNumber): Promise<Suite> {
  const recipe = number === 1 ? x25519() : await xWing();
  return { number, implementation: await build(recipe) };
}

function x25519(): Recipe {
  return {
    name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    algorithms: { kem: 'DHKEM-X25519-HKDF-SHA256', kdf: 'HKDF-SHA256', aead: 'AES128GCM' },
    hpke: new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes128Gcm(),
    }),
    hash: sha256,
    hashBytes: 32,
  };
}

async function xWing(): Promise<Recipe> {
  const { XWing } = await import('@hpke/hybridkem-x-wing');
  return {
    name: 'MLS_256_XWING_AES256GCM_SHA512_Ed25519',
    algorithms: { kem: 'X-Wing', kdf: 'HKDF-SHA512', aead: 'AES256GCM' },
    hpke: new CipherSuite({ kem: new XWing(), kdf: new HkdfSha512(), aead: new Aes256Gcm() }),
    hash: sha512,
    hashBytes: 64,
  };
}

async function build({ name, algorithms, hpke, hash, hashBytes }: Recipe): Promise<CiphersuiteImpl> {
  return {
    name,
    rng: { randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    hash: {
      digest: async (data) => hash(data),
      mac: async (key, data) => hmac(hash, key, data),
      verifyMac: async (key, mac, data) => constantTimeEqual(mac, hmac(hash, key, data)),
    },
    kdf: {
      size: hashBytes,
      extract: async (salt, ikm) => extract(hash, ikm, salt),
      expand: async (prk, info, length) => expand(hash, prk, info, length),
    },
    signature,
    hpke: await makeGenericHpke(algorithms, aesGcm, hpke),
  };
}

const aesGcm: Aead = {
  async encrypt(key, nonce, aad, plaintext) {
    const imported = await importAes(key, 'encrypt');
    return new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, aad), imported, plaintext.slice()));
  },
  async decrypt(key, nonce, aad, ciphertext) {
    const imported = await importAes(key, 'decrypt');
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, aad), imported, ciphertext.slice()));
  },
};

function importAes(key: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', key as Bytes, 'AES-GCM', false, [usage]);
}

function gcm(nonce: Uint8Array, aad: Uint8Array): AesGcmParams {
  return { name: 'AES-GCM', iv: nonce.slice(), additionalData: aad.slice() };
}
