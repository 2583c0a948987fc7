/**
 * Entering a call: founding it with the host's key, or knocking and waiting to be let in (D4, D5, D7). Nothing happens
 * before the person wants in.
 *
 *   no group ─ host ──► founding ──accepted──► member
 *            └ guest ─► waiting for the host
 *   group ───────────► knocking ──welcome──► tree ──► member
 *                         └ 1.5 s without answer or new epoch, lobby off ──► external commit ──accepted──► member
 *   group, own leaf in it (after a reload) ──► external commit in its place; alone in it, the host founds anew
 *
 * @see SPEC.md C56–C59
 */

import { sealKnock } from '@conclave/crypto/knock';
import { isHostKey, withSecret } from '@conclave/crypto/link';
import {
  createGroup,
  createKeyPackage,
  encodeGroupInfo,
  encodeTree,
  eraseKeyPackage,
  joinFromWelcome,
  LINK_ID,
  OLD_META,
  POLICY,
} from '@conclave/crypto/mls/engine';
import { sealName } from '@conclave/crypto/name';
import { sealOldMeta } from '@conclave/crypto/old-meta';
import { type Bytes, equalBytes } from '@conclave/protocol/bytes';
import type { ServerMessage } from '@conclave/protocol/wire';
import { askLog } from './asking.ts';
import type { CallState, HeldLink, OwnKnock } from './call-state.ts';
import { judgeEntry, startExternal } from './external.ts';
import { dropFounding, shelve } from './giving-up.ts';
import { heldInForce, holdLink, pskSecrets, storeBeside, storeLink, withHeldFirst } from './held-links.ts';
import { FALLBACK_DELAY_MS, FROZEN_RETRY_MS, NOT_ANSWERED_MS, REPLY_TIMEOUT_MS } from './machine-limits.ts';
import { merge } from './merging.ts';
import { foundingPolicy, signPolicy } from './policy.ts';
import { resync } from './recovering.ts';
import { hashAccess } from './rotation.ts';
import type { Turn } from './turn.ts';

const GROUP_ID_BYTES = 32;
const SECRET_BYTES = 32;
type CommitMessage = Extract<ServerMessage, { t: 'commit' }>;
type GroupNews = Extract<ServerMessage, { t: 'group' }>;

/** Does what the situation asks for; called whenever it has changed. */
export async function enter(turn: Turn): Promise<void> {
  const { state } = turn;
  const { session, member, founding, external, welcome } = state;
  if (!state.wantsIn || session === undefined || member !== undefined) return;
  if (founding !== undefined || external !== undefined || welcome !== undefined) return;
  if (session.isLogOnly) return turn.close('LINK_CHANGED');
  const mayFound = isHostKey(state.identity.link, state.ownKey) && session.isDeserted;
  if (session.group === null || mayFound) {
    // A guest waits until the host has come: 'group' tells.
    if (mayFound || (session.group === null && isHostKey(state.identity.link, state.ownKey)))
      await found(turn);
    return;
  }
  if (session.isMember && state.knock === undefined) {
    if (!session.group.frozen) resync(turn);
    return;
  }
  if (state.knock === undefined) await knock(turn, session.group);
}

async function found(turn: Turn): Promise<void> {
  const { session, suite, identity, ownKey, name } = turn.state;
  if (session === undefined) return;
  const isLinkChanging = needsFreshLink(turn.state);
  const held = isLinkChanging ? await freshLink(turn.state) : heldInForce(turn.state);
  const { link, keys } = held;
  const groupId = crypto.getRandomValues(new Uint8Array(GROUP_ID_BYTES));
  const { serverKey } = session;
  const policy = foundingPolicy({
    suite: link.suite,
    isLobbyOn: link.flags.lobby,
    serverKey,
    hostKey: ownKey,
  });
  const context = { groupId, roomId: link.roomId };
  const keyPackage = await createKeyPackage(suite, identity.signingKey, await sealName(keys.metaKey, name));
  const group = await createGroup(suite, groupId, keyPackage, [
    { type: LINK_ID, data: keys.linkId },
    { type: OLD_META, data: await sealOldMeta(keys.metaKey, []) },
    { type: POLICY, data: await signPolicy(policy, context, identity.signingKey) },
  ]);
  eraseKeyPackage(keyPackage);
  const request = turn.nextRequest();
  if (isLinkChanging) storeBeside(turn, heldInForce(turn.state), link);
  turn.set({ founding: { request, groupId, group, held, sentAtMs: turn.nowMs } });
  turn.send({
    t: 'found',
    request,
    replaces: session.group && { groupId: session.group.groupId, epoch: session.group.epoch },
    groupId,
    groupInfo: await encodeGroupInfo(group, suite),
    tree: encodeTree(group),
    ...(isLinkChanging && { nextAccessHash: await hashAccess(keys.access) }),
  });
}

