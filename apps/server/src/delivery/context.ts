/**
 * What the rules of delivery work with: the store, the clock, the SFU, the rooms. Nothing here knows of sockets.
 */
import type { Clock } from '../clock.ts';
import type { CallStore } from '../store/call-store.ts';
import type { Call } from './call.ts';
import type { Session } from './session.ts';

/** What delivery asks of the SFU. None of it throws or is waited for, `grant` excepted; LiveKit may be down. */
export interface Sfu {
  /** A ticket for the proxy, of this session, and what livekit-client is to show as its token. Resolves without LiveKit. */
  grant(call: Call, session: Session): Promise<{ ticket: string; token: string }>;
  /** A commit named the participant as joined: it may be seen, publish and subscribe. */
  admit(call: Call, participantId: string): void;
  /** A commit named the participant as left, or took its joining back. */
  expel(call: Call, participantId: string): void;
  /** The session is over: its tickets and connections die at once. */
  endSession(call: Call, session: Session): void;
  endCall(call: Call): void;
}

export interface DeliveryContext {
  readonly store: CallStore;
  readonly clock: Clock;
  readonly sfu: Sfu;
  /** Live calls by the hash of the room's id. */
  readonly calls: Map<string, Call>;
  /** Sessions by token, for the tree endpoint. */
  readonly sessionsByToken: Map<string, { readonly call: Call; readonly session: Session }>;
  /** Whether this `create.token` lets rooms be made. */
  mayCreateRoom(token: string | undefined): boolean;
}
