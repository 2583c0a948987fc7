/**
 * The codecs that Conclave seals, and nothing else: a codec without an envelope is neither sent nor shown (D13).
 *
 * @see SPEC.md K17
 */

import { av1Envelope } from './av1.ts';
import { opusEnvelope } from './opus.ts';
import type { Envelope } from './unwrapped.ts';
import { vp8Envelope } from './vp8.ts';
import { vp9Envelope } from './vp9.ts';

export type Codec = 'opus' | 'vp8' | 'vp9' | 'av1';

const CODECS_BY_MIME_TYPE: ReadonlyMap<string, Codec> = new Map([
  ['audio/opus', 'opus'],
  ['video/vp8', 'vp8'],
  ['video/vp9', 'vp9'],
  ['video/av1', 'av1'],
]);

export const ENVELOPES: Readonly<Record<Codec, Envelope>> = {
  opus: opusEnvelope,
  vp8: vp8Envelope,
  vp9: vp9Envelope,
  av1: av1Envelope,
};

/** Codec of a negotiated mime type, in any case; undefined for RED, H264 and everything else: drop the frame. */
export function codecOfMimeType(mimeType: string): Codec | undefined {
  return CODECS_BY_MIME_TYPE.get(mimeType.toLowerCase());
}
