/**
 * Attestations: the server signs that a member's socket is gone, for the current epoch (D8, W5).
 *
 * @see SPEC.md V50–V53
 */
import { attestationBytes } from '@conclave/protocol/signed-bytes';
import type { Call } from './call.ts';
import { type Session, sendToAll } from './session.ts';

export function sendAttestation(call: Call, participantId: string, sessions: readonly Session[]): void {
  const leafKey = call.members.get(participantId)?.leafKey;
  if (call.group === null || leafKey === undefined) return;
  const { groupId, epoch } = call.group;
  const signature = call.serverKey.sign(attestationBytes(groupId, epoch, leafKey));
  sendToAll(sessions, { t: 'attestation', groupId, epoch, leafKey, signature });
}

/** After a change of the epoch: signs anew for everybody who is still missing. */
export function renewAttestations(call: Call): void {
  for (const [participantId, absence] of call.absences) {
    if (absence.isAttested) sendAttestation(call, participantId, call.memberSessions());
  }
}
