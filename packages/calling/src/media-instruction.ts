/**
 * What a call tells the media side to do, SPEC C34–C41, design D11–D16. The media worker obeys and decides nothing:
 * which key opens a frame, whose frames are released and whether own frames leave all comes through here.
 *
 * Epochs are of one group: an `epoch` instruction with another `groupId` ends every key of the group before it at once.
 */
import type { Bytes } from '@conclave/protocol/bytes';

/** A leaf of one epoch's tree: whose frames a KID of that epoch names (D14). */
export interface MediaLeaf {
  readonly leafIndex: number;
  /** 32 bytes. */
  readonly leafKey: Bytes;
}

/** The frame counter of a live sender: what its owner says that it has sent (D15). */
export interface MediaContext {
  /** `counter << 2 | kind` (D12). */
  readonly context: number;
  /** Of the last frame sent in this epoch and context, 0…2³² − 1; `NOTHING_COUNTED` before the first. */
  readonly counter: number;
}

/** Names a live sender that has sent nothing in this epoch: the largest number that a beat can say. */
export const NOTHING_COUNTED = 2 ** 40 - 1;

export type MediaInstruction =
  /** Receive under this epoch from now on. `baseKey` has 32 bytes and is erased by the receiver after its import. */
  | {
      readonly t: 'epoch';
      readonly groupId: Bytes;
      readonly epoch: number;
      readonly baseKey: Bytes;
      readonly leaves: readonly MediaLeaf[];
      readonly ownLeafIndex: number;
    }
  /** Seal under this epoch from now on. Given once for a (group, epoch), and never for a smaller epoch (D12). */
  | { readonly t: 'send'; readonly epoch: number }
  /** The receive keys of this epoch die then, in the clock of `step`. A later instruction may only bring it forward. */
  | { readonly t: 'retire'; readonly epoch: number; readonly atMs: number }
  /** Only the frames of these leaf keys are released; the list replaces the one before. */
  | { readonly t: 'confirmed'; readonly leafKeys: readonly Bytes[] }
  /** Whether own frames may leave; shut until said otherwise. */
  | { readonly t: 'gate'; readonly isOpen: boolean }
  /** What a sender's latest beat says of its counters: a frame at or below them is stale 3 s after (D15). */
  | {
      readonly t: 'counters';
      readonly leafKey: Bytes;
      readonly epoch: number;
      readonly contexts: readonly MediaContext[];
      readonly receivedAtMs: number;
    };
