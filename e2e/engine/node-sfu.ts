/**
 * An SFU in memory: forwards every sealed frame to everybody else's receivers, and knows nothing of who may be in the
 * call. Honest by default; a test records, holds back, replays and misroutes through `route` and `put`.
 */
import type { EncodedFrame } from '@conclave/client/media/seal-path';
import type { MediaKind } from '@conclave/crypto/kid';

/** Somebody that frames are forwarded to. */
export interface SfuClient<Client> {
  receive(track: Track<Client>, frame: EncodedFrame): void;
  /** A viewer is missing a key frame. */
  wishKeyFrames(): void;
}

export interface Track<Client> {
  readonly id: string;
  readonly from: Client;
  readonly kind: MediaKind;
}

export interface Packet<Client> {
  readonly track: Track<Client>;
  readonly frame: EncodedFrame;
  readonly label: string;
  readonly sealedAtMs: number;
}

export class NodeSfu<Client extends SfuClient<Client>> {
  readonly recorded: Packet<Client>[] = [];
  readonly #connected = new Set<Client>();
  /** What becomes of a packet on its way to one person. */
  route: (packet: Packet<Client>, to: Client) => void = (packet, to) => this.put(packet, to);

  connect(media: Client): void {
    this.#connected.add(media);
  }

  disconnect(media: Client): void {
    this.#connected.delete(media);
  }

  take(packet: Packet<Client>): void {
    this.recorded.push(packet);
    for (const media of this.#connected) if (media !== packet.track.from) this.route(packet, media);
  }

  /** Hands a viewer's request on to all who send to it. */
  askForKeyFrames(viewer: Client): void {
    for (const media of this.#connected) if (media !== viewer) media.wishKeyFrames();
  }

  /** Puts a packet on a track of that person's: its own, or the one that is named. */
  put(packet: Packet<Client>, to: Client, track = packet.track): void {
    to.receive(track, packet.frame);
  }
}
