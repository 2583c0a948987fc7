/**
 * Which rule a message of an open session goes to.
 */
import type { ClientMessage } from '@conclave/protocol/wire';
import { handleBeat } from './beat.ts';
import type { Call } from './call.ts';
import { handleCommit } from './commit.ts';
import type { DeliveryContext } from './context.ts';
import { handleFound } from './found.ts';
import { handleKnock } from './knock.ts';
import { handleLeave } from './leave.ts';
import { handleProposal } from './proposal.ts';
import { handleGroupInfo } from './read-group.ts';
import { handleLog } from './read-log.ts';
import { handleReportInvalid } from './report-invalid.ts';
import type { Session } from './session.ts';
import { handleSfu } from './sfu-grant.ts';

export async function dispatch(
  context: DeliveryContext,
  call: Call,
  session: Session,
  message: Exclude<ClientMessage, { t: 'hello' }>,
): Promise<void> {
  switch (message.t) {
    case 'found':
      return handleFound(context, call, session, message);
    case 'knock':
      return handleKnock(call, session, message);
    case 'commit':
      return handleCommit(context, call, session, message);
    case 'proposal':
      return handleProposal(context, call, session, message);
    case 'beat':
      return handleBeat(context, call, session, message);
    case 'log':
      return handleLog(context, call, session, message);
    case 'group-info':
      return handleGroupInfo(call, session, message);
    case 'report-invalid':
      return handleReportInvalid(context, call, session, message);
    case 'sfu':
      return handleSfu(context, call, session, message);
    case 'leave':
      return handleLeave(context, call, session);
  }
}
