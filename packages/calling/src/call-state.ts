/**
 * What one client knows of a call, and what goes in and out of the call machine. The state is immutable: a step gives a
 * new one. It holds keys, so it never leaves the worker that runs it.
 *
 * @see SPEC.md C50–C55
 */
import type { Link } from '@conclave/crypto/link';
import type { LinkKeys } from '@conclave/crypto/link-keys';
import type {
  GroupState,
  Joining,
  Leaf,
  OwnKeyPackage,
  SigningKey,
  Suite,
} from '@conclave/crypto/mls/engine';
import type { Bytes } from '@conclave/protocol/bytes';
import type { ClientMessage, LogEntry, ServerMessage } from '@conclave/protocol/wire';
import type { EpochHash } from './beat.ts';
import type { Ledger } from './confirmations.ts';
import type { MediaContext, MediaInstruction } from './media-instruction.ts';
import type { MediaSchedule } from './media-schedule.ts';
import type { VerifiedPolicy } from './policy.ts';
import type { Roster } from './roster.ts';
import type { NextLink } from './rotation.ts';
import type { CommitKind } from './rules.ts';
import type { CallView, ClosedReason, Departure, Flags, Pause, ShownCode } from './view.ts';

export type Session = Extract<ServerMessage, { t: 'session' }>;

export type CallEvent =
  /** The server answered a hello; `link` is the one that it showed, the one in force when left out. */
  | { readonly t: 'connected'; readonly session: Session; readonly link?: Link }
  | { readonly t: 'disconnected' }
  | { readonly t: 'message'; readonly message: ServerMessage }
  /** Answers `fetch-tree`; undefined when it could not be had. */
  | {
      readonly t: 'tree';
      readonly groupId: Bytes;
      readonly epoch: number;
      readonly tree: Bytes | undefined;
    }
  | { readonly t: 'wake' }
  /** The person wants in: before it nothing is knocked at and nothing founded. */
  | { readonly t: 'join'; readonly name?: string }
  | { readonly t: 'leave' }
  /** A host lets somebody in who waits (lobby on). */
  | { readonly t: 'admit'; readonly participantId: string }
  | { readonly t: 'kick'; readonly leafKey: Bytes }
  | { readonly t: 'make-host'; readonly leafKey: Bytes }
  | { readonly t: 'change-link' }
  | { readonly t: 'set-flags'; readonly flags: Flags }
  /** What is sealed under this epoch; beats of another epoch must not name these counters. */
  | {
      readonly t: 'set-contexts';
      readonly epoch: number | undefined;
      readonly contexts: readonly MediaContext[];
    }
  | { readonly t: 'show-code' }
  /** Answers "Ada has not confirmed that she is here. Continue?" */
  | { readonly t: 'go-on' };

export type CallEffect =
  | { readonly t: 'send'; readonly message: ClientMessage }
  | { readonly t: 'fetch-tree'; readonly groupId: Bytes; readonly epoch: number }
  /** Replaces the wake asked for before. */
  | { readonly t: 'wake'; readonly atMs: number }
  | { readonly t: 'media'; readonly instruction: MediaInstruction }
  /**
   * To be stored before anything else of this step is done. Without `replaces` the link may come into force: it is written
   * beside the others. With it the link is in force, and all others are deleted: a server together with somebody whom a
   * host kicked could lure a reloaded page back with them.
   */
  | {
      readonly t: 'store-link';
      readonly link: Link;
      readonly replaces: Link | undefined;
      /** Hexadecimal leaf keys of whom hosts have removed, to be stored with the links: see `CallIdentity.kickedKeys`. */
      readonly kickedKeys: readonly string[];
    }
  /** Close the socket and say hello again, with the link stored last: this session gave all that it could. */
  | { readonly t: 'reconnect' }
  | { readonly t: 'view'; readonly view: CallView }
  | { readonly t: 'closed'; readonly reason: ClosedReason };

export interface CallPorts {
  /** At least 0, below 1; for spreading in time, never for keys. */
  random(): number;
  /** For tests that must repeat themselves: instead of the epoch's own secret; 32 bytes. */
  unsafeTestingRankSecret?(epoch: number): Bytes;
}

export interface CallIdentity {
  /** Of kind `e2ee`. */
  readonly link: Link;
  /** Other links stored for this room, of earlier and later rotations. */
  readonly otherLinks?: readonly Link[];
  /** Stored with these links: nobody of them is in a call of any but the latest link that this client enters. */
  readonly kickedKeys?: readonly string[];
  readonly signingKey: SigningKey;
  readonly suite: Suite;
  /** May come with `join` instead. */
  readonly name?: string;
}

/** A link and what is derived from it. */
export interface HeldLink {
  readonly link: Link;
  readonly keys: LinkKeys;
}

