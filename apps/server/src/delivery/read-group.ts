/**
 * group-info and the tree: what an external commit or a joiner needs. Refused to those outside while the group is
 * frozen, as no external commit would be taken (D5, D7).
 *
 * @see SPEC.md V47, V48
 */
import { equalBytes } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { err, ok, type Result } from '@conclave/protocol/result';
import type { ClientMessage } from '@conclave/protocol/wire';
import type { GroupPoint, StoredGroup } from '../store/call-store.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { refuse, type Session, sendTo } from './session.ts';

type GroupInfoRequest = Extract<ClientMessage, { t: 'group-info' }>;

export function handleGroupInfo(call: Call, session: Session, { request }: GroupInfoRequest): void {
  const readable = readableGroup(call, session);
  if (!readable.ok) {
    refuse(session.outlet, readable.error, request);
    return;
  }
  const { groupId, epoch, groupInfo } = readable.value;
  sendTo(session.outlet, { t: 'group-info', request, groupId, epoch, groupInfo });
}

/** The tree of one of the last epochs. Runs beside the room's mailbox: what was allowed before is asked once more after. */
export async function readTree(
  context: DeliveryContext,
  call: Call,
  session: Session,
  point: GroupPoint,
): Promise<Result<Uint8Array, ErrorCode>> {
  const readable = readableGroup(call, session);
  if (!readable.ok) return readable;
  if (!equalBytes(readable.value.groupId, point.groupId)) return err('WRONG_EPOCH');
  const tree = await context.store.readTree(call.roomHash, point.epoch);
  const still = readableGroup(call, session);
  if (!still.ok) return still;
  const isSameGroup = equalBytes(still.value.groupId, point.groupId);
  return tree === undefined || !isSameGroup ? err('WRONG_EPOCH') : ok(tree);
}

function readableGroup(call: Call, session: Session): Result<StoredGroup, ErrorCode> {
  if (session.isLogOnly) return err('NOT_ALLOWED');
  if (call.group === null) return err('NO_GROUP');
  const isOutside = !call.isMember(session.participantId);
  return isOutside && call.group.isFrozen ? err('FROZEN') : ok(call.group);
}
