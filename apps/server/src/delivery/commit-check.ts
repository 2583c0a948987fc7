/**
 * Whether a commit request may be taken: what the server can judge without reading MLS (D7). Members check that
 * `joined` and `left` are true; here they are only held to be possible.
 *
 * @see SPEC.md V36–V42
 */
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import type { ClientMessage } from '@conclave/protocol/wire';
import { MEMBERS_EVER_MAX, REFUSED_COMMITS_MAX } from '../delivery-limits.ts';
import type { Call } from './call.ts';
import type { Session } from './session.ts';

export type CommitRequest = Extract<ClientMessage, { t: 'commit' }>;

/** The code that refuses the request; undefined when it may be taken. Its epoch was found to be current. */
export function judgeCommit(call: Call, session: Session, request: CommitRequest): ErrorCode | undefined {
  if ((request.phase === 'rotate') !== (request.nextAccessHash !== undefined)) return 'MALFORMED';
  if ((call.refusedCommits.get(session.participantId) ?? 0) >= REFUSED_COMMITS_MAX) return 'NOT_ALLOWED';
  const isMember = call.isMember(session.participantId);
  if (call.group?.isFrozen && (!isMember || request.joined.length > 0)) return 'FROZEN';
  if (!isMember && !isOwnExternalCommit(session, request)) return 'NOT_ALLOWED';
  return judgePhase(call, request) ?? judgeNames(call, request);
}

/** Who is no member may only bring itself in. */
function isOwnExternalCommit({ participantId }: Session, request: CommitRequest): boolean {
  const { phase, joined, left, welcomes } = request;
  const bringsItself = joined.length === 1 && joined[0] === participantId;
  return phase === 'none' && bringsItself && left.length === 0 && welcomes.length === 0;
}

function judgePhase(call: Call, { phase, joined, left }: CommitRequest): ErrorCode | undefined {
  if (phase === 'none') return undefined;
  if (joined.length > 0) return 'NOT_ALLOWED';
  if (phase === 'rotate' && (!call.group?.isFrozen || left.length > 0)) return 'NOT_ALLOWED';
  return undefined;
}

function judgeNames(call: Call, { joined, left, welcomes }: CommitRequest): ErrorCode | undefined {
  const welcomed = welcomes.map((entry) => entry.participantId);
  if ([joined, left, welcomed].some((ids) => new Set(ids).size !== ids.length)) return 'NOT_ALLOWED';
  if (!left.every((id) => call.isMember(id))) return 'NOT_ALLOWED';
  const stays = (id: string): boolean => call.isMember(id) && !left.includes(id);
  if (!joined.every((id) => !stays(id) && call.leafKeyOf(id) !== undefined)) return 'NOT_ALLOWED';
  if (!welcomed.every((id) => joined.includes(id))) return 'NOT_ALLOWED';
  if (call.members.size + joined.length > MEMBERS_EVER_MAX) return 'NOT_ALLOWED';
  const membersAfter = call.currentMembers().length - left.length + joined.length;
  return membersAfter > PARTICIPANTS_MAX ? 'NOT_ALLOWED' : undefined;
}
