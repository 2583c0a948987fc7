/**
 * The access that counts changes with a rotation, or when a frozen group is replaced (D7, D10): from then on only the new
 * one opens a session, and everybody who still waits came with the old one.
 *
 * @see SPEC.md V30, V40
 */
import type { EpochChange } from '../store/call-store.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { countOldLink } from './hello.ts';
import { endSession } from './presence.ts';
import { refuse } from './session.ts';

export function changeAccess(context: DeliveryContext, call: Call, { access }: EpochChange): void {
  if (access === undefined) return;
  call.earlierAccessHashes.push(access.earlier);
  call.accessHash = access.hash;
  for (const session of call.waitingSessions()) {
    endSession(context, call, session, { hasLeft: true });
    refuse(session.outlet, 'LINK_CHANGED');
    countOldLink(call, session.leafKey);
  }
}
