/** What the policy says now, freezes counted in (D6, D10). */
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import type { Member } from './call-state.ts';
import { HOSTS_MAX } from './limits.ts';
import { isFirstHost, isHost, mayRevoke, type Policy } from './policy.ts';

/** By this one roles are judged: who is revoked by a kick is no host from that kick on. */
export function policyInForce({ policy, freeze }: Pick<Member, 'policy' | 'freeze'>): Policy {
  return freeze?.pendingPolicy?.policy ?? policy;
}

/** Whether this key can be added: a key that is or was a host cannot, and the list has an end. */
export function mayBecomeHost({ hosts }: Policy, key: Bytes): boolean {
  return hosts.length < HOSTS_MAX && !hosts.some((host) => equalBytes(host.key, key));
}

/** Whether this member may kick that key: a host anybody but the first host, and a host only one that stands later. */
export function mayKick(member: Pick<Member, 'policy' | 'freeze'>, ownKey: Bytes, key: Bytes): boolean {
  const policy = policyInForce(member);
  if (!isHost(policy, ownKey) || isFirstHost(policy, key) || equalBytes(ownKey, key)) return false;
  return !isHost(policy, key) || mayRevoke(policy, key, ownKey);
}
