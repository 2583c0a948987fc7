/**
 * The places of one call for those whom nobody admitted. They are few, so that a link holder cannot fill the server;
 * members and the holder of the host key need none. When they run out, the address that holds the most gives way.
 *
 * @see SPEC.md V69
 */
import { WAITING_SESSIONS_PER_CALL_MAX } from '../delivery-limits.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { endSession } from './presence.ts';
import { refuse, type Session } from './session.ts';

type Newcomer = Pick<Session, 'participantId' | 'isHost' | 'address'>;

/** True when the newcomer may have a session; another's may have ended for it. */
export function makePlace(context: DeliveryContext, call: Call, newcomer: Newcomer): boolean {
  const needsPlace = ({ participantId, isHost }: Newcomer): boolean =>
    !isHost && !call.isMember(participantId);
  if (!needsPlace(newcomer) || call.sessions.has(newcomer.participantId)) return true;
  const placed = [...call.sessions.values()].filter(needsPlace);
  if (placed.length < WAITING_SESSIONS_PER_CALL_MAX) return true;
  const byAddress = Map.groupBy(placed, ({ address }) => address);
  const [most = []] = [...byAddress.values()].sort((one, other) => other.length - one.length);
  const own = byAddress.get(newcomer.address)?.length ?? 0;
  const yielding = most.at(-1);
  // Nobody gives way to its equal: two addresses would push each other out for ever
  if (yielding === undefined || own + 1 >= most.length) return false;
  endSession(context, call, yielding, { hasLeft: true });
  refuse(yielding.outlet, 'TOO_MANY');
  return true;
}
