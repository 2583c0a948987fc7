/**
 * Receiving: commits and proposals of others, from the socket or from the log. A commit is staged by the engine, judged
 * by the rules, and only then merged; what is refused leaves the state as it was and is reported (D7).
 *
 * @see SPEC.md C65–C69
 */
import {
  eraseKeyPackage,
  eraseState,
  receiveProposal,
  type StagedCommit,
  stage,
} from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import { askLog, beStuck } from './asking.ts';
import type { CallState, CommitNews, InFlight, Member } from './call-state.ts';
import { judgeEntry } from './external.ts';
import { dropMember, ownCommits, takeOut } from './giving-up.ts';
import { isOutdated, pskSecrets } from './held-links.ts';
import { merge } from './merging.ts';
import { type CommitContext, type CommitKind, judgeCommit } from './rules.ts';
import type { Turn } from './turn.ts';

/** A commit of the own group. One of an earlier epoch is a repetition; one of a later epoch means that some are missing. */
export async function receiveCommit(turn: Turn, news: CommitNews, isFromLog: boolean): Promise<void> {
  const { member } = turn.state;
  if (member === undefined || news.epoch < member.epoch) return;
  if (news.epoch > member.epoch) {
    if (member.stuckSinceMs !== undefined && news.phase === 'rotate') turn.setMember({ isThawSeen: true });
    if (!isFromLog && member.stuckSinceMs === undefined) askLog(turn);
    return;
  }
  const own = ownCommits(turn.state).find(({ commit }) => equalBytes(commit, news.commit));
  if (own !== undefined) return (await mergeOwn(turn, own)) ? undefined : beStuck(turn, 'OWN_COMMIT');
  const staged = await stage(member.group, turn.state.suite, news.commit, pskSecrets(turn.state));
  if (!staged.ok) {
    // A proposal may have got lost: the log holds an epoch's proposals with its commit.
    const mayBeInLog = staged.error.code === 'UNKNOWN_REFERENCE' && !isFromLog;
    return mayBeInLog ? askLog(turn) : refuse(turn, news, staged.error.code);
  }
  const judged = await judgeCommit(staged.value, contextOf(turn.state, member, news));
  if (!judged.ok) return refuse(turn, news, judged.error.code);
  await take(turn, staged.value, judged.value);
}

/** A rotation that cannot be taken ends the others' freeze all the same: one may come back under the next link. */
function refuse(turn: Turn, { phase }: CommitNews, code: string): void {
  beStuck(turn, code);
  if (phase === 'rotate') turn.setMember({ isThawSeen: true });
}

async function take(turn: Turn, staged: StagedCommit, kind: CommitKind): Promise<void> {
  if (staged.self === 'out') return goOut(turn, staged, kind);
  await merge(turn, staged.state, {
    kind,
    removed: staged.removed,
    by: staged.committer.signatureKey,
    marker: staged.authenticatedData,
    consumed: staged.consumed,
  });
}

/** Merges an own commit that the server has taken. @returns false where it does not continue what this client knows */
export async function mergeOwn(turn: Turn, inFlight: InFlight): Promise<boolean> {
  const { ownKey, member } = turn.state;
  if (!(await continues(turn.state, inFlight))) return false;
  takeOut(turn, inFlight);
  const isEntry = inFlight.kind === 'external' || inFlight.kind === 'resync';
  const old = member;
  await merge(turn, inFlight.next, {
    kind: inFlight.kind === 'resync' ? 'returned' : inFlight.kind,
    removed: inFlight.removed,
    by: ownKey,
    marker: inFlight.marker,
    consumed: inFlight.consumed,
  });
  if (isEntry && old !== undefined) eraseState(old.group);
  if (!isEntry) return true;
  if (turn.state.knock !== undefined) eraseKeyPackage(turn.state.knock.keyPackage);
  const isResync = inFlight.kind === 'resync';
  turn.set({
    knock: undefined,
    welcome: undefined,
    external: undefined,
    resyncsAtMs: isResync ? [...turn.state.resyncsAtMs.slice(-8), turn.nowMs] : turn.state.resyncsAtMs,
  });
  return true;
}

/** Made from the current state; or a way in that would be taken now, too: since it was sent somebody may have been kicked. */
async function continues(state: CallState, { groupId, epoch, entry }: InFlight): Promise<boolean> {
  const { member } = state;
  if (entry !== undefined) return (await judgeEntry(state, entry.joining, entry.claim)) === undefined;
  return member !== undefined && member.epoch === epoch && equalBytes(member.groupId, groupId);
}

/**
 * A commit removes the own leaf. A host's word ends the call for this person; what the server attested, or another
 * device with the same key, does not: one knocks anew (D24).
 */
function goOut(turn: Turn, staged: StagedCommit, kind: CommitKind): void {
  const { leaving } = turn.state;
  const isResync = staged.sender === 'external';
  dropMember(turn);
  turn.set({ wantedHosts: [] });
  if (leaving !== undefined) return;
  if (isResync) {
    turn.close('SUPERSEDED');
    return;
  }
  const isAttested = kind === 'remove' && staged.authenticatedData.length > 0;
  if (!isAttested) turn.close('REMOVED_BY_HOST');
}

/** A leave proposal. One that the engine refuses is of another epoch or a forgery: either way it is nobody's. */
export async function receiveLeaveProposal(turn: Turn, message: Bytes): Promise<void> {
  const { member, suite } = turn.state;
  if (member === undefined) return;
  const received = await receiveProposal(member.group, suite, message);
  if (!received.ok) return;
  const { state: group, reference, removed } = received.value;
  const isKnown = member.proposals.some((proposal) => equalBytes(proposal.reference, reference));
  const proposals = isKnown
    ? member.proposals
    : [...member.proposals, { reference, leafKey: removed.signatureKey }];
  turn.setMember({ group, proposals });
}

function contextOf(state: CallState, member: Member, entry: CommitNews): CommitContext {
  const { roomId, hostKeyHash, suite } = state.identity.link;
  const { freeze, next, held } = member;
  return {
    groupId: member.groupId,
    roomId,
    hostKeyHash,
    suite,
    epoch: member.epoch,
    callId: state.session?.callId ?? new Uint8Array(0),
    linkId: held.keys.linkId,
    policy: member.policy,
    memberCount: member.leaves.length,
    isFrozen: freeze !== undefined ? true : member.isFreezeUnknown ? 'unknown' : false,
    isChangeDue: isOutdated(state, held),
    ...(freeze?.pendingPolicy && { pendingPolicy: freeze.pendingPolicy }),
    ...(next && { rotated: next }),
    entry,
  };
}