export interface Freeze {
  readonly sinceMs: number;
  /** Signature key of the committer: first in the order of those who rotate. */
  readonly by: Bytes;
  readonly pendingPolicy: { readonly policy: VerifiedPolicy; readonly bytes: Bytes } | undefined;
}

/** Membership in one epoch of one group. */
export interface Member {
  readonly group: GroupState;
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly leaves: readonly Leaf[];
  readonly policy: VerifiedPolicy;
  readonly policyBytes: Bytes;
  /** In force: of the secret that this epoch's `link_id` names. */
  readonly held: HeldLink;
  readonly oldMetaKeys: readonly Bytes[];
  readonly freeze: Freeze | undefined;
  /** After a resync: whether the group is frozen was not seen. */
  readonly isFreezeUnknown: boolean;
  readonly next: NextLink | undefined;
  /** By hexadecimal leaf key: the epoch that first had it. */
  readonly arrivals: ReadonlyMap<string, number>;
  readonly rankSecret: Bytes;
  /** Drawn once an epoch, for the ranks that wait at random. */
  readonly rankRandom: number;
  readonly mergedAtMs: number;
  readonly lastPathAtMs: number;
  /** Leave proposals of this epoch. */
  readonly proposals: readonly { readonly reference: Bytes; readonly leafKey: Bytes }[];
  /** By hexadecimal leaf key: the server's signature for this epoch. */
  readonly attestations: ReadonlyMap<string, Bytes>;
  readonly wishSinceMs: ReadonlyMap<string, number>;
  /** Names of wishes of this epoch of which the engine could make no commit. */
  readonly unmakeable: ReadonlySet<string>;
  /** The commit that ends this epoch could not be taken. */
  readonly stuckSinceMs: number | undefined;
  /** While stuck, a rotation was seen: the group is not frozen any more, so that a resync is legal. */
  readonly isThawSeen: boolean;
  /** The policy of the epoch before, while the commit that brought this one may be taken back (D7). */
  readonly policyBefore: { readonly policy: VerifiedPolicy; readonly bytes: Bytes } | undefined;
  /** The server took that commit back. */
  readonly isTakenBack: boolean;
}

/** How an epoch came about. */
export interface Advent {
  readonly kind: CommitKind | 'founded' | 'welcomed' | 'returned';
  readonly removed: readonly Leaf[];
  /** Signature key of the committer, for commits that were seen. */
  readonly by?: Bytes;
  readonly marker: Bytes;
  readonly consumed: readonly Uint8Array[];
}

/** A commit that was sent and not answered. */
export interface InFlight {
  readonly request: number;
  readonly kind: CommitKind;
  readonly groupId: Bytes;
  /** The epoch that it ends. */
  readonly epoch: number;
  readonly commit: Bytes;
  readonly next: GroupState;
  readonly removed: readonly Leaf[];
  readonly marker: Bytes;
  readonly consumed: readonly Uint8Array[];
  readonly sentAtMs: number;
  /** Of an external commit: what was judged before it was made. It is judged again before it is merged. */
  readonly entry?: JudgedEntry;
}

/** Which group is entered, by which way, under which link. */
export interface EntryClaim {
  readonly groupId: Bytes;
  readonly held: HeldLink;
  readonly way: 'welcome' | 'external' | 'resync';
}

export interface JudgedEntry {
  readonly joining: Joining;
  readonly claim: EntryClaim;
}

/** Of a group that this client was in: the least that it must be to be entered again (G6). */
export interface SeenGroup {
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly policy: VerifiedPolicy;
  readonly bytes: Bytes;
}

export interface Founding {
  readonly request: number;
  readonly groupId: Bytes;
  readonly group: GroupState;
  /** The link that the group begins under. */
  readonly held: HeldLink;
  readonly sentAtMs: number;
}

export interface OwnKnock {
  readonly keyPackage: OwnKeyPackage;
  readonly groupId: Bytes;
  /** Of the server's latest word on the group; the fallback waits from there. */
  readonly epoch: number;
  readonly sinceMs: number;
  readonly firstMs: number;
  /** The group's policy does not let anybody in without a click, or is frozen: no fallback. */
  readonly isLobby: boolean;
}

export interface WelcomeAtHand {
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly welcome: Bytes;
  readonly sinceMs: number;
}

/** Joining, or coming back, by an external commit. */
export interface External {
  readonly stage: 'info' | 'tree' | 'commit';
  readonly request: number;
  readonly groupInfo: Bytes | undefined;
  readonly groupId: Bytes | undefined;
  readonly epoch: number;
  readonly sinceMs: number;
}