/**
 * The group in the place of a frozen one, or founded while this device still holds more than one link, or while a kick or a
 * change of the link was wanted, begins under a fresh link: whoever was removed may hold any of the older ones, and that
 * the server says 'not frozen' proves nothing (D10).
 */
function needsFreshLink({ session, identity, kicks, wantsNewLinkSinceMs }: CallState): boolean {
  const isChangeOwed = kicks.length > 0 || wantsNewLinkSinceMs !== undefined;
  return isChangeOwed || session?.group?.frozen === true || (identity.otherLinks ?? []).length > 0;
}

function freshLink(state: CallState): Promise<HeldLink> {
  const { link } = heldInForce(state);
  return holdLink(withSecret(link, crypto.getRandomValues(new Uint8Array(SECRET_BYTES))));
}

/** Somebody founded first: usually the own request before this one, whose reply was lost. */
export async function foundingTaken(turn: Turn, groupId: Bytes | null): Promise<void> {
  const { founding } = turn.state;
  if (founding !== undefined && groupId !== null && equalBytes(founding.groupId, groupId)) {
    await completeFounding(turn);
    return askLog(turn);
  }
  dropFounding(turn);
  turn.effects.push({ t: 'reconnect' });
}

/** The server has taken the founding, or shows after a lost reply that it had. */
export async function completeFounding(turn: Turn): Promise<void> {
  const { founding } = turn.state;
  if (founding === undefined) return;
  const before = heldInForce(turn.state);
  turn.set({
    founding: undefined,
    knock: undefined,
    shown: founding.held,
    links: withHeldFirst(turn.state.links, founding.held),
  });
  if (founding.held !== before) {
    storeLink(turn, founding.held.link, before.link);
  }
  await merge(turn, founding.group, {
    kind: 'founded',
    removed: [],
    marker: new Uint8Array(0),
    consumed: [],
  });
}

async function knock(turn: Turn, group: { readonly groupId: Bytes; readonly epoch: number }): Promise<void> {
  const { suite, identity, name, knock: old } = turn.state;
  const { link, keys } = heldInForce(turn.state);
  const keyPackage = await createKeyPackage(suite, identity.signingKey, await sealName(keys.metaKey, name));
  const { groupId, epoch } = group;
  const target = { roomId: link.roomId, linkId: keys.linkId, groupId };
  const sealed = await sealKnock(keys.knockKey, target, { keyPackage: keyPackage.message, name });
  const firstMs = old?.firstMs ?? turn.nowMs;
  if (old !== undefined) eraseKeyPackage(old.keyPackage);
  turn.set({ knock: { keyPackage, groupId, epoch, sinceMs: turn.nowMs, firstMs, isLobby: false } });
  turn.send({ t: 'knock', groupId, sealed });
}

/** The server's word on the group, to those who are outside of it. */
export async function receiveGroupNews(turn: Turn, news: GroupNews): Promise<void> {
  const { session, knock: own, member } = turn.state;
  const { group, isDeserted } = news;
  if (session === undefined) return turn.set({ groupNews: { group, isDeserted } });
  if (member !== undefined) return;
  turn.set({ session: { ...session, group, isDeserted } });
  if (own !== undefined && group !== null) {
    if (!equalBytes(own.groupId, group.groupId)) turn.set({ knock: undefined });
    else if (group.epoch !== own.epoch) {
      turn.set({ knock: { ...own, epoch: group.epoch, sinceMs: turn.nowMs } });
    }
  }
  await enter(turn);
}

/** A commit seen by who lost its state and still has a leaf: it tells whether the group is frozen. */
export async function noteFromOutside(turn: Turn, { groupId, epoch, phase }: CommitMessage): Promise<void> {
  const { session } = turn.state;
  if (session === undefined) return;
  const frozen = phase === 'kick' || (session.group?.frozen === true && phase !== 'rotate');
  turn.set({ session: { ...session, group: { groupId, epoch: epoch + 1, frozen } } });
  await enter(turn);
}

