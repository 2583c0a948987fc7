/**
 * found: the holder of the host key puts a group into a room that has none, or in the place of one in which nobody
 * is connected (D4, D7).
 *
 * @see SPEC.md V29, V30
 */
import type { ClientMessage } from '@conclave/protocol/wire';
import type { Call } from './call.ts';
import { changeAccess } from './change-access.ts';
import type { DeliveryContext } from './context.ts';
import { notifyGroup } from './notify.ts';
import { isCurrent } from './point.ts';
import { markPresent } from './presence.ts';
import { refuse, type Session, sendTo } from './session.ts';

type Found = Extract<ClientMessage, { t: 'found' }>;

export async function handleFound(
  context: DeliveryContext,
  call: Call,
  session: Session,
  { request, replaces, groupId, groupInfo, tree, nextAccessHash }: Found,
): Promise<void> {
  const { participantId, leafKey, outlet } = session;
  if (!session.isHost || session.isLogOnly) return refuse(outlet, 'NOT_ALLOWED', request);
  const mayFound = isCurrent(call, replaces) && call.isDeserted(participantId);
  const group = { groupId, epoch: 0, isFrozen: false, groupInfo };
  const founder = { participantId, leafKey, joinedEpoch: 0, leftEpoch: null };
  const access = nextAccessHash && { hash: nextAccessHash, earlier: call.accessHash };
  const change = { group, tree, members: [founder], access };
  // Else whoever was removed could come in with the link that was to be changed.
  if (mayFound && call.group?.isFrozen && access === undefined) {
    return refuse(outlet, 'NOT_ALLOWED', request);
  }
  if (!mayFound || !(await context.store.found(call.roomHash, replaces, change))) {
    sendTo(outlet, {
      t: 'epoch-taken',
      request,
      epoch: call.group?.epoch ?? 0,
      groupId: call.group?.groupId ?? null,
    });
    return;
  }
  const former = call.currentMembers().map((member) => member.participantId);
  call.group = group;
  call.members.clear();
  call.members.set(participantId, founder);
  call.absences.clear();
  call.proposalCounts.clear();
  call.refusedCommits.clear();
  call.reopening = undefined;
  call.knocks.clear();
  sendTo(outlet, { t: 'accepted', request, epoch: 0 });
  for (const gone of former) if (gone !== participantId) context.sfu.expel(call, gone);
  context.sfu.admit(call, participantId);
  markPresent(call, participantId, context.clock.nowMs());
  changeAccess(context, call, change);
  notifyGroup(call);
}
