/**
 * A live call in memory: the store's rows, and what lives only as long as this process: sessions, knocks, who is
 * missing, what can still be taken back. Rules that change it stand in the files beside, one for each message.
 *
 * @see SPEC.md V20–V59
 */
import type { Bytes } from '@conclave/protocol/bytes';
import { LEAF_KEYS_PER_CALL_MAX } from '../delivery-limits.ts';
import type { StoredCall, StoredGroup, StoredMember } from '../store/call-store.ts';
import type { ServerKey } from './server-key.ts';
import type { Session } from './session.ts';

export interface Knock {
  readonly groupId: Bytes;
  readonly sealed: Bytes;
}

/** A member without a live session. */
export interface Absence {
  readonly sinceMs: number;
  /** Left by the button: nobody waits for it to reconnect. */
  readonly hasLeft: boolean;
  /** Others were told that it is reconnecting. */
  isShown: boolean;
  /** The server has signed that its socket is gone (D8). */
  isAttested: boolean;
}

/** The newest commit, as long as it can be taken back (D7). */
export interface Reopening {
  readonly author: string;
  /** Before the commit. */
  readonly group: StoredGroup;
  readonly members: readonly StoredMember[];
  readonly forgotten: readonly string[];
  /** Whose reports count: members before and after it, its author excepted. */
  readonly witnesses: ReadonlySet<string>;
  readonly reporters: Set<string>;
}

export class Call {
  readonly roomHash: string;
  readonly callId: Bytes;
  readonly hostKeyHash: Bytes;
  readonly serverKey: ServerKey;
  readonly createdAtUnixMs: number;
  accessHash: Bytes;
  readonly earlierAccessHashes: Bytes[];
  group: StoredGroup | null;
  /** Everybody that ever was a member of this group, by participant id. */
  readonly members: Map<string, StoredMember>;
  /** The live session of each participant: members, those who wait, those who only read the log. */
  readonly sessions = new Map<string, Session>();
  readonly knocks = new Map<string, Knock>();
  readonly absences = new Map<string, Absence>();
  /** When the first member came back after a time with none; absences count from then on (D8). */
  membersSinceMs = 0;
  /** When the last socket went; undefined while there is one. */
  emptySinceMs: number | undefined;
  reopening: Reopening | undefined;
  /** Reopened commits by author. */
  readonly refusedCommits = new Map<string, number>();
  /** Proposals of the current epoch by their sender. */
  readonly proposalCounts = new Map<string, number>();
  /** Leaf keys that were shown with an access from before the change. */
  readonly oldLinkLeafKeys = new Set<string>();
  pendingBeats: Bytes[] = [];
  cancelBeatFlush: (() => void) | undefined;
  hasEnded = false;
  readonly #leafKeys = new Map<string, Bytes>();

  constructor(stored: StoredCall, serverKey: ServerKey, nowMs: number) {
    this.roomHash = stored.roomHash;
    this.callId = stored.callId;
    this.hostKeyHash = stored.hostKeyHash;
    this.serverKey = serverKey;
    this.createdAtUnixMs = stored.createdAtUnixMs;
    this.accessHash = stored.accessHash;
    this.earlierAccessHashes = [...stored.earlierAccessHashes];
    this.group = stored.group;
    this.members = new Map(stored.members.map((member) => [member.participantId, member]));
    this.emptySinceMs = nowMs;
    for (const member of this.currentMembers()) this.markAbsent(member.participantId, nowMs, false);
  }

  isMember(participantId: string): boolean {
    return this.members.get(participantId)?.leftEpoch === null;
  }

  currentMembers(): StoredMember[] {
    return [...this.members.values()].filter((member) => member.leftEpoch === null);
  }

  /** Live sessions of members; those who show an earlier access only read the log and do not count. */
  memberSessions(): Session[] {
    return [...this.sessions.values()].filter(
      (session) => !session.isLogOnly && this.isMember(session.participantId),
    );
  }

  /** Live sessions of those who want in. */
  waitingSessions(): Session[] {
    return [...this.sessions.values()].filter(
      (session) => !session.isLogOnly && !this.isMember(session.participantId),
    );
  }

  /** True when no member other than `participantId` has a live session: the host may found anew (D7). */
  isDeserted(participantId?: string): boolean {
    return this.memberSessions().every((session) => session.participantId === participantId);
  }

  markAbsent(participantId: string, sinceMs: number, hasLeft: boolean): void {
    this.absences.set(participantId, { sinceMs, hasLeft, isShown: false, isAttested: false });
  }

  rememberLeafKey(participantId: string, leafKey: Bytes): void {
    this.#leafKeys.delete(participantId);
    this.#leafKeys.set(participantId, leafKey);
    const [oldest] = this.#leafKeys.keys();
    if (oldest !== undefined && this.#leafKeys.size > LEAF_KEYS_PER_CALL_MAX) this.#leafKeys.delete(oldest);
  }

  /** Leaf key of a participant that has said hello to this call or is a member; undefined for any other id. */
  leafKeyOf(participantId: string): Bytes | undefined {
    return this.#leafKeys.get(participantId) ?? this.members.get(participantId)?.leafKey;
  }
}
