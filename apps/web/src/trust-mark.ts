/**
 * The one mark that says who can read this call. It counts everybody in the group, names the unconfirmed as such, and
 * claims nothing once there is proof of a fork, or while the connection is lost. SPEC P8.
 */
import type { CallView } from '@conclave/calling/view';

export interface TrustMark {
  readonly text: string;
  readonly tone: 'calm' | 'watch' | 'stop';
}

export function trustMarkOf(call: CallView): TrustMark {
  if (call.pause === 'FORKED') return { text: 'Not everybody sees the same call', tone: 'stop' };
  // What was so a moment ago is not known to be so any more.
  if (call.phase === 'reconnecting') return { text: 'Who is here is not known now', tone: 'watch' };
  const others = call.people.filter((person) => !person.isSelf);
  if (others.length === 0) return { text: 'Only you are here', tone: 'calm' };
  const who = `Only the ${call.people.length} people here`;
  const elsewhere = others.filter((person) => person.standing === 'other-call').length;
  if (elsewhere > 0) return { text: `${who}, ${elsewhere} not in the same call`, tone: 'stop' };
  const unconfirmed = others.filter((person) => person.standing !== 'confirmed').length;
  if (unconfirmed > 0) return { text: `${who}, ${unconfirmed} not confirmed`, tone: 'watch' };
  return { text: who, tone: 'calm' };
}
