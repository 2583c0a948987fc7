/**
 * An SFU in memory: forwards every sealed frame to everybody else's receivers, and knows nothing of who may be in the
 * call. Honest by default; a test records, holds back, replays and misroutes through `route` and `put`.
 */
import type { EncodedFrame } from '@conclave/client/media/seal-path';
import type { MediaKind } from '@conclave/crypto/kid';
import type { NodeMedia } from './node-media.ts';

export interface Track {
  readonly id: string;
  readonly from: NodeMedia;
  readonly kind: MediaKind;
}

export interface Packet {
  readonly track: Track;
  readonly frame: EncodedFrame;
  readonly label: string;
  readonly sealedAtMs: number;
}

export class NodeSfu {
  readonly recorded: Packet[] = [];
  readonly #connected = new Set<NodeMedia>();
  /** What becomes of a packet on its way to one person. */
  route: (packet: Packet, to: NodeMedia) => void = (packet, to) => this.put(packet, to);

  connect(media: NodeMedia): void {
    this.#connected.add(media);
  }

  disconnect(media: NodeMedia): void {
    this.#connected.delete(media);
  }

  take(packet: Packet): void {
    this.recorded.push(packet);
    for (const media of this.#connected) if (media !== packet.track.from) this.route(packet, media);
  }

  /** Puts a packet on a track of that person's: its own, or the one that is named. */
  put(packet: Packet, to: NodeMedia, track = packet.track): void {
    to.receive(track, packet.frame);
  }
}
