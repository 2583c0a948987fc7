/** What every envelope gives and takes (D13). */

import type { Bytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import { err } from '@conclave/protocol/result';

export type Unwrapped = {
  readonly isKey: boolean;
  /** The clear bytes around the sealed frame in their one normalised form; authenticated as metadata. */
  readonly prefix: Bytes;
  /** View of the SFrame inside the received bytes. */
  readonly sealed: Bytes;
};

export type UnwrapResult = Result<Unwrapped, 'MALFORMED'>;

export const MALFORMED: Result<never, 'MALFORMED'> = err('MALFORMED');

/** One codec's envelope: the few clear bytes that packetizers and an SFU read, and where the sealed frame stands. */
export type Envelope = {
  /**
   * The clear bytes for this frame, to be authenticated. Throws a RangeError if an encoder's frame is not of the codec
   * or contradicts `isKey`.
   */
  readonly prefixOf: (isKey: boolean, frame: Uint8Array) => Bytes;
  /** Lays out prefix, SFrame header and ciphertext, copying each once. */
  readonly wrap: (prefix: Bytes, header: Uint8Array, ciphertext: Uint8Array) => Bytes;
  /** Total over all byte strings; refuses every form but the envelope's own. */
  readonly unwrap: (bytes: Bytes) => UnwrapResult;
};
