/** Sending a commit: it is in flight until the server has answered; only then is it merged (D7). */
import {
  encodeGroupInfo,
  encodeTree,
  type Leaf,
  type OwnCommit,
  type Suite,
} from '@conclave/crypto/mls/engine';
import type { Bytes } from '@conclave/protocol/bytes';
import type { JudgedEntry } from './call-state.ts';
import type { CommitKind, EntryClaims } from './rules.ts';
import type { Turn } from './turn.ts';

export interface CommitToSend {
  readonly kind: CommitKind;
  readonly groupId: Bytes;
  /** The epoch that it ends. */
  readonly epoch: number;
  readonly own: OwnCommit;
  /** Of an external commit. */
  readonly judged?: JudgedEntry;
  readonly entry: EntryClaims;
  readonly removed: readonly Leaf[];
  readonly marker: Bytes;
  readonly suite: Suite;
  readonly welcomes: readonly { readonly participantId: string; readonly welcome: Bytes }[];
}

export async function sendCommit(turn: Turn, toSend: CommitToSend): Promise<void> {
  const { kind, groupId, epoch, own, judged, entry, removed, marker, suite, welcomes } = toSend;
  const request = turn.nextRequest();
  const { commit, state: next, consumed } = own;
  turn.set({
    inFlight: {
      request,
      kind,
      groupId,
      epoch,
      commit,
      next,
      removed,
      marker,
      consumed,
      sentAtMs: turn.nowMs,
      ...(judged && { entry: judged }),
    },
  });
  turn.send({
    t: 'commit',
    request,
    groupId,
    epoch,
    phase: entry.phase,
    commit,
    joined: [...entry.joined],
    left: [...entry.left],
    ...(entry.nextAccessHash && { nextAccessHash: entry.nextAccessHash }),
    groupInfo: await encodeGroupInfo(next, suite),
    tree: encodeTree(next),
    welcomes: [...welcomes],
  });
}
