/**
 * leave: ends the session and its SFU connection at once; the last one ends the call (D10, D24).
 *
 * @see SPEC.md V55, V56
 */
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { endCall } from './end-call.ts';
import { endSession } from './presence.ts';
import type { Session } from './session.ts';

export async function handleLeave(context: DeliveryContext, call: Call, session: Session): Promise<void> {
  const wasMember = !session.isLogOnly && call.isMember(session.participantId);
  endSession(context, call, session, { hasLeft: true });
  context.sfu.expel(call, session.participantId);
  session.outlet.close();
  if (isOver(call, session, wasMember)) await endCall(context, call);
}

/** The last member has left by the button and nobody is merely reconnecting; or a host gave up an unfounded room. */
function isOver(call: Call, session: Session, wasMember: boolean): boolean {
  if (call.group === null) return session.isHost && call.sessions.size === 0;
  if (!wasMember || call.memberSessions().length > 0) return false;
  return [...call.absences.values()].every((absence) => absence.hasLeft || absence.isAttested);
}
