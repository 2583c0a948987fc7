/**
 * The watchdog (D17): what a sender has sent must have been sealed by the worker. Compares, from the sender's birth,
 * payload bytes in the browser's own statistics with the bytes that the worker handed back.
 *
 * Payload bytes and not packets: padding and retransmissions are packets too. `framesSent` is useless: Chromium counts
 * it before the transform.
 *
 * @see SPEC.md S37
 */

import { PACKET_DESCRIPTOR_BYTES_MAX, UNSEALED_TOLERANCE_BYTES } from './media-limits.ts';
import type { Medium } from './seal-path.ts';

/** What one sender has sent, over all its layers, from birth. */
export type Sent = {
  readonly packets: number;
  /** Payload without headers, padding and retransmissions. */
  readonly payloadBytes: number;
};

/**
 * Whether more has been sent than was sealed: then something has left in the clear.
 *
 * @param sealedBytes - read after `sent`, so that it can only be too large
 */
export function hasLeaked(medium: Medium, sent: Sent, sealedBytes: number): boolean {
  const allowedBytes =
    sealedBytes + sent.packets * PACKET_DESCRIPTOR_BYTES_MAX * (medium === 'video' ? 1 : 0);
  return sent.payloadBytes > allowedBytes + UNSEALED_TOLERANCE_BYTES[medium];
}

type OutboundStats = {
  readonly type: string;
  readonly packetsSent?: number;
  readonly bytesSent?: number;
  readonly retransmittedPacketsSent?: number;
  readonly retransmittedBytesSent?: number;
};

/** Adds up a sender's `outbound-rtp` statistics. */
export function sentOf(report: Iterable<OutboundStats>): Sent {
  let packets = 0;
  let payloadBytes = 0;
  for (const stats of report) {
    if (stats.type !== 'outbound-rtp') continue;
    packets += (stats.packetsSent ?? 0) - (stats.retransmittedPacketsSent ?? 0);
    payloadBytes += (stats.bytesSent ?? 0) - (stats.retransmittedBytesSent ?? 0);
  }
  return { packets, payloadBytes };
}
