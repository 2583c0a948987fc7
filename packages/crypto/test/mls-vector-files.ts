/**
 * MLS's official test vectors (github.com/mlswg/mls-implementations), read from beside the repository where they are.
 * Of the files whose cost is in curves that Conclave does not offer, a quarter of those suites runs; CONCLAVE_VECTORS=all
 * runs everything.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Bytes } from '@conclave/protocol/bytes';
import { toHex } from '@conclave/protocol/bytes';

const folder = new URL('../../../../shared/vectors/mls/', import.meta.url);

export const hasVectors = existsSync(folder);
const runsAll = process.env['CONCLAVE_VECTORS'] === 'all';

/** @param name - without `.json`; the shape is the caller's knowledge of the file */
export function loadVectors<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as readonly T[];
}

/** Every vector of suite 1, and every fourth of each other suite. */
export function sampleVectors<T extends { readonly cipher_suite: number }>(name: string): readonly T[] {
  const all = loadVectors<T>(name);
  const seen = new Map<number, number>();
  const chosen = all.filter(({ cipher_suite }) => {
    const nth = seen.get(cipher_suite) ?? 0;
    seen.set(cipher_suite, nth + 1);
    return runsAll || cipher_suite === 1 || nth % 4 === 0;
  });
  console.info(`${name}: ${chosen.length} of ${all.length} vectors`);
  return chosen;
}

export function fromHex(hex: string | null): Bytes {
  return Uint8Array.from(Buffer.from(hex ?? '', 'hex'));
}

/** Throws with what differs; quicker than a matcher for a hundred thousand comparisons. */
export function mustEqual(actual: Uint8Array, expectedHex: string, what: string): void {
  if (toHex(actual) !== expectedHex) throw new Error(`${what} differs`);
}
