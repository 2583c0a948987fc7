/**
 * What the page and the MLS worker say to each other (D26). No key is among it but the leaf key's non-extractable handle.
 */
import type { CallEvent } from '@conclave/calling/call.machine';
import type { CallView, ClosedReason } from '@conclave/calling/view';
import type { Link } from '@conclave/crypto/link';
import type { SigningKey } from '@conclave/crypto/mls/signing-key';
import type { StoredLink } from './tab-links.ts';

/** What a person does; everything else that the machine takes in comes from the socket and the clock. */
export type PersonEvent = Extract<
  CallEvent,
  {
    t: 'join' | 'leave' | 'kick' | 'make-host' | 'change-link' | 'set-flags' | 'show-code' | 'go-on';
  }
>;

export type ToMlsWorker =
  | {
      readonly t: 'open';
      readonly links: readonly Link[];
      readonly kickedKeys: readonly string[];
      readonly key: SigningKey;
      readonly isFounder: boolean;
      readonly operatorToken?: string;
      readonly origin: string;
      /** Instructions go out on it, live contexts come in. */
      readonly mediaPort: MessagePort;
    }
  | { readonly t: 'person'; readonly event: PersonEvent }
  | { readonly t: 'sfu' }
  | { readonly t: 'online' }
  /** The link told last stands in the tab's storage. */
  | { readonly t: 'link-stored' }
  | { readonly t: 'close' };

export type FromMlsWorker =
  | { readonly t: 'view'; readonly view: CallView }
  | { readonly t: 'store-link'; readonly stored: StoredLink }
  | { readonly t: 'sfu'; readonly ticket: string; readonly token: string }
  | { readonly t: 'closed'; readonly reason: ClosedReason }
  /** The machine broke; the media side has been shut. */
  | { readonly t: 'failed' };
