/**
 * An encoded frame to what the transport carries, and back: envelope (D13) around SFrame (RFC 9605). Plain bytes, no
 * WebRTC types. There is no branch that lets a frame through unsealed or unauthenticated.
 *
 * Metadata of the SFrame: "v1" ‖ codec ‖ key or delta ‖ clear prefix; never anything that an SFU rewrites.
 *
 * @see SPEC.md K17–K24
 */

import type { Bytes } from '@conclave/protocol/bytes';
import { concatBytes } from '@conclave/protocol/bytes';
import type { Result } from '@conclave/protocol/result';
import { err, ok } from '@conclave/protocol/result';
import type { Codec } from './envelope/envelope.ts';
import { ENVELOPES } from './envelope/envelope.ts';
import type { Unwrapped } from './envelope/unwrapped.ts';
import { FRAMES_PER_KEY_MAX, MEDIA_FRAME_BYTES_MAX, SEALED_FRAME_OVERHEAD_BYTES_MAX } from './limits.ts';
import type { FrameKey } from './sframe.ts';
import { encryptFrame, openFrame, TAG_BYTES } from './sframe.ts';
import type { SFrameHeader } from './sframe-header.ts';
import { decodeHeader, encodeHeader } from './sframe-header.ts';

const CODEC_BYTES: Readonly<Record<Codec, number>> = { opus: 1, vp8: 2, vp9: 3, av1: 4 };
const V1 = [0x76, 0x31] as const;

export type MediaFrameToSeal = {
  readonly codec: Codec;
  /** As the encoder says; ignored for Opus. */
  readonly isKey: boolean;
  /** The encoder's frame; may be empty. Not retained. */
  readonly frame: Bytes;
  readonly frameKey: FrameKey;
  /** Never used before under `frameKey`. */
  readonly counter: number;
};

/**
 * Seals a frame for the transport.
 *
 * Throws a RangeError for what the own encoder cannot have meant (a VP8 key frame without a size, a frame above the
 * limit) and at the end of the key's counters: the caller drops the frame.
 */
export async function sealMediaFrame(request: MediaFrameToSeal): Promise<Bytes> {
  const { codec, frame, frameKey, counter } = request;
  if (frame.length > MEDIA_FRAME_BYTES_MAX) throw new RangeError(`a frame of ${frame.length} bytes`);
  const isKey = codec !== 'opus' && request.isKey;
  const envelope = ENVELOPES[codec];
  const prefix = envelope.prefixOf(isKey, frame);
  const header = encodeHeader(frameKey.kid, counter);
  const metadata = metadataOf(codec, isKey, prefix);
  const ciphertext = await encryptFrame({ frameKey, header, counter, metadata, plaintext: frame });
  return envelope.wrap(prefix, header, ciphertext);
}

/** A received frame, taken apart and not yet authenticated: its header only says which key to try. */
export type ParsedMediaFrame = Unwrapped & {
  readonly codec: Codec;
  readonly header: SFrameHeader;
};

/** Takes a received frame apart, without copying it. Total over all byte strings. */
export function parseMediaFrame(codec: Codec, bytes: Bytes): Result<ParsedMediaFrame, 'MALFORMED'> {
  if (bytes.length > MEDIA_FRAME_BYTES_MAX + SEALED_FRAME_OVERHEAD_BYTES_MAX) return err('MALFORMED');
  const unwrapped = ENVELOPES[codec].unwrap(bytes);
  if (!unwrapped.ok) return unwrapped;
  const { sealed } = unwrapped.value;
  const header = decodeHeader(sealed);
  if (!header || header.counter >= FRAMES_PER_KEY_MAX) return err('MALFORMED');
  if (sealed.length < header.lengthBytes + TAG_BYTES) return err('MALFORMED');
  return ok({ ...unwrapped.value, codec, header });
}

/** The encoder's frame; undefined unless every bit of it and of its envelope is authentic under this key. */
export function openMediaFrame(parsed: ParsedMediaFrame, frameKey: FrameKey): Promise<Bytes | undefined> {
  const metadata = metadataOf(parsed.codec, parsed.isKey, parsed.prefix);
  return openFrame(frameKey, parsed.header, metadata, parsed.sealed);
}

function metadataOf(codec: Codec, isKey: boolean, prefix: Bytes): Bytes {
  return concatBytes(Uint8Array.of(...V1, CODEC_BYTES[codec], isKey ? 1 : 0), prefix);
}
