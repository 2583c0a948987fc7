/** What a person wants of the others' places: noted where it may be had, and committed when its turn has come (D6, D10). */
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import type { CallState } from './call-state.ts';
import { isHost } from './policy.ts';
import { mayBecomeHost, mayKick, policyInForce } from './policy-in-force.ts';
import type { Turn } from './turn.ts';
import { isInTree } from './viewing.ts';

export function wantKick(turn: Turn, leafKey: Bytes): void {
  const { kicks, member, ownKey, formerKeys } = turn.state;
  const isKnown = kicks.some((kick) => equalBytes(kick.leafKey, leafKey));
  // Who has just gone is shut out all the same: the person has said so.
  const isThereOrWas = isInTree(turn.state, leafKey) || formerKeys.has(toHex(leafKey));
  if (isKnown || member === undefined || !isThereOrWas) return;
  if (mayKick(member, ownKey, leafKey)) turn.set({ kicks: [...kicks, { leafKey, sinceMs: turn.nowMs }] });
}

export function wantHost(turn: Turn, leafKey: Bytes): void {
  const { member, wantedHosts } = turn.state;
  if (member === undefined || !amHost(turn.state) || !isInTree(turn.state, leafKey)) return;
  if (mayBecomeHost(policyInForce(member), leafKey)) turn.set({ wantedHosts: [...wantedHosts, leafKey] });
}

export function wantNewLink(turn: Turn): void {
  if (!amHost(turn.state)) return;
  turn.set({ wantsNewLinkSinceMs: turn.state.wantsNewLinkSinceMs ?? turn.nowMs });
}

function amHost({ member, ownKey }: CallState): boolean {
  return member !== undefined && isHost(policyInForce(member), ownKey);
}
