/**
 * The suites of the official vectors: our own for number 1; for those that Conclave does not offer, the library's provider
 * under our own modules. For tests only; nothing shipped imports it.
 */

// The provider asks for these by dynamic imports; naming them here fails at once where one is missing.
import '@hpke/chacha20poly1305';
import '@hpke/dhkem-x448';
import '@noble/curves/ed448.js';
import type { CiphersuiteId, CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { getCiphersuiteFromId } from 'ts-mls/crypto/ciphersuite.js';
import { getCiphersuiteImpl } from 'ts-mls/crypto/getCiphersuiteImpl.js';
import type { Suite } from '../suite.ts';
import { createSuite } from '../suite.ts';

const made = new Map<number, Promise<Suite>>();

export function vectorSuite(id: number): Promise<Suite> {
  let suite = made.get(id);
  if (suite === undefined) {
    suite = id === 1 ? createSuite(1) : foreignSuite(id);
    made.set(id, suite);
  }
  return suite;
}

async function foreignSuite(id: number): Promise<Suite> {
  return { number: 1, implementation: await getCiphersuiteImpl(getCiphersuiteFromId(id as CiphersuiteId)) };
}

export async function implementationOf(id: number): Promise<CiphersuiteImpl> {
  return (await vectorSuite(id)).implementation;
}
