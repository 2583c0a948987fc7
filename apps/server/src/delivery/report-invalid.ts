/**
 * report-invalid: members say that the newest commit cannot be processed; enough of them, and its epoch is current
 * again (D7). A kick, a rotation and a host's Remove are never taken back.
 *
 * @see SPEC.md V48, V49
 */
import type { ClientMessage } from '@conclave/protocol/wire';
import { renewAttestations } from './attestation.ts';
import type { Call, Reopening } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { notifyGroup } from './notify.ts';
import { isCurrent } from './point.ts';
import { refuse, type Session, sendToAll } from './session.ts';

type Report = Extract<ClientMessage, { t: 'report-invalid' }>;

const REPORTS_NEEDED = 2;

export async function handleReportInvalid(
  context: DeliveryContext,
  call: Call,
  session: Session,
  { groupId, epoch }: Report,
): Promise<void> {
  const { participantId, outlet } = session;
  if (!isCurrent(call, { groupId, epoch: epoch + 1 })) return refuse(outlet, 'WRONG_EPOCH');
  const { reopening } = call;
  if (session.isLogOnly || !reopening?.witnesses.has(participantId)) return refuse(outlet, 'NOT_ALLOWED');
  reopening.reporters.add(participantId);
  if (reopening.reporters.size < Math.min(REPORTS_NEEDED, reopening.witnesses.size)) return;
  const { group, members, forgotten } = reopening;
  const from = { groupId, epoch: epoch + 1 };
  if (!(await context.store.reopen(call.roomHash, from, { group, members, forgotten }))) return;
  applyReopening(context, call, reopening);
  sendToAll(call.sessions.values(), { t: 'reopened', groupId, epoch });
  renewAttestations(call);
  notifyGroup(call);
}

function applyReopening(context: DeliveryContext, call: Call, reopening: Reopening): void {
  const { author, group, members, forgotten } = reopening;
  call.reopening = undefined;
  call.group = group;
  call.refusedCommits.set(author, (call.refusedCommits.get(author) ?? 0) + 1);
  for (const participantId of forgotten) call.members.delete(participantId);
  for (const member of members) call.members.set(member.participantId, member);
  const nowMs = context.clock.nowMs();
  for (const participantId of [...forgotten, ...members.map((member) => member.participantId)]) {
    if (!call.isMember(participantId)) {
      call.absences.delete(participantId);
      context.sfu.expel(call, participantId);
    } else if (call.sessions.has(participantId)) context.sfu.admit(call, participantId);
    else call.markAbsent(participantId, nowMs, false);
  }
}
