/**
 * sfu: a new ticket for the proxy (D26).
 *
 * @see SPEC.md V57, V75
 */
import type { ClientMessage } from '@conclave/protocol/wire';
import type { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { refuse, type Session, sendTo } from './session.ts';

type SfuRequest = Extract<ClientMessage, { t: 'sfu' }>;

export async function handleSfu(
  context: DeliveryContext,
  call: Call,
  session: Session,
  { request }: SfuRequest,
): Promise<void> {
  if (session.isLogOnly) return refuse(session.outlet, 'NOT_ALLOWED', request);
  const grant = await context.sfu.grant(call, session);
  sendTo(session.outlet, { t: 'sfu', request, ...grant });
}