/** Somebody who knocks, opened and checked. */
export interface Knocking {
  readonly participantId: string;
  readonly keyPackage: Bytes;
  readonly reference: string;
  readonly leafKey: Bytes;
}

export interface Leaving {
  readonly sinceMs: number;
  readonly step: 'successor' | 'proposed';
  /** Of the last proposal. */
  readonly proposedEpoch: number;
}

/** What is known from beats, and when own beats go out. */
export interface Hearing {
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly ownHashes: readonly EpochHash[];
  /** Of the next own beat in this epoch. */
  readonly seq: number;
  readonly lastBeatAtMs: number;
  readonly beatDueAtMs: number;
  readonly mustAsk: boolean;
  /** When a beat first told of a later epoch than mine. */
  readonly behindSinceMs: number | undefined;
  /** A host has confirmed since this client came into the group, or the person goes on without one (G21). */
  readonly isHostSettled: boolean;
  /** This epoch's number was used before with other keys: an own empty commit moves on before anything is sent (D12). */
  readonly mustRefresh: boolean;
}

export interface CallState {
  readonly identity: CallIdentity;
  readonly ownKey: Bytes;
  readonly ports: CallPorts;
  readonly suite: Suite;
  /** The link in force first. */
  readonly links: readonly HeldLink[];
  /** The one that this session's hello showed. */
  readonly shown: HeldLink | undefined;
  readonly name: string;
  readonly session: Session | undefined;
  /** What the server said of the group before this machine was told of its session. */
  readonly groupNews: Pick<Session, 'group' | 'isDeserted'> | undefined;
  readonly wasConnected: boolean;
  readonly wantsIn: boolean;
  /** Since when a frozen group has been waited for with a leaf in it and no state. */
  readonly shutOutSinceMs: number;
  readonly closed: ClosedReason | undefined;
  readonly founding: Founding | undefined;
  readonly knock: OwnKnock | undefined;
  readonly welcome: WelcomeAtHand | undefined;
  readonly external: External | undefined;
  readonly member: Member | undefined;
  readonly inFlight: InFlight | undefined;
  /**
   * Own commits that were given up: should the log hold one after all, only this copy can follow it, since an own commit
   * cannot be staged. They are of the member's current state, or ways into its group: see `keepWhatContinues`.
   */
  readonly shelved: readonly InFlight[];
  /** Groups that this client was in, the latest last. */
  readonly seenGroups: readonly SeenGroup[];
  /** After a commit that was not taken, the next one comes no sooner. */
  readonly commitAfterMs: number;
  /** Commits that overtook the own entry. */
  readonly early: readonly Extract<ServerMessage, { t: 'commit' }>[];
  /** A request for the log that was not answered yet. */
  readonly log:
    | { readonly request: number; readonly fromEpoch: number; readonly sinceMs: number }
    | undefined;
  readonly knocks: readonly Knocking[];
  readonly admitted: ReadonlySet<string>;
  readonly usedReferences: ReadonlySet<string>;
  readonly lastAdmissionAtMs: number;
  readonly kicks: readonly { readonly leafKey: Bytes; readonly sinceMs: number }[];
  /** Hexadecimal keys that a host removed: never in a group that I come back to. */
  readonly kickedKeys: ReadonlySet<string>;
  /** Hexadecimal keys that were in the tree and were not kicked: let in again without a click (D24). */
  readonly formerKeys: ReadonlySet<string>;
  readonly wantsNewLinkSinceMs: number | undefined;
  readonly wantedHosts: readonly Bytes[];
  readonly leaving: Leaving | undefined;
  /** Why something that came from outside was refused last: a code, for logs and tests. */
  readonly refused: string | undefined;
  readonly departures: readonly Departure[];
  /** Own resyncs that were taken. */
  readonly resyncsAtMs: readonly number[];
  /** Since when this client has been trying to come back. */
  readonly returningSinceMs: number | undefined;
  /** The next attempt to enter by an external commit comes no sooner. */
  readonly retryAtMs: number;
  readonly lostParticipants: ReadonlySet<string>;
  readonly oldLinkCount: number;
  readonly flags: Flags;
  readonly contexts: readonly MediaContext[];
  /** The epoch that `contexts` counts in. */
  readonly contextsEpoch: number | undefined;
  readonly hearing: Hearing;
  readonly schedule: MediaSchedule;
  readonly pause: Pause | undefined;
  /** Hexadecimal keys of hosts without whom the person went on. */
  readonly wentOnWithout: ReadonlySet<string>;
  readonly code: ShownCode | undefined;
  readonly requestCount: number;
  readonly shownView: string;
  readonly wakeAtMs: number | undefined;
}

export type CommitNews = Pick<LogEntry, 'epoch' | 'phase' | 'commit' | 'joined' | 'left' | 'nextAccessHash'>;
