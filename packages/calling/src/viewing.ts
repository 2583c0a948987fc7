/** The view: what the pages are told of the state, and only when it has changed. */
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { CallState } from './call-state.ts';
import { heldInForce } from './held-links.ts';
import { isHost } from './policy.ts';
import { policyInForce } from './policy-in-force.ts';
import { peopleOf } from './roster.ts';
import { linkTrouble } from './troubles.ts';
import type { Turn } from './turn.ts';
import type { CallPhase, CallView, Person } from './view.ts';

export function showView(turn: Turn): void {
  const view = viewOf(turn.state, turn.nowMs);
  const shownView = JSON.stringify(view, (_key, value: unknown) =>
    value instanceof Uint8Array ? toHex(value) : value,
  );
  if (shownView === turn.state.shownView) return;
  turn.set({ shownView });
  turn.effects.push({ t: 'view', view });
}

function viewOf(state: CallState, nowMs: number): CallView {
  const { member, closed, identity, knocks, oldLinkCount, pause, code, ownKey } = state;
  const policy = member && policyInForce(member);
  const people = member === undefined ? [] : peopleNow(state, nowMs);
  const trouble = linkTrouble(state, nowMs);
  return {
    phase: phaseOf(state),
    ...(closed && { reason: closed }),
    ...(member && { epoch: member.epoch }),
    people,
    departures: state.departures,
    isHost: policy !== undefined && isHost(policy, ownKey),
    hasHostPresent: people.some(
      (person) => person.isHost && (person.isSelf || person.standing === 'confirmed'),
    ),
    suite: identity.link.suite,
    lobby: policy?.isLobbyOn ?? identity.link.flags.lobby,
    isFrozen: member?.freeze !== undefined,
    ...(trouble && { linkTrouble: trouble }),
    waitingCount: knocks.length,
    oldLinkCount,
    ...(pause && { pause }),
    ...(code && { code }),
    link: heldInForce(state).link,
  };
}

function peopleNow(state: CallState, nowMs: number): readonly Person[] {
  const { member, hearing, ownKey, flags, lostParticipants } = state;
  if (member === undefined) return [];
  return peopleOf(hearing.roster, {
    policy: policyInForce(member),
    ledger: hearing.ledger,
    ownKey,
    ownFlags: flags,
    reconnecting: lostParticipants,
    nowMs,
  });
}

function phaseOf(state: CallState): CallPhase {
  const { closed, session, member, wantsIn, wasConnected, leaving, knock, external } = state;
  if (closed === 'LEFT' || leaving !== undefined) return 'left';
  if (closed !== undefined) return 'closed';
  if (session === undefined) return wasConnected ? 'reconnecting' : 'connecting';
  if (member !== undefined) return external !== undefined || session.isLogOnly ? 'reconnecting' : 'in';
  if (!wantsIn) return 'ready';
  const mustWait = session.group === null || session.group.frozen || knock?.isLobby === true;
  return mustWait ? 'waiting' : 'asking';
}

/** Whether a leaf with this key is in the own tree. */
export function isInTree({ member }: CallState, key: Bytes): boolean {
  return member?.leaves.some(({ signatureKey }) => equalBytes(signatureKey, key)) ?? false;
}
