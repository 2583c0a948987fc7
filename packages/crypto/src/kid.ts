/**
 * The KID of a media key: `context · 2²⁰ + leafIndex · 2⁸ + epoch mod 2⁸` (RFC 9605 §5.2 with E = 8, S = 12; D11),
 * where context = `counter · 4 + kind` (D12). What a stream is — microphone, camera, screen — is thus authenticated.
 *
 * @see SPEC.md K15
 */

import { CONTEXT_COUNTERS_MAX, KID_LEAVES_MAX } from './limits.ts';

/** By their numbers in a context. */
export const MEDIA_KINDS = ['microphone', 'camera', 'screenVideo', 'screenAudio'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

const KINDS = 4;
const EPOCHS = 256;
const LEAF_SPAN = EPOCHS;
const CONTEXT_SPAN = EPOCHS * KID_LEAVES_MAX;

/** The context of one sender; `counter` is counted once in a worker's life and never restarted. */
export function encodeContext(counter: number, kind: MediaKind): number {
  assertBelow(counter, CONTEXT_COUNTERS_MAX);
  return counter * KINDS + MEDIA_KINDS.indexOf(kind);
}

export type KidParts = {
  /** From `encodeContext`. */
  readonly context: number;
  readonly leafIndex: number;
  /** The whole epoch; the KID holds it mod 256. */
  readonly epoch: number;
};

/** Puts a KID together. Throws a RangeError for a part that does not fit. */
export function encodeKid(parts: KidParts): number {
  assertBelow(parts.context, CONTEXT_COUNTERS_MAX * KINDS);
  assertBelow(parts.leafIndex, KID_LEAVES_MAX);
  assertBelow(parts.epoch, Number.MAX_SAFE_INTEGER);
  return parts.context * CONTEXT_SPAN + parts.leafIndex * LEAF_SPAN + (parts.epoch % EPOCHS);
}

export type DecodedKid = {
  readonly context: number;
  readonly kind: MediaKind;
  readonly leafIndex: number;
  /** Epoch mod 256. */
  readonly epochLow: number;
};

/** Takes a KID apart; total over the integers from 0 to 2⁵³ − 1 that `decodeHeader` gives. */
export function decodeKid(kid: number): DecodedKid {
  const context = Math.floor(kid / CONTEXT_SPAN);
  return {
    context,
    kind: MEDIA_KINDS[context % KINDS] ?? 'microphone',
    leafIndex: Math.floor(kid / LEAF_SPAN) % KID_LEAVES_MAX,
    epochLow: kid % EPOCHS,
  };
}

function assertBelow(value: number, bound: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= bound) {
    throw new RangeError(`${value} is not an integer from 0 to below ${bound}`);
  }
}
