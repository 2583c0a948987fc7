/**
 * A suite that writes a public key of one's choice into the paths it makes. For tests only; nothing shipped imports it.
 */

import type { Suite } from '../suite.ts';

/** @param at - which key of the path: 0 the leaf's, from 1 on the parents', upwards */
export function withPathKey(suite: Suite, at: number, publicKey: Uint8Array): Suite {
  const { implementation } = suite;
  const { hpke } = implementation;
  const derived: unknown[] = [];
  const cheat: typeof hpke = {
    ...hpke,
    deriveKeyPair: async (ikm) => {
      const pair = await hpke.deriveKeyPair(ikm);
      derived.push(pair.publicKey);
      return pair;
    },
    exportPublicKey: async (key) => (derived[at] === key ? publicKey.slice() : hpke.exportPublicKey(key)),
  };
  return { ...suite, implementation: { ...implementation, hpke: cheat } };
}
