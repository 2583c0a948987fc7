/**
 * Leaving by the button (D6, D10): a host first signs a successor; then the own Remove is proposed, and repeated when it
 * lost its epoch; after a second at the latest the session ends, and the server's attestation does the rest.
 *
 * @see SPEC.md C89–C91
 */
import { proposeLeave } from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { CallState, Member } from './call-state.ts';
import { isConfirmed } from './confirmations.ts';
import { LEAVE_STEP_MS } from './machine-limits.ts';
import { isHost } from './policy.ts';
import { mayBecomeHost } from './policy-in-force.ts';
import { receiveLeaveProposal } from './receiving.ts';
import type { Turn } from './turn.ts';

export function startLeaving(turn: Turn): void {
  const { member, session, leaving } = turn.state;
  if (leaving !== undefined) return;
  turn.set({ wantsIn: false, kicks: [], wantsNewLinkSinceMs: undefined, external: undefined });
  if (member === undefined || session === undefined || member.leaves.length < 2) {
    finish(turn);
    return;
  }
  const successor = successorOf(turn.state, member, turn.nowMs);
  turn.set({
    wantedHosts: successor === undefined ? [] : [successor],
    leaving: {
      sinceMs: turn.nowMs,
      step: successor === undefined ? 'proposed' : 'successor',
      proposedEpoch: -1,
    },
  });
}

/** The longest present whom I hear, if I am the only host here. */
function successorOf(state: CallState, member: Member, nowMs: number): Bytes | undefined {
  const { policy, leaves, arrivals, freeze } = member;
  if (freeze !== undefined || !isHost(policy, state.ownKey)) return undefined;
  const others = leaves
    .map(({ signatureKey }) => signatureKey)
    .filter((key) => !equalBytes(key, state.ownKey) && isConfirmed(state.hearing.ledger, key, nowMs));
  if (others.some((key) => isHost(policy, key))) return undefined;
  const arrival = (key: Bytes) => arrivals.get(toHex(key)) ?? Number.POSITIVE_INFINITY;
  const mayBecome = others.filter((key) => mayBecomeHost(policy, key));
  return mayBecome.sort((a, b) => arrival(a) - arrival(b))[0];
}

/** Goes on with leaving, whatever happened. */
export async function leaveOnTime(turn: Turn): Promise<void> {
  const { leaving, member, session, suite, wantedHosts, inFlight } = turn.state;
  if (leaving === undefined || turn.state.closed !== undefined) return;
  if (member === undefined || session === undefined) return finish(turn);
  const isOver = turn.nowMs >= leaving.sinceMs + LEAVE_STEP_MS;
  if (leaving.step === 'successor') {
    if (wantedHosts.length > 0 && !isOver) return;
    turn.set({ leaving: { sinceMs: turn.nowMs, step: 'proposed', proposedEpoch: -1 }, wantedHosts: [] });
    return leaveOnTime(turn);
  }
  if (isOver) return finish(turn);
  if (leaving.proposedEpoch === member.epoch || inFlight !== undefined) return;
  const message = await proposeLeave(member.group, suite);
  turn.set({ leaving: { ...leaving, proposedEpoch: member.epoch } });
  await receiveLeaveProposal(turn, message);
  turn.send({ t: 'proposal', groupId: member.groupId, epoch: member.epoch, message });
}

function finish(turn: Turn): void {
  turn.send({ t: 'leave' });
  turn.close('LEFT');
}

export function leaveWakes({ leaving, closed }: CallState): readonly number[] {
  return leaving === undefined || closed !== undefined ? [] : [leaving.sinceMs + LEAVE_STEP_MS];
}
