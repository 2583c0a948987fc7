/** By which policy roles are judged now: who is revoked by a kick is no host from that kick on (D10). */
import type { Member } from './call-state.ts';
import type { Policy } from './policy.ts';

export function policyInForce({ policy, freeze }: Member): Policy {
  return freeze?.pendingPolicy?.policy ?? policy;
}
