/**
 * What a member knows when it judges a commit, and what the engine and the server say of that commit.
 */
import type { StagedCommit } from '@conclave/crypto/mls/stage';
import type { Bytes } from '@conclave/protocol/bytes';
import type { LogEntry } from '@conclave/protocol/wire';
import type { Policy, PolicyExpectation } from './policy.ts';

/**
 * `remove` also when several kinds of legal Removes stand together; `kick` and `freeze` freeze the group, `rotate` ends
 * that.
 */
export type CommitKind =
  | 'admit'
  | 'external'
  | 'resync'
  | 'remove'
  | 'kick'
  | 'rotate'
  | 'policy'
  | 'refresh'
  | 'freeze';

/** What a staged commit does; the engine's account without its states. */
export type CommitFacts = Omit<StagedCommit, 'state' | 'consumed'>;

/** What the log says of a commit (D7): the server acts on it without reading MLS, so it must be true. */
export type EntryClaims = Pick<LogEntry, 'phase' | 'joined' | 'left' | 'nextAccessHash'>;

/** The own derivation of the next link (D10). */
export interface RotationTruth {
  readonly linkId: Bytes;
  /** SHA-256(access'). */
  readonly accessHash: Bytes;
  /** Whether these bytes open under the new meta key to the old list and the old key (D20). */
  opensOldMeta(sealed: Bytes): Promise<boolean>;
}

/** Where a member stands when it judges: all of its own knowledge, none of the server's word but `entry`. */
export interface CommitContext extends PolicyExpectation {
  /** The epoch that the commit ends. */
  readonly epoch: number;
  /** Of the session: makes participant ids. */
  readonly callId: Bytes;
  /** Of the secret in force. */
  readonly linkId: Bytes;
  /** In force, verified. */
  readonly policy: Policy;
  /** Leaves before the commit. */
  readonly memberCount: number;
  /** 'unknown' for who has just come back by a resync: then either is taken, since others who know judge too. */
  readonly isFrozen: boolean | 'unknown';
  /**
   * A later link than the one in force is stored: a kick or a freeze was on its way when the state was lost. While it is
   * unknown what became of it, nobody is taken in: a server could hold the others apart, and let in whom they removed.
   */
  readonly isChangeDue?: boolean;
  /** The policy that kicks of hosts have brought since the freeze: the rotation must install it. */
  readonly pendingPolicy?: { readonly policy: Policy; readonly bytes: Bytes };
  /** Absent while the next link has not been derived: a rotation is then refused. */
  readonly rotated?: RotationTruth;
  readonly entry: EntryClaims;
}

/** The policy by which roles are judged: who is revoked by a kick is no host from that kick on. */
export function effectivePolicy(given: CommitContext): Policy {
  return given.pendingPolicy?.policy ?? given.policy;
}
