/**
 * What the pages know of a call. Everything in it comes from MLS and beats; what is only the server's word says so in
 * its name or its comment (D16, D23).
 */
import type { Link } from '@conclave/crypto/link';

/** Switches that a person sets; they travel in beats (D20). */
export interface Flags {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  readonly hand: boolean;
}

/**
 * `confirmed`: a beat signed by this key, for an epoch of my own chain, is younger than 25 s. `unconfirmed`: none yet.
 * `unreachable`: there was one, and it is older. `other-call`: this person proved to be in another history (D23).
 */
export type Standing = 'confirmed' | 'unconfirmed' | 'unreachable' | 'other-call';

export interface Person {
  /** Hexadecimal of the leaf key: names a person for as long as the call lasts. */
  readonly key: string;
  readonly participantId: string;
  /** As sealed in the leaf's credential; equal names are numbered; empty when it cannot be read. */
  readonly name: string;
  readonly isSelf: boolean;
  readonly isHost: boolean;
  readonly standing: Standing;
  /** The server's word: this person's socket was lost (D8). */
  readonly isReconnecting: boolean;
  readonly flags: Flags;
  /** Epoch of the call that first had this person's leaf, as far as this client saw. */
  readonly arrivedEpoch: number;
}

/** Somebody who was in the tree and is not any more, as the merged commits tell. */
export interface Departure {
  /** As `Person.key`. */
  readonly key: string;
  /** As it was shown last. */
  readonly name: string;
  /** `server`: attested as lost (D8). `unknown`: it happened while this client was away. */
  readonly by: 'themselves' | 'host' | 'server' | 'unknown';
  /** The epoch that is without them. */
  readonly epoch: number;
}

/** Why the own media does not leave. */
export type Pause =
  | 'ALONE'
  | 'NOBODY_CONFIRMED'
  | 'WAITING_FOR_HOST'
  | 'ASK_ABOUT_HOST'
  | 'KICK_WITHHELD'
  | 'FORKED'
  | 'FROZEN';

/** How a call ended for this client; each has its own sentence in the app. */
export type ClosedReason =
  | 'LEFT'
  | 'REMOVED_BY_HOST'
  | 'REMOVED_BY_SERVER'
  | 'NO_SUCH_ROOM'
  | 'ENDED'
  | 'LINK_CHANGED'
  | 'ACCESS_DENIED'
  | 'ROOM_FULL'
  | 'ROOMS_NEED_TOKEN'
  | 'TOO_MANY'
  | 'SUPERSEDED'
  | 'FORKED'
  /** What the server gave to join does not stand up to the link: a policy, a suite or a host that is not the link's. */
  | 'REFUSED'
  | 'CANNOT_RECOVER'
  | 'NOT_ANSWERED';

export type CallPhase =
  | 'connecting'
  | 'ready'
  | 'asking'
  | 'waiting'
  | 'in'
  | 'reconnecting'
  | 'left'
  | 'closed';

/** The code that people compare outside this server (D23). */
export interface ShownCode {
  /** 30 digits in six groups. */
  readonly digits: string;
  readonly atUnixMs: number;
  readonly epoch: number;
}

export interface CallView {
  readonly phase: CallPhase;
  /** Present exactly when `phase` is `closed` or `left`. */
  readonly reason?: ClosedReason;
  readonly epoch?: number;
  /** In order of arrival, self included. */
  readonly people: readonly Person[];
  /** Of the last commits that removed somebody, the latest last; of this stay in the group. */
  readonly departures: readonly Departure[];
  readonly isHost: boolean;
  readonly hasHostPresent: boolean;
  readonly suite: 1 | 2;
  readonly lobby: boolean;
  /** Between a kick and its rotation nobody is let in (D10). */
  readonly isFrozen: boolean;
  readonly linkTrouble?: 'CANNOT_REMOVE' | 'CANNOT_CHANGE';
  /** How many knock and wait. */
  readonly waitingCount: number;
  /** The server's word, to hosts: how many asked with the link from before the change. */
  readonly oldLinkCount: number;
  readonly pause?: Pause;
  readonly code?: ShownCode;
  /** The link in force: what 'Copy link' copies. */
  readonly link: Link;
}
