/**
 * What is told to many: the state of the group to everybody, and to a new member's session all that it missed.
 *
 * @see SPEC.md V27, V33, V70
 */

import { sendAttestation } from './attestation.ts';
import type { Call } from './call.ts';
import { describeGroup } from './point.ts';
import { type Session, sendTo, sendToAll } from './session.ts';

/** Tells everybody else where the group stands: those who wait, and members, any of whom may have lost its state. */
export function notifyGroup(call: Call, except?: Session): void {
  const news = { t: 'group', group: describeGroup(call) } as const;
  const members = call.memberSessions();
  sendToAll(call.waitingSessions(), { ...news, isDeserted: members.length === 0 });
  const others = members.filter((session) => session !== except);
  sendToAll(others, { ...news, isDeserted: members.length === 1 });
}

/** Gives a session that is a member's now what the others have already: waiting knocks, lost members, attestations. */
export function briefMember(call: Call, session: Session): void {
  const { outlet } = session;
  if (call.group !== null && !call.group.isFrozen) {
    for (const [participantId, knock] of call.knocks) sendTo(outlet, { t: 'knock', participantId, ...knock });
  }
  for (const [participantId, absence] of call.absences) {
    if (absence.isShown) sendTo(outlet, { t: 'connection', participantId, isConnected: false });
    if (absence.isAttested) sendAttestation(call, participantId, [session]);
  }
  if (call.oldLinkLeafKeys.size > 0) sendTo(outlet, { t: 'old-link', count: call.oldLinkLeafKeys.size });
}
