/**
 * What the call tells the media worker: keys, when to send under them, who may be shown. Produced by
 * `@conclave/calling`, carried over a MessagePort from the MLS worker, never by way of the main thread (D26).
 *
 * Times are Unix milliseconds as the MLS worker's `Date.now()` gives them: no other clock is shared between workers.
 */

import type { Bytes } from '@conclave/protocol/bytes';

export type LeafOfEpoch = { readonly leafIndex: number; readonly leafKey: Bytes };

export type MediaInstruction =
  | {
      readonly t: 'epoch';
      readonly groupId: Bytes;
      readonly epoch: number;
      /** 32 bytes; the receiver erases them after the import. */
      readonly baseKey: Bytes;
      readonly leaves: readonly LeafOfEpoch[];
      readonly ownLeafIndex: number;
    }
  | { readonly t: 'send'; readonly epoch: number }
  | { readonly t: 'retire'; readonly epoch: number; readonly atMs: number }
  | { readonly t: 'confirmed'; readonly leafKeys: readonly Bytes[] }
  | { readonly t: 'gate'; readonly isOpen: boolean }
  | {
      readonly t: 'counters';
      readonly leafKey: Bytes;
      readonly epoch: number;
      readonly contexts: readonly { readonly context: number; readonly counter: number }[];
      readonly receivedAtMs: number;
    };
