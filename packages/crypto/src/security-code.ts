/**
 * The security code (D23): what people read to one another outside this server to learn that they are in one call.
 * scrypt makes a search for two groups with one code cost a person-sized sum for each try.
 *
 * @see SPEC.md K26
 */

import { scryptAsync } from '@noble/hashes/scrypt.js';

const GROUPS = 6;
const GROUP_BYTES = 8;
const GROUP_VALUES = 100_000n;

/**
 * Six groups of five digits, from the epoch authenticator and the group id.
 *
 * Each group is 8 bytes of scrypt's output mod 10⁵: the bias is below 10⁵ / 2⁶⁴ < 2⁻⁴⁷, so the 30 digits carry their
 * full 99 bits. Takes 32 MiB and about 0.1 s; yields to the event loop.
 */
export async function deriveSecurityCode(
  epochAuthenticator: Uint8Array,
  groupId: Uint8Array,
): Promise<readonly string[]> {
  const cost = { N: 2 ** 15, r: 8, p: 1, dkLen: GROUPS * GROUP_BYTES };
  const output = await scryptAsync(epochAuthenticator, groupId, cost);
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  return Array.from({ length: GROUPS }, (_, group) => {
    const value = view.getBigUint64(group * GROUP_BYTES) % GROUP_VALUES;
    return value.toString().padStart(5, '0');
  });
}
