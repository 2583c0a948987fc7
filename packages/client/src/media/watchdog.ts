/**
 * The watchdog (D17): what a sender has sent must have gone through the worker. Compares, from the sender's birth, the
 * browser's own statistics with the worker's count.
 *
 * Which figures can be trusted was measured with Chromium 156 and Firefox 153 (docs/decisions): `packetsSent` counts
 * padding, and `bytesSent` counts what probes repeat, both several times the media; `framesSent` counts before the
 * transform. `framesEncoded` over all layers equals the frames that the worker saw, exactly; for audio, which is neither
 * padded nor repeated, `bytesSent` equals the bytes that the worker sealed, exactly.
 *
 * @see SPEC.md S37
 */

import {
  PACKET_DESCRIPTOR_BYTES_MAX,
  UNSEALED_TOLERANCE_BYTES,
  UNSEEN_FRAMES_TOLERANCE,
} from './media-limits.ts';
import type { Medium, SenderCount } from './seal-path.ts';

/** What one sender has sent, over all its layers, from birth. */
export type Sent = {
  readonly packets: number;
  /** Payload without headers, padding and known retransmissions. */
  readonly payloadBytes: number;
  /** Frames that the encoder gave; undefined where the browser does not say. */
  readonly framesEncoded: number | undefined;
};

export type Sealed = Pick<SenderCount, 'framesSealed' | 'framesDropped' | 'bytesSealed'>;

/**
 * Whether media has left that the worker did not seal.
 *
 * @param sealed - read after `sent`, so that it can only be too large
 */
export function hasLeaked(medium: Medium, sent: Sent, sealed: Sealed): boolean {
  const descriptorBytes = medium === 'video' ? sent.packets * PACKET_DESCRIPTOR_BYTES_MAX : 0;
  const unsealedBytes = sent.payloadBytes - sealed.bytesSealed - descriptorBytes;
  if (unsealedBytes <= UNSEALED_TOLERANCE_BYTES[medium]) return false;
  if (medium === 'audio' || sealed.framesSealed === 0) return true;
  const framesSeen = sealed.framesSealed + sealed.framesDropped;
  return sent.framesEncoded !== undefined && sent.framesEncoded - framesSeen > UNSEEN_FRAMES_TOLERANCE;
}

type OutboundStats = {
  readonly type: string;
  readonly packetsSent?: number;
  readonly bytesSent?: number;
  readonly framesEncoded?: number;
  readonly retransmittedPacketsSent?: number;
  readonly retransmittedBytesSent?: number;
};

/** Adds up a sender's `outbound-rtp` statistics. */
export function sentOf(report: Iterable<OutboundStats>): Sent {
  let packets = 0;
  let payloadBytes = 0;
  let framesEncoded: number | undefined;
  for (const stats of report) {
    if (stats.type !== 'outbound-rtp') continue;
    packets += (stats.packetsSent ?? 0) - (stats.retransmittedPacketsSent ?? 0);
    payloadBytes += (stats.bytesSent ?? 0) - (stats.retransmittedBytesSent ?? 0);
    if (stats.framesEncoded !== undefined) framesEncoded = (framesEncoded ?? 0) + stats.framesEncoded;
  }
  return { packets, payloadBytes, framesEncoded };
}
