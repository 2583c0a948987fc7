/**
 * Presence: which members have a live session, who is shown as reconnecting, whom the server attests as gone, and
 * when a call is over because nobody is left (D8, D24, D26).
 *
 * @see SPEC.md V50–V55
 */
import {
  ATTESTATION_DELAY_MS,
  EMPTY_CALL_LIFETIME_MS,
  RECONNECTING_DELAY_MS,
  UNFOUNDED_ROOM_LIFETIME_MS,
} from '@conclave/protocol/limits';
import { sendAttestation } from './attestation.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { endCall } from './end-call.ts';
import { notifyGroup } from './notify.ts';
import { type Session, sendToAll } from './session.ts';

/** A participant with a live session became a member, or a member's session came (back). */
export function markPresent(call: Call, participantId: string, nowMs: number): void {
  const absence = call.absences.get(participantId);
  call.absences.delete(participantId);
  const members = call.memberSessions();
  if (members.length === 1 && members[0]?.participantId === participantId) {
    call.membersSinceMs = nowMs;
    // Whoever was lost before everybody was has the time to come back, too
    for (const other of call.absences.values()) other.isAttested = false;
  }
  if (absence?.isShown || absence?.isAttested) {
    const others = members.filter((session) => session.participantId !== participantId);
    sendToAll(others, { t: 'connection', participantId, isConnected: true });
  }
}

/** Takes a session out of its call: its tickets die, its knock goes, a member counts as missing from now on. */
export function endSession(
  context: DeliveryContext,
  call: Call,
  session: Session,
  { hasLeft }: { hasLeft: boolean },
): void {
  const { participantId } = session;
  if (call.sessions.get(participantId) !== session) return;
  const wasMember = !session.isLogOnly && call.isMember(participantId);
  call.sessions.delete(participantId);
  context.sessionsByToken.delete(session.sessionToken);
  context.sfu.endSession(call, session);
  const nowMs = context.clock.nowMs();
  if (call.sessions.size === 0) call.emptySinceMs = nowMs;
  if (call.knocks.delete(participantId)) sendToAll(call.memberSessions(), { t: 'knock-gone', participantId });
  if (!wasMember) return;
  call.markAbsent(participantId, nowMs, hasLeft);
  if (call.memberSessions().length < 2) notifyGroup(call);
}

/** Does what has become due. Called a few times a second. */
export async function sweepCall(context: DeliveryContext, call: Call): Promise<void> {
  const nowMs = context.clock.nowMs();
  if (isOver(call, nowMs)) {
    await endCall(context, call);
    return;
  }
  const members = call.memberSessions();
  // While no member is connected nobody is counted as missing: it may be our own outage
  if (members.length === 0) return;
  for (const [participantId, absence] of call.absences) {
    const goneForMs = nowMs - Math.max(absence.sinceMs, call.membersSinceMs);
    if (!absence.isShown && !absence.hasLeft && goneForMs >= RECONNECTING_DELAY_MS) {
      absence.isShown = true;
      sendToAll(members, { t: 'connection', participantId, isConnected: false });
    }
    if (!absence.isAttested && goneForMs >= ATTESTATION_DELAY_MS) {
      absence.isAttested = true;
      sendAttestation(call, participantId, members);
    }
  }
}

function isOver(call: Call, nowMs: number): boolean {
  // Ended before, but the store failed to delete it
  if (call.hasEnded) return true;
  if (call.group === null) return nowMs - call.createdAtUnixMs >= UNFOUNDED_ROOM_LIFETIME_MS;
  return call.emptySinceMs !== undefined && nowMs - call.emptySinceMs >= EMPTY_CALL_LIFETIME_MS;
}
