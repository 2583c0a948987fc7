/**
 * Store of live calls: what must survive a restart, and nothing else. Epochs move by compare-and-set in one
 * transaction. The server reads none of the bytes of `commit`, `groupInfo`, `tree` and `message`.
 *
 * @see SPEC.md V20–V22, V61
 */
import type { Bytes } from '@conclave/protocol/bytes';
import type { CommitPhase, LogEntry } from '@conclave/protocol/wire';

export interface StoredMember {
  readonly participantId: string;
  readonly leafKey: Bytes;
  readonly joinedEpoch: number;
  /** The epoch that the removing commit ended; null while a member. */
  readonly leftEpoch: number | null;
}

export interface StoredGroup {
  readonly groupId: Bytes;
  readonly epoch: number;
  readonly isFrozen: boolean;
  readonly groupInfo: Bytes;
}

export interface StoredCall {
  /** base64url of the SHA-256 of the room's id */
  readonly roomHash: string;
  readonly callId: Bytes;
  readonly hostKeyHash: Bytes;
  readonly accessHash: Bytes;
  readonly earlierAccessHashes: readonly Bytes[];
  /** PKCS #8 */
  readonly serverKey: Bytes;
  readonly group: StoredGroup | null;
  readonly members: readonly StoredMember[];
  readonly createdAtUnixMs: number;
}

export interface GroupPoint {
  readonly groupId: Bytes;
  readonly epoch: number;
}

/** A founding or a commit that is to take effect. */
export interface EpochChange {
  readonly group: StoredGroup;
  readonly tree: Bytes;
  /** Members that are new or whose epochs changed. */
  readonly members: readonly StoredMember[];
  /** The hash of the access that counts from now on, and of the one that it takes the place of. */
  readonly access: { readonly hash: Bytes; readonly earlier: Bytes } | undefined;
}

export interface CommitChange extends EpochChange {
  readonly entry: {
    readonly epoch: number;
    readonly phase: CommitPhase;
    readonly commit: Bytes;
    readonly joined: readonly string[];
    readonly left: readonly string[];
    readonly nextAccessHash: Bytes | undefined;
  };
}

/** A commit that is taken back. */
export interface ReopenChange {
  readonly group: StoredGroup;
  readonly members: readonly StoredMember[];
  /** Participants that were no members before the commit. */
  readonly forgotten: readonly string[];
}

export interface EntryMeasure {
  readonly epoch: number;
  /** Of commit, names and proposals. */
  readonly bytes: number;
}

export interface CallStore {
  loadCalls(): Promise<StoredCall[]>;
  createCall(call: StoredCall): Promise<void>;
  /** Puts a group in the place of `replaces` and forgets everything of that one; false when `replaces` is not current. */
  found(roomHash: string, replaces: GroupPoint | null, change: EpochChange): Promise<boolean>;
  /** Ends the epoch `from`; false when it is not the current one. */
  commit(roomHash: string, from: GroupPoint, change: CommitChange): Promise<boolean>;
  /** Takes the commit that led to `from` back; false when `from` is not current. */
  reopen(roomHash: string, from: GroupPoint, change: ReopenChange): Promise<boolean>;
  /** False when the epoch has as many as it may have. */
  addProposal(roomHash: string, epoch: number, message: Bytes): Promise<boolean>;
  /** Bytes of each entry that ends one of these epochs, inclusive, in order. */
  measureLog(roomHash: string, fromEpoch: number, toEpoch: number): Promise<EntryMeasure[]>;
  /** Entries that end the epochs `fromEpoch` to `toEpoch`, inclusive, in order, with their proposals. */
  readLog(roomHash: string, fromEpoch: number, toEpoch: number): Promise<LogEntry[]>;
  readProposals(roomHash: string, epoch: number): Promise<Bytes[]>;
  readTree(roomHash: string, epoch: number): Promise<Bytes | undefined>;
  /** Deletes every row of the call and overwrites what the files held of it. */
  deleteCall(roomHash: string): Promise<void>;
  close(): Promise<void>;
}
