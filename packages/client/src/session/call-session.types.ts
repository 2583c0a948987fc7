/**
 * What the pages know of a call: the commands of a person, and the two views that come back. Membership (`CallView`)
 * is the word of MLS and signed beats alone; media (`MediaView`) is what was decrypted and bound to a leaf.
 */
import type { CallView } from '@conclave/calling/view';
import type { Link } from '@conclave/crypto/link';

/** Why something of a person cannot be shown or heard right now. */
export type MediaTrouble = 'WAITING_FOR_KEY' | 'NOT_VERIFIED' | 'DELAYED';

export interface PersonMedia {
  /** Live tracks whose frames were decrypted and belong to this person's leaf. */
  readonly camera?: MediaStreamTrack;
  readonly microphone?: MediaStreamTrack;
  readonly screen?: MediaStreamTrack;
  readonly screenAudio?: MediaStreamTrack;
  readonly trouble?: MediaTrouble;
  /** Computed from decrypted audio on this device (D20). */
  readonly isSpeaking: boolean;
}

export interface MediaView {
  /** By `Person.key`; the own person is not in it: the page shows its own tracks. */
  readonly people: ReadonlyMap<string, PersonMedia>;
  readonly connection: 'connecting' | 'connected' | 'reconnecting' | 'failed';
  /** Set when a check that protects the person ended the media: the page leaves the call and says why. */
  readonly stopped?: 'UNENCRYPTED_MEDIA' | 'WORKER_FAILED';
}

export interface CallSessionOptions {
  readonly link: Link;
  /** True on the device that holds the host key and may make the room on the server. */
  readonly isFounder: boolean;
  readonly operatorToken?: string;
  onCall(view: CallView): void;
  onMedia(view: MediaView): void;
}

/** A tile that is on the screen, in CSS pixels: only what is visible is subscribed, at the size shown. */
export interface VisibleTile {
  readonly personKey: string;
  readonly kind: 'camera' | 'screen';
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * One call on this device. Opened with the preview: before `join` the workers are warm, the socket is authenticated, and
 * with the SFU, hidden, all is negotiated and nothing flows. Commands never throw for what the network or the server does;
 * the views tell.
 */
export interface CallSession {
  /** @param name - 1–60 bytes of UTF-8 */
  join(name: string): void;
  /**
   * Publishes, replaces (the sender stays) or mutes (undefined: no frame leaves). Before `join` it is negotiated alone. The
   * track stays the caller's, and nobody else stops it.
   */
  setMicrophone(track: MediaStreamTrack | undefined): void;
  setCamera(track: MediaStreamTrack | undefined): void;
  /** Starts, or with undefined ends, screen sharing. */
  setScreen(
    tracks: { readonly video: MediaStreamTrack; readonly audio?: MediaStreamTrack } | undefined,
  ): void;
  setHand(isRaised: boolean): void;
  setVisible(tiles: readonly VisibleTile[]): void;
  kick(personKey: string): void;
  makeHost(personKey: string): void;
  /** A new link without removing anybody. Hosts only. */
  changeLink(): void;
  /** Computes the security code of the current epoch; it appears in the next `CallView`. */
  showCode(): void;
  /** Answers 'Ada has not confirmed that she is here. Continue?'. */
  goOn(): void;
  /** Leaves at once; resolves when the successor is signed and the sockets are closed, ≤ 1.5 s. */
  leave(): Promise<void>;
  /** Ends everything without saying so to others (the page goes away). */
  dispose(): void;
}
