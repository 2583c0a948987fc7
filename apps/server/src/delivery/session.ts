/**
 * A session: one authenticated socket, as the rules of delivery see it. Its outlet is a function sink, so that the
 * rules can be tested without a socket.
 */
import type { Bytes } from '@conclave/protocol/bytes';
import { ERROR_CODES, type ErrorCode } from '@conclave/protocol/error-codes';
import { encodeMessage, type ServerMessage } from '@conclave/protocol/wire';
import type { TokenBucket } from '../rate-limit.ts';

/** Where encoded messages go. Neither function throws, also after the end. */
export interface Outlet {
  send(text: string): void;
  /** Ends the connection after what was sent. */
  close(): void;
}

export interface Session {
  readonly participantId: string;
  readonly leafKey: Bytes;
  /** Holder of the link's host key: its leaf key hashes to the hash that the room was made with. */
  readonly isHost: boolean;
  /** An earlier access was shown (D7). */
  readonly isLogOnly: boolean;
  readonly sessionToken: string;
  /** What counts as one address, for the limits alone (V35). */
  readonly address: string;
  readonly outlet: Outlet;
  readonly treeRate: TokenBucket;
}

export function sendTo(outlet: Outlet, message: ServerMessage): void {
  outlet.send(encodeMessage(message));
}

/** Encodes once for all. */
export function sendToAll(sessions: Iterable<Session>, message: ServerMessage): void {
  const text = encodeMessage(message);
  for (const session of sessions) session.outlet.send(text);
}

/** Sends the code, and closes by the rule of `ERROR_CODES`. */
export function refuse(outlet: Outlet, code: ErrorCode, request?: number): void {
  sendTo(outlet, request === undefined ? { t: 'error', code } : { t: 'error', code, request });
  if (ERROR_CODES[code].closes) outlet.close();
}
