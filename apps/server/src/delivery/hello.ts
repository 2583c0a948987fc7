/**
 * hello: who may have a session in which call, and what it is told first (D4, D7). The signature was checked before.
 *
 * @see SPEC.md V23–V28
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Bytes, equalBytes, toBase64Url } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { PARTICIPANTS_MAX } from '@conclave/protocol/limits';
import { err, ok, type Result } from '@conclave/protocol/result';
import { participantIdOf } from '@conclave/protocol/signed-bytes';
import type { ClientMessage } from '@conclave/protocol/wire';
import { OLD_LINK_COUNT_MAX, ROOMS_MAX, TREE_RATE } from '../delivery-limits.ts';
import { TokenBucket } from '../rate-limit.ts';
import { Call } from './call.ts';
import type { DeliveryContext } from './context.ts';
import { endCall } from './end-call.ts';
import { briefMember, notifyGroup } from './notify.ts';
import { describeGroup } from './point.ts';
import { endSession, markPresent } from './presence.ts';
import { hashRoomId } from './room-hash.ts';
import { makeServerKey, openServerKey } from './server-key.ts';
import { type Outlet, refuse, type Session, sendTo, sendToAll } from './session.ts';
import { makePlace } from './waiting-room.ts';

export type Hello = Extract<ClientMessage, { t: 'hello' }>;

export interface Seat {
  readonly call: Call;
  readonly session: Session;
}

/** Who says hello, apart from what it says. */
export interface Greeter {
  readonly outlet: Outlet;
  /** What counts as one address (V35). */
  readonly address: string;
  mayOpenRoom(): boolean;
}

/** Opens a session, and the room when it is absent and the holder of its host key asks for it. */
export async function handleHello(
  context: DeliveryContext,
  hello: Hello,
  { outlet, address, mayOpenRoom }: Greeter,
): Promise<Result<Seat, ErrorCode>> {
  const room = await findOrCreate(context, hello, () => mayOpenRoom());
  if (!room.ok) return room;
  const call = room.value;
  const participantId = await participantIdOf(hello.leafKey, call.callId);
  const entry = judgeEntry(call, hello, participantId);
  if (!entry.ok) return entry;
  const isHost = equalBytes(hashHostKey(hello.leafKey), call.hostKeyHash);
  if (!makePlace(context, call, { participantId, isHost, address })) return err('TOO_MANY');

  const older = call.sessions.get(participantId);
  if (older !== undefined) {
    endSession(context, call, older, { hasLeft: false });
    refuse(older.outlet, 'SUPERSEDED');
  }
  const session: Session = {
    participantId,
    leafKey: hello.leafKey,
    isHost,
    isLogOnly: entry.value.isLogOnly,
    sessionToken: toBase64Url(randomBytes(32)),
    address,
    outlet,
    treeRate: new TokenBucket(TREE_RATE, context.clock.nowMs()),
  };
  openSession(context, call, session);
  return ok({ call, session });
}

async function findOrCreate(
  context: DeliveryContext,
  { roomId, access, leafKey, create }: Hello,
  mayOpenRoom: () => boolean,
): Promise<Result<Call, ErrorCode>> {
  const roomHash = hashRoomId(roomId);
  const existing = context.calls.get(roomHash);
  // Its deletion failed before: what is left of it must go before a new one takes the id
  if (existing?.hasEnded) await endCall(context, existing);
  else if (existing !== undefined) return ok(existing);
  if (create === undefined) return err('NO_SUCH_ROOM');
  if (!equalBytes(hashHostKey(leafKey), create.hostKeyHash)) return err('BAD_HELLO');
  if (!context.mayCreateRoom(create.token)) return err('ROOMS_NEED_TOKEN');
  if (context.calls.size >= ROOMS_MAX || !mayOpenRoom()) return err('TOO_MANY');
  const nowMs = context.clock.nowMs();
  const stored = {
    roomHash,
    callId: Uint8Array.from(randomBytes(16)),
    hostKeyHash: create.hostKeyHash,
    accessHash: hashAccess(access),
    earlierAccessHashes: [],
    serverKey: makeServerKey(),
    group: null,
    members: [],
    createdAtUnixMs: nowMs,
  };
  await context.store.createCall(stored);
  const call = new Call(stored, openServerKey(stored.serverKey), nowMs);
  context.calls.set(roomHash, call);
  return ok(call);
}

function judgeEntry(
  call: Call,
  { access, leafKey }: Hello,
  participantId: string,
): Result<{ isLogOnly: boolean }, ErrorCode> {
  const hash = hashAccess(access);
  if (equalBytes(hash, call.accessHash)) {
    const isFull = call.currentMembers().length >= PARTICIPANTS_MAX;
    if (isFull && !call.isMember(participantId)) return err('ROOM_FULL');
    return ok({ isLogOnly: false });
  }
  if (!call.earlierAccessHashes.some((earlier) => equalBytes(hash, earlier))) return err('ACCESS_DENIED');
  if (call.members.has(participantId)) return ok({ isLogOnly: true });
  countOldLink(call, leafKey);
  return err('LINK_CHANGED');
}

/** Counts a holder of the link from before the change, and tells the members how many there are. */
export function countOldLink(call: Call, leafKey: Uint8Array): void {
  const before = call.oldLinkLeafKeys.size;
  if (before < OLD_LINK_COUNT_MAX) call.oldLinkLeafKeys.add(toBase64Url(leafKey));
  if (call.oldLinkLeafKeys.size === before) return;
  sendToAll(call.memberSessions(), { t: 'old-link', count: call.oldLinkLeafKeys.size });
}

function openSession(context: DeliveryContext, call: Call, session: Session): void {
  const nowMs = context.clock.nowMs();
  const { participantId } = session;
  const isMember = call.isMember(participantId);
  const othersBefore = call.memberSessions().length;
  call.sessions.set(participantId, session);
  call.emptySinceMs = undefined;
  call.rememberLeafKey(participantId, session.leafKey);
  context.sessionsByToken.set(session.sessionToken, { call, session });
  sendTo(session.outlet, {
    t: 'session',
    callId: call.callId,
    participantId,
    sessionToken: session.sessionToken,
    group: describeGroup(call),
    isMember,
    isDeserted: call.isDeserted(participantId),
    isLogOnly: session.isLogOnly,
    serverKey: call.serverKey.publicKey,
    nowUnixMs: nowMs,
  });
  if (!isMember || session.isLogOnly) return;
  markPresent(call, participantId, nowMs);
  briefMember(call, session);
  if (othersBefore < 2) notifyGroup(call, session);
}

function hashAccess(access: Uint8Array): Bytes {
  return Uint8Array.from(createHash('sha256').update(access).digest());
}

function hashHostKey(publicKey: Uint8Array): Bytes {
  return Uint8Array.from(createHash('sha256').update(publicKey).digest().subarray(0, 16));
}
