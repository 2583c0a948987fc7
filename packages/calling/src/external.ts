/**
 * Letting oneself in by an external commit (D5): the fallback of a joiner whom nobody answers, and the way back of a
 * member who lost its state or cannot follow. Stages: GroupInfo, then its tree, then the commit.
 *
 * @see SPEC.md C77–C80
 */
import { isHostKey } from '@conclave/crypto/link';
import {
  createKeyPackage,
  type ExternalJoin,
  epoch as epochOf,
  eraseKeyPackage,
  groupId as groupIdOf,
  type Joining,
  joinExternal,
  type MlsError,
  POLICY,
} from '@conclave/crypto/mls/engine';
import { sealName } from '@conclave/crypto/name';
import { openOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import type { ServerMessage } from '@conclave/protocol/wire';
import type { CallState, EntryClaim, External, HeldLink, JudgedEntry } from './call-state.ts';
import { dropMember, shelve, whatWasSeen } from './giving-up.ts';
import { heldInForce, isOutdated, pskSecrets } from './held-links.ts';
import { judgeJoining } from './joining.ts';
import { EXTERNAL_RETRY_MAX_MS, EXTERNAL_RETRY_MIN_MS, REPLY_TIMEOUT_MS } from './machine-limits.ts';
import { verifyPolicy } from './policy.ts';
import { followsPolicy } from './policy-history.ts';
import { sendCommit } from './sending.ts';
import type { Turn } from './turn.ts';

/** After an attempt that came to nothing. */
export function retryLater(turn: Turn): void {
  const spread = EXTERNAL_RETRY_MAX_MS - EXTERNAL_RETRY_MIN_MS;
  const delayMs = EXTERNAL_RETRY_MIN_MS + turn.state.ports.random() * spread;
  turn.set({ external: undefined, retryAtMs: turn.nowMs + delayMs });
}

export function startExternal(turn: Turn): void {
  const request = turn.nextRequest();
  turn.set({
    external: {
      stage: 'info',
      request,
      groupInfo: undefined,
      groupId: undefined,
      epoch: 0,
      sinceMs: turn.nowMs,
    },
  });
  turn.send({ t: 'group-info', request });
}

type GroupInfo = Extract<ServerMessage, { t: 'group-info' }>;

export function receiveGroupInfo(turn: Turn, { request, groupId, epoch, groupInfo }: GroupInfo): void {
  const { external } = turn.state;
  if (external?.stage !== 'info' || external.request !== request) return;
  turn.set({ external: { ...external, stage: 'tree', groupId, epoch, groupInfo, sinceMs: turn.nowMs } });
  turn.effects.push({ t: 'fetch-tree', groupId, epoch });
}

/** The tree of the GroupInfo is there: joins, and sends the commit. */
export async function receiveTreeForExternal(turn: Turn, tree: Bytes | undefined): Promise<void> {
  const { external, suite } = turn.state;
  if (external?.stage !== 'tree' || external.groupId === undefined) return;
  // Others would refuse it: the news of the freeze came after the request.
  const isFrozen = turn.state.member === undefined && turn.state.session?.group?.frozen === true;
  if (tree === undefined || isFrozen) return retryLater(turn);
  const tried = await tryWays(turn.state, external, tree);
  if (!tried.ok) return giveUp(turn, tried.error);
  const { value, isResync, entry } = tried;
  turn.set({ external: { ...external, stage: 'commit', sinceMs: turn.nowMs } });
  const joined = isResync
    ? []
    : [await participantIdOf(turn.state.ownKey, turn.state.session?.callId ?? tree)];
  await sendCommit(turn, {
    kind: isResync ? 'resync' : 'external',
    groupId: groupIdOf(value.state),
    epoch: epochOf(value.state) - 1,
    own: { ...value, welcomes: [], consumed: [] },
    judged: entry,
    entry: { phase: 'none', joined, left: [] },
    removed: [],
    marker: new Uint8Array(0),
    suite,
    welcomes: [],
  });
}

type Tried =
  | {
      readonly ok: true;
      readonly value: ExternalJoin;
      readonly isResync: boolean;
      readonly entry: JudgedEntry;
    }
  | { readonly ok: false; readonly error: MlsError };

/** Whether the own key still has a leaf is known from the tree alone; so is whether the link was changed meanwhile. */
async function tryWays(state: CallState, external: External, tree: Bytes): Promise<Tried> {
  let error: MlsError = { code: 'NO_OLD_LEAF', detail: '' };
  for (const held of linksToEnterWith(state)) {
    for (const resync of [true, false]) {
      const result = await tryJoin(state, external, { tree, held, resync });
      if (result.ok) return { ...result, isResync: resync };
      error = result.error;
      // Only where the own leaf is not there is the other way worth a try.
      const isOtherWay = error.code === 'NO_OLD_LEAF' || error.detail === 'OWN_LEAF';
      if (!isOtherWay) break;
    }
  }
  return { ok: false, error };
}

/** Never one that is older than the one in force: whoever has merged a kick comes back under the link that follows it. */
function linksToEnterWith(state: CallState): readonly HeldLink[] {
  const { freeze, next } = state.member ?? {};
  if (next === undefined) return [heldInForce(state)];
  return freeze === undefined ? [heldInForce(state), next] : [next];
}

async function tryJoin(
  state: CallState,
  { groupInfo, groupId }: External,
  { tree, held, resync }: { readonly tree: Bytes; readonly held: HeldLink; readonly resync: boolean },
) {
  const { suite, identity, name } = state;
  const sealed = await sealName(held.keys.metaKey, name);
  const keyPackage = await createKeyPackage(suite, identity.signingKey, sealed);
  const claim: EntryClaim = {
    groupId: groupId ?? new Uint8Array(0),
    held,
    way: resync ? 'resync' : 'external',
  };
  let judged: Joining | undefined;
  const joined = await joinExternal(suite, {
    groupInfo: groupInfo ?? new Uint8Array(0),
    tree,
    keyPackage,
    psks: pskSecrets(state),
    pskId: held.keys.linkId,
    resync,
    judge: (joining) => {
      judged = joining;
      return judgeEntry(state, joining, claim);
    },
  });
  eraseKeyPackage(keyPackage);
  if (!joined.ok) return joined;
  if (judged === undefined) throw new Error('the engine let in without asking');
  return { ok: true, value: joined.value, entry: { joining: judged, claim } } as const;
}

/**
 * The joiner's checks, and what this client remembers on top: nobody whom it saw kicked is there, and the policy
 * continues the one that it knew.
 */
export async function judgeEntry(
  state: CallState,
  joining: Joining,
  { groupId, held, way }: EntryClaim,
): Promise<string | undefined> {
  const { roomId, hostKeyHash, suite } = held.link;
  const expected = { groupId, roomId, hostKeyHash, suite };
  const known = whatWasSeen(state, groupId);
  const isOfOlderLink = !linksToEnterWith(state).some(({ keys }) =>
    equalBytes(keys.linkId, held.keys.linkId),
  );
  if (isOfOlderLink) return 'LINK_ID';
  const refused = await judgeJoining(joining, {
    ...expected,
    way,
    linkId: held.keys.linkId,
    ownKey: state.ownKey,
    ...(known && { epochFloor: known.epoch }),
    opensOldMeta: async (sealed) => (await openOldMeta(held.keys.metaKey, sealed)) !== undefined,
  });
  if (refused !== undefined) return refused.code;
  // With the latest link somebody who was kicked may have been invited anew; with an earlier one he is not there.
  const stored = isOutdated(state, held) ? (state.identity.kickedKeys ?? []) : [];
  const kicked = new Set([...state.kickedKeys, ...stored]);
  if (joining.leaves.some(({ signatureKey }) => kicked.has(toHex(signatureKey)))) return 'KICKED';
  if (known === undefined) return undefined;
  const bytes = joining.extensions.get(POLICY) ?? new Uint8Array(0);
  if (equalBytes(bytes, known.bytes)) return undefined;
  const policy = await verifyPolicy(bytes, expected);
  return policy.ok && followsPolicy(known.policy, policy.value) ? undefined : 'POLICY';
}

/** Reasons that pass by themselves: a lobby, a lock, a full call; one waits on. */
const WAITING_REASONS: readonly string[] = ['LOBBY', 'LOCKED', 'FULL'];

function giveUp(turn: Turn, { code, detail }: MlsError): void {
  retryLater(turn);
  turn.set({ refused: `${code} ${detail}` });
  const { knock, member } = turn.state;
  if (code === 'JUDGED' && WAITING_REASONS.includes(detail)) {
    if (knock !== undefined) turn.set({ knock: { ...knock, isLobby: true } });
    return;
  }
  if (code === 'LONE_MEMBER') {
    alone(turn);
    return;
  }
  if (code === 'JUDGED' && member === undefined)
    turn.close(detail === 'LINK_ID' ? 'LINK_CHANGED' : 'REFUSED');
}

/** The only leaf cannot be taken over: its owner founds anew if it is the host's, and else waits for the host. */
function alone(turn: Turn): void {
  const { session, identity, ownKey } = turn.state;
  dropMember(turn);
  if (session === undefined) return;
  if (isHostKey(identity.link, ownKey)) turn.effects.push({ t: 'reconnect' });
  else turn.set({ session: { ...session, group: null } });
}

/** Stages that were not answered in time are begun anew by whoever wanted them. */
export function externalOnTime(turn: Turn): void {
  const { external } = turn.state;
  if (external === undefined || turn.nowMs < external.sinceMs + REPLY_TIMEOUT_MS) return;
  if (external.stage === 'commit') shelve(turn);
  retryLater(turn);
}

export function externalWakes({ external, retryAtMs }: CallState): readonly number[] {
  return external === undefined ? [retryAtMs] : [external.sinceMs + REPLY_TIMEOUT_MS];
}
