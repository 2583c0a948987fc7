/**
 * knock: a sealed wish to be let in, kept in memory while its socket lives, relayed to the members and held while the
 * group is frozen (D5, D7).
 *
 * @see SPEC.md V31–V33
 */
import { equalBytes } from '@conclave/protocol/bytes';
import type { ClientMessage } from '@conclave/protocol/wire';
import type { Call } from './call.ts';
import { refuse, type Session, sendToAll } from './session.ts';

type KnockMessage = Extract<ClientMessage, { t: 'knock' }>;

export function handleKnock(call: Call, session: Session, { groupId, sealed }: KnockMessage): void {
  const { participantId, outlet } = session;
  if (session.isLogOnly || call.isMember(participantId)) {
    refuse(outlet, 'NOT_ALLOWED');
    return;
  }
  if (call.group === null) {
    refuse(outlet, 'NO_GROUP');
    return;
  }
  if (!equalBytes(call.group.groupId, groupId)) {
    refuse(outlet, 'WRONG_EPOCH');
    return;
  }
  call.knocks.set(participantId, { groupId, sealed });
  if (call.group.isFrozen) return;
  sendToAll(call.memberSessions(), { t: 'knock', participantId, groupId, sealed });
}
