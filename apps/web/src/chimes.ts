/** Which of the few soft sounds belongs to a change of the call. SPEC P65. */
import type { CallView } from '@conclave/calling/view';
import { CHIMES_PEOPLE_MAX } from './limits.ts';

export type Chime = 'knock' | 'join' | 'leave' | 'muted';

/** One sound at most for one change; who comes or goes while the connection is lost is not heard. */
export function chimeOf(before: CallView | undefined, view: CallView): Chime | undefined {
  if (before?.phase !== 'in' || view.phase !== 'in') return undefined;
  if (Math.max(before.people.length, view.people.length) > CHIMES_PEOPLE_MAX) return undefined;
  const keysBefore = new Set(before.people.map((person) => person.key));
  const keysNow = new Set(view.people.map((person) => person.key));
  if (view.people.some((person) => !keysBefore.has(person.key))) return 'join';
  if (before.people.some((person) => !keysNow.has(person.key))) return 'leave';
  // Without a lobby a knock is answered by the devices, and who comes in is heard as such.
  return view.lobby && view.isHost && view.waitingCount > before.waitingCount ? 'knock' : undefined;
}
