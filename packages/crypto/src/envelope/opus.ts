/**
 * Opus: the sealed frame alone (D13). Audio frames have no key flag; they count as delta.
 *
 * @see SPEC.md K18
 */

import { concatBytes } from '@conclave/protocol/bytes';
import { ok } from '@conclave/protocol/result';
import type { Envelope } from './unwrapped.ts';

const NO_PREFIX = new Uint8Array(0);

export const opusEnvelope: Envelope = {
  prefixOf: () => NO_PREFIX,
  wrap: (_prefix, header, ciphertext) => concatBytes(header, ciphertext),
  unwrap: (bytes) => ok({ isKey: false, prefix: NO_PREFIX, sealed: bytes }),
};
