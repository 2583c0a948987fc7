/** Frames as encoders make them, whose content tells whose they are and how many came before. */

import { type EncodedFrame, mediumOf } from '@conclave/client/media/seal-path';
import { codecOfMimeType } from '@conclave/crypto/envelope/envelope';
import type { MediaKind } from '@conclave/crypto/kid';
import { concatBytes, utf8 } from '@conclave/protocol/bytes';

/** A VP8 key frame's header: start code and 640×480. */
const VP8_KEY = Uint8Array.of(0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01);
const VP8_DELTA = Uint8Array.of(0x31);
const OPUS = Uint8Array.of(0x78);
const LABEL_START = '|';

export function encodeFrame(kind: MediaKind, isKey: boolean, label: string): EncodedFrame {
  const isVideo = mediumOf(kind) === 'video';
  const head = isVideo ? (isKey ? VP8_KEY : VP8_DELTA) : OPUS;
  return {
    codec: codecOfMimeType(isVideo ? 'video/VP8' : 'audio/opus'),
    isKey,
    data: concatBytes(head, utf8(`${LABEL_START}${label}`)),
  };
}

/** The label of a frame that was opened. */
export function labelOf(plain: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(plain);
  return text.slice(text.indexOf(LABEL_START) + 1);
}
