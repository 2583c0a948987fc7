/** What the page and the media worker say to each other. Neither ever says a key: those come by the port (D26). */

import type { MediaKind } from '@conclave/crypto/kid';
import type { Binding } from './binding.ts';
import type { SenderCount } from './seal-path.ts';
import type { TroubleReport } from './troubles.ts';

export type ToMediaWorker =
  /** The port over which `MediaInstruction`s come, and `LiveContexts` go back: a new call. Transferred. */
  | { readonly t: 'port'; readonly port: MessagePort }
  /** What a sender carries; said once for each. Until then nothing of it leaves. */
  | { readonly t: 'name'; readonly senderId: number; readonly kind: MediaKind }
  | { readonly t: 'mute'; readonly senderId: number; readonly isMuted: boolean }
  | { readonly t: 'rebind'; readonly receiverId: number; readonly binding: Binding }
  | { readonly t: 'release'; readonly receiverId: number }
  /** The receiver carries, by the SFU's word, the track of this LiveKit identity: a veto. */
  | { readonly t: 'carrier'; readonly receiverId: number; readonly participantId: string }
  /** LiveKit identities by leaf key. */
  | { readonly t: 'people'; readonly participantIds: ReadonlyMap<string, string> }
  /** The sender's connection is closed. */
  | { readonly t: 'forget-sender'; readonly senderId: number }
  /** The call is over: no key, nobody confirmed, a shut gate. */
  | { readonly t: 'end' }
  | { readonly t: 'count'; readonly request: number };

export type ReceiverCount = {
  readonly receiverId: number;
  readonly framesOpened: number;
  readonly drops: Readonly<Record<string, number>>;
};

export type FromMediaWorker =
  | { readonly t: 'ready' }
  | { readonly t: 'bound'; readonly receiverId: number; readonly binding: Binding }
  /** The receiver drops this person's frames until a `rebind`. */
  | { readonly t: 'foreign'; readonly receiverId: number; readonly binding: Binding }
  /** The receiver shows nobody now. */
  | { readonly t: 'unbound'; readonly receiverId: number }
  | { readonly t: 'trouble'; readonly reports: readonly TroubleReport[] }
  | { readonly t: 'key-frame-wish'; readonly senderId: number }
  | {
      readonly t: 'counts';
      readonly request: number;
      readonly senders: readonly SenderCount[];
      readonly receivers: readonly ReceiverCount[];
    };
