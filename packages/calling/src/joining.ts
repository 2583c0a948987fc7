/**
 * What a joiner checks of a group before it believes that this is the call of its link (protocol §4, D5, D6). The engine
 * has verified signatures and tree; it asks here before it uses a key.
 *
 * @see SPEC.md C25, C26
 */
import { type Joining, LINK_ID, OLD_META, POLICY } from '@conclave/crypto/mls/engine';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { isHost, type Policy, type PolicyExpectation, verifyPolicy } from './policy.ts';
import { type Refusal, type RefusalCode, refusal } from './refusal.ts';

export interface JoiningContext extends PolicyExpectation {
  /** By a Welcome, by an external commit, or back to the own leaf by a resync. */
  readonly way: 'welcome' | 'external' | 'resync';
  /** Of the own link. */
  readonly linkId: Bytes;
  readonly ownKey: Bytes;
  /** The latest epoch that this client has had of this group, if any (G6). */
  readonly epochFloor?: number;
  /** Whether these bytes are a list of old meta keys under the link's meta key (D20). */
  opensOldMeta(sealed: Bytes): Promise<boolean>;
}

/** Undefined when the group may be joined. */
export async function judgeJoining(joining: Joining, given: JoiningContext): Promise<Refusal | undefined> {
  const code = checkGroup(joining, given) ?? (await checkExtensions(joining, given));
  return code && refusal(code);
}

function checkGroup(joining: Joining, given: JoiningContext): RefusalCode | undefined {
  const { groupId, epoch, leaves, pskIds } = joining;
  if (!equalBytes(groupId, given.groupId)) return 'GROUP_ID';
  if (epoch < (given.epochFloor ?? 0)) return 'EPOCH';
  const [pskId] = pskIds;
  if (pskId === undefined || pskIds.length !== 1 || !equalBytes(pskId, given.linkId)) return 'PSK';
  const ownLeaves = leaves.filter(({ signatureKey }) => equalBytes(signatureKey, given.ownKey)).length;
  if (ownLeaves !== (given.way === 'external' ? 0 : 1)) return 'OWN_LEAF';
  const members = leaves.length + (given.way === 'external' ? 1 : 0);
  return members > PARTICIPANTS_MAX ? 'FULL' : undefined;
}

async function checkExtensions(joining: Joining, given: JoiningContext): Promise<RefusalCode | undefined> {
  const linkId = joining.extensions.get(LINK_ID);
  if (linkId === undefined || !equalBytes(linkId, given.linkId)) return 'LINK_ID';
  const oldMeta = joining.extensions.get(OLD_META);
  if (oldMeta === undefined || !(await given.opensOldMeta(oldMeta))) return 'OLD_META';
  const bytes = joining.extensions.get(POLICY);
  const policy = bytes && (await verifyPolicy(bytes, given));
  return policy?.ok ? checkWay(policy.value, joining, given) : 'POLICY';
}

/** The same rules that members apply: a joiner does not enter by a way that they would refuse. */
function checkWay(policy: Policy, joining: Joining, given: JoiningContext): RefusalCode | undefined {
  if (given.way === 'resync') return undefined;
  const isOwnKeyHost = isHost(policy, given.ownKey);
  if (given.way === 'external') {
    if (policy.isLobbyOn) return 'LOBBY';
    return policy.isLocked && !isOwnKeyHost ? 'LOCKED' : undefined;
  }
  if (policy.isLocked && !isOwnKeyHost) return 'LOCKED';
  const isByHost = isHost(policy, joining.signer.signatureKey);
  return policy.isLobbyOn && !isOwnKeyHost && !isByHost ? 'LOBBY' : undefined;
}
