/**
 * commit: ends the current epoch by compare-and-set, `left` before `joined`, and hands each its own part (D7).
 *
 * @see SPEC.md V36–V47
 */
import { WELCOME_TREE_BYTES_MAX } from '@conclave/protocol/limits';
import type { CommitChange, StoredGroup, StoredMember } from '../store/call-store.ts';
import { renewAttestations } from './attestation.ts';
import type { Call, Reopening } from './call.ts';
import { changeAccess } from './change-access.ts';
import { type CommitRequest, judgeCommit } from './commit-check.ts';
import type { DeliveryContext } from './context.ts';
import { briefMember, notifyGroup } from './notify.ts';
import { isCurrent } from './point.ts';
import { endSession, markPresent } from './presence.ts';
import { refuse, type Session, sendTo, sendToAll } from './session.ts';

export async function handleCommit(
  context: DeliveryContext,
  call: Call,
  session: Session,
  message: CommitRequest,
): Promise<void> {
  const { request } = message;
  const before = call.group;
  if (session.isLogOnly) return refuse(session.outlet, 'NOT_ALLOWED', request);
  if (before === null) return refuse(session.outlet, 'NO_GROUP', request);
  if (!isCurrent(call, message)) return sendEpochTaken(call, session, request);
  const refusal = judgeCommit(call, session, message);
  if (refusal !== undefined) return refuse(session.outlet, refusal, request);
  const change = changeOf(call, before, message);
  if (!(await context.store.commit(call.roomHash, message, change))) {
    return sendEpochTaken(call, session, request);
  }
  const others = call.memberSessions().filter((other) => other !== session);
  call.reopening = reopeningOf(call, before, session, message);
  applyChange(call, change);
  sendTo(session.outlet, { t: 'accepted', request, epoch: change.group.epoch });
  relayCommit(others, message);
  applyLeft(context, call, message);
  applyJoined(context, call, message);
  changeAccess(context, call, change);
  renewAttestations(call);
  notifyGroup(call);
}

function sendEpochTaken(call: Call, { outlet }: Session, request: number): void {
  const { epoch, groupId } = call.group ?? { epoch: 0, groupId: null };
  sendTo(outlet, { t: 'epoch-taken', request, epoch, groupId });
}

function changeOf(call: Call, before: StoredGroup, message: CommitRequest): CommitChange {
  const { epoch, phase, commit, joined, left, nextAccessHash } = message;
  const isFrozen = phase === 'kick' || (phase === 'none' && before.isFrozen);
  return {
    group: { groupId: before.groupId, epoch: epoch + 1, isFrozen, groupInfo: message.groupInfo },
    tree: message.tree,
    members: membersAfter(call, message),
    entry: { epoch, phase, commit, joined, left, nextAccessHash },
    access: nextAccessHash && { hash: nextAccessHash, earlier: call.accessHash },
  };
}

/** Those whose epochs change; who leaves and joins in one commit is a member again from it on. */
function membersAfter(call: Call, { epoch, joined, left }: CommitRequest): StoredMember[] {
  const changed = new Map<string, StoredMember>();
  for (const participantId of left) {
    const member = call.members.get(participantId);
    if (member !== undefined) changed.set(participantId, { ...member, leftEpoch: epoch });
  }
  for (const participantId of joined) {
    const leafKey = call.leafKeyOf(participantId);
    if (leafKey === undefined) continue;
    changed.set(participantId, { participantId, leafKey, joinedEpoch: epoch + 1, leftEpoch: null });
  }
  return [...changed.values()];
}

/** What a report would need to take this commit back; a kick, a rotation and a host's Remove are never taken back. */
function reopeningOf(
  call: Call,
  before: StoredGroup,
  session: Session,
  { phase, joined, left }: CommitRequest,
): Reopening | undefined {
  if (phase !== 'none' || (session.isHost && left.length > 0)) return undefined;
  const touched = new Set([...joined, ...left]);
  const known = [...touched].filter((id) => call.members.has(id));
  const witnesses = call.currentMembers().map((member) => member.participantId);
  return {
    author: session.participantId,
    group: before,
    members: known.flatMap((id) => call.members.get(id) ?? []),
    forgotten: [...touched].filter((id) => !call.members.has(id)),
    witnesses: new Set(witnesses.filter((id) => id !== session.participantId && !left.includes(id))),
    reporters: new Set(),
  };
}

function applyChange(call: Call, change: CommitChange): void {
  call.group = change.group;
  for (const member of change.members) call.members.set(member.participantId, member);
  call.proposalCounts.clear();
}

function relayCommit(sessions: readonly Session[], message: CommitRequest): void {
  const { groupId, epoch, phase, commit, joined, left, nextAccessHash } = message;
  sendToAll(sessions, {
    t: 'commit',
    groupId,
    epoch,
    phase,
    commit,
    joined,
    left,
    ...(nextAccessHash === undefined ? {} : { nextAccessHash }),
  });
}

function applyLeft(context: DeliveryContext, call: Call, { left, joined }: CommitRequest): void {
  for (const participantId of left) {
    call.absences.delete(participantId);
    context.sfu.expel(call, participantId);
    const session = call.sessions.get(participantId);
    if (session === undefined || session.isLogOnly || joined.includes(participantId)) continue;
    endSession(context, call, session, { hasLeft: true });
    refuse(session.outlet, 'REMOVED');
  }
}

function applyJoined(context: DeliveryContext, call: Call, message: CommitRequest): void {
  const { groupId, epoch, joined, welcomes, tree } = message;
  const treeAlong = tree.length <= WELCOME_TREE_BYTES_MAX ? { tree } : {};
  const nowMs = context.clock.nowMs();
  for (const participantId of joined) call.knocks.delete(participantId);
  for (const participantId of joined) {
    const session = call.sessions.get(participantId);
    if (session === undefined || session.isLogOnly) {
      call.markAbsent(participantId, nowMs, false);
      continue;
    }
    context.sfu.admit(call, participantId);
    const welcome = welcomes.find((entry) => entry.participantId === participantId)?.welcome;
    if (welcome !== undefined) {
      sendTo(session.outlet, { t: 'welcome', groupId, epoch: epoch + 1, welcome, ...treeAlong });
    }
    markPresent(call, participantId, nowMs);
    briefMember(call, session);
  }
}