/** A Welcome for the group that was knocked at; any other is nobody's. */
export function receiveWelcome(turn: Turn, message: Extract<ServerMessage, { t: 'welcome' }>): void {
  const { knock: own, member } = turn.state;
  if (own === undefined || member !== undefined || !equalBytes(own.groupId, message.groupId)) return;
  const { groupId, epoch, welcome } = message;
  turn.set({ welcome: { groupId, epoch, welcome, sinceMs: turn.nowMs } });
  turn.effects.push({ t: 'fetch-tree', groupId, epoch });
}

/** The tree of the Welcome is there. What fails here is mended by an external commit, in place of the own leaf if need be. */
export async function receiveTreeForWelcome(turn: Turn, tree: Bytes | undefined): Promise<void> {
  const { state } = turn;
  const { welcome, knock: own, suite } = state;
  if (welcome === undefined || own === undefined) return;
  const held = heldInForce(state);
  const joined = await joinFromWelcome(suite, {
    welcome: welcome.welcome,
    ...(tree && { tree }),
    keyPackage: own.keyPackage,
    psks: pskSecrets(state),
    judge: (joining) => judgeEntry(state, joining, { groupId: welcome.groupId, held, way: 'welcome' }),
  });
  turn.set({ welcome: undefined });
  if (!joined.ok) turn.set({ refused: `${joined.error.code} ${joined.error.detail}` });
  if (!joined.ok) return joined.error.code === 'JUDGED' ? turn.close('REFUSED') : startExternal(turn);
  eraseKeyPackage(own.keyPackage);
  // A way in by an own commit may have been taken all the same: then the log holds it.
  shelve(turn);
  turn.set({ knock: undefined, external: undefined });
  await merge(turn, joined.value, {
    kind: 'welcomed',
    removed: [],
    marker: new Uint8Array(0),
    consumed: [],
  });
}

/** What time alone brings. */
export async function enterOnTime(turn: Turn): Promise<void> {
  const { state } = turn;
  const { founding, knock: own, welcome, external } = state;
  if (state.member !== undefined || state.session === undefined) return;
  if (founding !== undefined && turn.nowMs >= founding.sentAtMs + REPLY_TIMEOUT_MS) dropFounding(turn);
  if (welcome !== undefined && turn.nowMs >= welcome.sinceMs + REPLY_TIMEOUT_MS)
    turn.set({ welcome: undefined });
  if (own === undefined) {
    if (isShutOut(state) && turn.nowMs >= state.shutOutSinceMs + FROZEN_RETRY_MS) {
      turn.set({ shutOutSinceMs: turn.nowMs });
      turn.effects.push({ t: 'reconnect' });
    }
    return enter(turn);
  }
  if (turn.nowMs >= own.firstMs + NOT_ANSWERED_MS && !mayWait(state, own)) return turn.close('NOT_ANSWERED');
  if (isFallbackDue(state, own, turn.nowMs) && external === undefined && welcome === undefined) {
    turn.set({ knock: { ...own, sinceMs: turn.nowMs } });
    startExternal(turn);
  }
}

/** Who lost its state while the group is frozen has a leaf and no way back but a fresh session, when that is over. */
function isShutOut({ session, wantsIn, knock: own }: CallState): boolean {
  return wantsIn && own === undefined && session?.isMember === true && session.group?.frozen === true;
}

function isFallbackDue(state: CallState, own: OwnKnock, nowMs: number): boolean {
  return !mayWait(state, own) && nowMs >= own.sinceMs + FALLBACK_DELAY_MS;
}

/** Where only others can let one in, there is no fallback and no end to the wait. */
function mayWait({ session }: CallState, own: OwnKnock): boolean {
  return own.isLobby || session?.group?.frozen === true;
}

export function enterWakes(state: CallState): readonly number[] {
  const { founding, knock: own, welcome, external } = state;
  if (state.member !== undefined || state.session === undefined) return [];
  const isFallbackAhead = own !== undefined && !mayWait(state, own) && external === undefined && !welcome;
  return [
    ...(isShutOut(state) ? [state.shutOutSinceMs + FROZEN_RETRY_MS] : []),
    ...(founding === undefined ? [] : [founding.sentAtMs + REPLY_TIMEOUT_MS]),
    ...(welcome === undefined ? [] : [welcome.sinceMs + REPLY_TIMEOUT_MS]),
    ...(isFallbackAhead ? [own.sinceMs + FALLBACK_DELAY_MS] : []),
    ...(own !== undefined && !mayWait(state, own) ? [own.firstMs + NOT_ANSWERED_MS] : []),
  ];
}
