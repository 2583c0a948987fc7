/**
 * What is told to many: the state of the group to those who wait, and to a new member's session all that it missed.
 *
 * @see SPEC.md V26, V27
 */

import { sendAttestation } from './attestation.ts';
import type { Call } from './call.ts';
import { describeGroup } from './point.ts';
import { type Session, sendTo, sendToAll } from './session.ts';

/** Tells everybody who waits where the group stands. */
export function notifyWaiting(call: Call): void {
  sendToAll(call.waitingSessions(), {
    t: 'group',
    group: describeGroup(call),
    isDeserted: call.isDeserted(),
  });
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
