/**
 * proposal: a member's own Remove, for the current epoch alone; kept for the log with the commit that ends it (D7, D10).
 *
 * @see SPEC.md V43
 */
import type { ClientMessage } from '@conclave/protocol/wire';
import { PROPOSALS_PER_MEMBER_MAX } from '../delivery-limits.ts';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { isCurrent } from './point.ts';
import { refuse, type Session, sendToAll } from './session.ts';

type Proposal = Extract<ClientMessage, { t: 'proposal' }>;

export async function handleProposal(
  context: DeliveryContext,
  call: Call,
  session: Session,
  { groupId, epoch, message }: Proposal,
): Promise<void> {
  const { participantId, outlet } = session;
  if (session.isLogOnly || !call.isMember(participantId)) return refuse(outlet, 'NOT_ALLOWED');
  if (!isCurrent(call, { groupId, epoch })) return refuse(outlet, 'WRONG_EPOCH');
  const ownCount = call.proposalCounts.get(participantId) ?? 0;
  const isTaken =
    ownCount < PROPOSALS_PER_MEMBER_MAX && (await context.store.addProposal(call.roomHash, epoch, message));
  if (!isTaken) return refuse(outlet, 'RATE_LIMITED');
  call.proposalCounts.set(participantId, ownCount + 1);
  const others = call.memberSessions().filter((other) => other !== session);
  sendToAll(others, { t: 'proposal', groupId, epoch, message });
}
