/**
 * An in-memory delivery service of one room, honest by default: it speaks the wire's messages and keeps the contract of
 * D7 and D8 (compare-and-set, left before joined, each Welcome to its own joiner, frozen rules, log-only sessions,
 * attestations). A lying one is built from it by `fork`, by editing `call`, or by a hook in the network before it.
 */

import { type Bytes, equalBytes, toHex } from '@conclave/protocol/bytes';
import { ERROR_CODES, type ErrorCode } from '@conclave/protocol/error-codes';
import {
  ATTESTATION_DELAY_MS,
  BEAT_BUNDLE_MS,
  EMPTY_CALL_LIFETIME_MS,
  RECONNECTING_DELAY_MS,
} from '@conclave/protocol/limits';
import { attestationBytes, helloBytes, participantIdOf } from '@conclave/protocol/signed-bytes';
import type { ClientMessage, ServerMessage } from '@conclave/protocol/wire';
import {
  acceptCommit,
  acceptFounding,
  acceptProposal,
  acceptReport,
  type CallRecord,
  type CommitRequest,
  type FoundRequest,
  newCallRecord,
  readLog,
} from './call-record.ts';
import type { Clock } from './virtual-clock.ts';

/** A client's end of a socket, as the service sees it. */
export interface Socket {
  deliver(message: ServerMessage): void;
  hangUp(): void;
}

interface Session {
  readonly socket: Socket;
  readonly participantId: string;
  readonly leafKey: Bytes;
  readonly isLogOnly: boolean;
  readonly isHost: boolean;
  knock: Extract<ClientMessage, { t: 'knock' }> | undefined;
}

/** Small, so that replays in pages are common in tests. */
const LOG_PAGE_ENTRIES = 6;

type Hello = Extract<ClientMessage, { t: 'hello' }>;
type KeyPair = { readonly publicKey: Bytes; readonly privateKey: CryptoKey };

export class DeliveryService {
  readonly #clock: Clock;
  readonly #serverKey: KeyPair;
  readonly #nonceBySocket = new Map<Socket, Bytes>();
  readonly #sessionBySocket = new Map<Socket, Session>();
  readonly #leafKeyByParticipant = new Map<string, Bytes>();
  readonly #lostAtMsByMember = new Map<string, number>();
  #firstBackAtMs = 0;
  #oldLinkCount = 0;
  #beats: Bytes[] = [];
  /** The room; undefined before it is made and after the call has ended. A lying service may put anything here. */
  call: CallRecord | undefined;

  /** `group epoch` of every commit that was taken back: two histories of what came after are honest there. */
  readonly reopened = new Set<string>();

  constructor(clock: Clock, serverKey: KeyPair) {
    this.#clock = clock;
    this.#serverKey = serverKey;
  }

  static async generateKey(): Promise<KeyPair> {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    return {
      publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
      privateKey: pair.privateKey,
    };
  }

  get serverKey(): Bytes {
    return this.#serverKey.publicKey;
  }

  get liveMembers(): readonly string[] {
    return this.#memberSessions().map((session) => session.participantId);
  }

  /** A second world with the same past and the same server key, to which the given sockets now belong. */
  fork(sockets: readonly Socket[]): DeliveryService {
    const other = new DeliveryService(this.#clock, this.#serverKey);
    other.call = this.call;
    for (const [id, key] of this.#leafKeyByParticipant) other.#leafKeyByParticipant.set(id, key);
    for (const socket of sockets) {
      const session = this.#sessionBySocket.get(socket);
      if (session === undefined) continue;
      this.#sessionBySocket.delete(socket);
      other.#sessionBySocket.set(socket, session);
    }
    return other;
  }

  open(socket: Socket): void {
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    this.#nonceBySocket.set(socket, nonce);
    socket.deliver({ t: 'challenge', nonce, nowUnixMs: this.#clock.nowMs() });
  }

  /** The socket is gone; a member's loss is noticed from here on. */
  close(socket: Socket): void {
    this.#nonceBySocket.delete(socket);
    const session = this.#sessionBySocket.get(socket);
    this.#sessionBySocket.delete(socket);
    if (session === undefined) return;
    if (session.knock !== undefined)
      this.#toMembers({ t: 'knock-gone', participantId: session.participantId });
    if (this.call?.members.has(session.participantId)) this.#watchLoss(session.participantId);
    this.#endWhenEmpty();
  }

  async receive(socket: Socket, message: ClientMessage): Promise<void> {
    const session = this.#sessionBySocket.get(socket);
    if (message.t === 'hello') return this.#hello(socket, message);
    if (session === undefined) return this.#refuse(socket, 'BAD_HELLO');
    if (message.t === 'log') return this.#log(session, message);
    if (session.isLogOnly) return this.#refuse(socket, 'NOT_ALLOWED');
    switch (message.t) {
      case 'found':
        return this.#found(session, message);
      case 'commit':
        return this.#commit(session, message);
      case 'knock':
        return this.#knock(session, message);
      case 'proposal':
        return this.#proposal(session, message);
      case 'beat':
        return this.#beat(session, message.sealed);
      case 'group-info':
        return this.#groupInfo(session, message.request);
      case 'report-invalid':
        return this.#report(session, message);
      case 'sfu':
        return socket.deliver({ t: 'sfu', request: message.request, ticket: 'ticket', token: 'token' });
      case 'leave':
        return this.#leave(socket);
    }
  }

  /** `GET /api/trees/…`: the trees of the latest epochs. */
  tree(groupId: Bytes, epoch: number): Bytes | undefined {
    const group = this.call?.group;
    return group && equalBytes(group.groupId, groupId) ? group.treeByEpoch.get(epoch) : undefined;
  }

  async #hello(socket: Socket, hello: Hello): Promise<void> {
    const nonce = this.#nonceBySocket.get(socket);
    if (nonce === undefined || !(await isSigned(hello, nonce))) return this.#refuse(socket, 'BAD_HELLO');
    const accessHash = toHex(await sha256(hello.access));
    const hostKeyHash = (await sha256(hello.leafKey)).slice(0, 16);
    if (this.call === undefined && hello.create && equalBytes(hello.create.hostKeyHash, hostKeyHash)) {
      const callId = crypto.getRandomValues(new Uint8Array(16));
      this.call = newCallRecord({ roomId: hello.roomId, hostKeyHash, callId, accessHash });
    }
    const { call } = this;
    if (call === undefined || !equalBytes(call.roomId, hello.roomId)) {
      return this.#refuse(socket, 'NO_SUCH_ROOM');
    }
    const participantId = await participantIdOf(hello.leafKey, call.callId);
    const isEarlier = call.earlierAccessHashes.includes(accessHash);
    if (isEarlier && !call.everJoined.has(participantId)) {
      this.#countOldLink();
      return this.#refuse(socket, 'LINK_CHANGED');
    }
    if (!isEarlier && accessHash !== call.accessHash) return this.#refuse(socket, 'ACCESS_DENIED');
    this.#nonceBySocket.delete(socket);
    this.#begin({
      socket,
      participantId,
      leafKey: hello.leafKey,
      isLogOnly: isEarlier,
      isHost: equalBytes(call.hostKeyHash, hostKeyHash),
      knock: undefined,
    });
  }

  #begin(session: Session): void {
    const { participantId, socket } = session;
    for (const [other, { participantId: otherId }] of this.#sessionBySocket) {
      if (otherId === participantId) this.#refuse(other, 'SUPERSEDED');
    }
    if (this.#memberSessions().length === 0) this.#noteFirstBack(participantId);
    this.#sessionBySocket.set(socket, session);
    this.#leafKeyByParticipant.set(participantId, session.leafKey);
    const call = this.#record();
    const isMember = call.members.has(participantId);
    socket.deliver({
      t: 'session',
      callId: call.callId,
      participantId,
      sessionToken: participantId,
      group: this.#groupSummary(),
      isMember,
      isDeserted: this.#isDesertedFor(participantId),
      isLogOnly: session.isLogOnly,
      serverKey: this.serverKey,
      nowUnixMs: this.#clock.nowMs(),
    });
    if (isMember && !session.isLogOnly) this.#welcomeBack(session);
  }

  /** After a time without any member: nobody is attested away before the others had 15 s to come back, too (D8). */
  #noteFirstBack(participantId: string): void {
    if (this.call?.members.has(participantId)) this.#firstBackAtMs = this.#clock.nowMs();
  }

  #welcomeBack(session: Session): void {
    if (this.#lostAtMsByMember.delete(session.participantId)) {
      this.#toMembers({ t: 'connection', participantId: session.participantId, isConnected: true });
    }
    this.#relayHeldKnocks([session]);
    for (const member of this.#lostAtMsByMember.keys()) this.#attestWhenDue(member);
  }

  async #found(session: Session, request: FoundRequest): Promise<void> {
    const call = this.#record();
    if (!session.isHost || !this.#isDesertedFor(session.participantId)) {
      if (session.isHost) return this.#epochTaken(session, request.request);
      return this.#refuse(session.socket, 'NOT_ALLOWED', request.request);
    }
    const accepted = acceptFounding(call, session.participantId, request);
    if (!accepted.ok) {
      if (accepted.error.code === 'EPOCH_TAKEN') return this.#epochTaken(session, request.request);
      return this.#refuse(session.socket, accepted.error.code, request.request);
    }
    this.call = accepted.value;
    this.#lostAtMsByMember.clear();
    session.socket.deliver({ t: 'accepted', request: request.request, epoch: 0 });
    if (request.nextAccessHash) this.#turnAwayOldLinks();
    for (const other of this.#sessionBySocket.values()) {
      if (other === session) continue;
      other.knock = undefined;
      this.#tellGroup(other);
    }
  }

  async #commit(session: Session, request: CommitRequest): Promise<void> {
    const before = this.#record();
    const accepted = acceptCommit(before, session.participantId, request);
    if (!accepted.ok) {
      if (accepted.error.code === 'EPOCH_TAKEN') return this.#epochTaken(session, request.request);
      return this.#refuse(session.socket, accepted.error.code, request.request);
    }
    this.call = accepted.value;
    const { t, groupId, epoch, phase, commit, joined, left, nextAccessHash } = request;
    session.socket.deliver({ t: 'accepted', request: request.request, epoch: epoch + 1 });
    const entry: ServerMessage = {
      t,
      groupId,
      epoch,
      phase,
      commit,
      joined,
      left,
      ...(nextAccessHash === undefined ? {} : { nextAccessHash }),
    };
    for (const other of this.#sessionBySocket.values()) {
      if (other !== session && before.members.has(other.participantId) && !other.isLogOnly) {
        other.socket.deliver(entry);
      }
    }
    this.#dismiss(left.filter((participant) => !joined.includes(participant)));
    for (const { participantId, welcome } of request.welcomes) {
      if (!joined.includes(participantId)) continue;
      this.#sessionOf(participantId)?.socket.deliver({ t: 'welcome', groupId, epoch: epoch + 1, welcome });
    }
    this.#letIn(joined);
    if (phase === 'rotate') this.#turnAwayOldLinks();
    for (const member of this.#lostAtMsByMember.keys()) await this.#attest(member);
    for (const other of this.#sessionBySocket.values()) {
      if (!this.#record().members.has(other.participantId)) this.#tellGroup(other);
    }
  }

  #dismiss(left: readonly string[]): void {
    for (const participant of left) {
      this.#lostAtMsByMember.delete(participant);
      const session = this.#sessionOf(participant);
      if (session !== undefined) this.#refuse(session.socket, 'REMOVED');
    }
  }

  #letIn(joined: readonly string[]): void {
    const sessions = joined.flatMap((participant) => this.#sessionOf(participant) ?? []);
    for (const session of sessions) session.knock = undefined;
    const isFirst =
      sessions.length > 0 && this.#memberSessions().every((member) => sessions.includes(member));
    if (isFirst) {
      this.#firstBackAtMs = this.#clock.nowMs();
      for (const member of this.#lostAtMsByMember.keys()) this.#attestWhenDue(member);
    }
    for (const participant of joined) {
      if (this.#sessionOf(participant) === undefined) this.#watchLoss(participant);
    }
    this.#relayHeldKnocks(sessions);
  }

  #turnAwayOldLinks(): void {
    for (const [socket, session] of this.#sessionBySocket) {
      if (this.#record().members.has(session.participantId)) continue;
      this.#countOldLink();
      this.#refuse(socket, 'LINK_CHANGED');
    }
  }

  #knock(session: Session, knock: Extract<ClientMessage, { t: 'knock' }>): void {
    const { group, members } = this.#record();
    if (group === undefined) {
      this.#refuse(session.socket, 'NO_GROUP');
      return;
    }
    if (members.has(session.participantId)) {
      this.#refuse(session.socket, 'NOT_ALLOWED');
      return;
    }
    if (!equalBytes(group.groupId, knock.groupId)) {
      this.#tellGroup(session);
      return;
    }
    session.knock = knock;
    if (group.isFrozen) return;
    this.#toMembers({
      t: 'knock',
      participantId: session.participantId,
      groupId: knock.groupId,
      sealed: knock.sealed,
    });
  }

  #relayHeldKnocks(to: readonly Session[]): void {
    if (this.#record().group?.isFrozen) return;
    for (const { knock, participantId } of this.#sessionBySocket.values()) {
      if (knock === undefined) continue;
      for (const session of to) {
        const { groupId, sealed } = knock;
        session.socket.deliver({ t: 'knock', participantId, groupId, sealed });
      }
    }
  }

  #proposal(session: Session, message: Extract<ClientMessage, { t: 'proposal' }>): void {
    const call = this.#record();
    if (!call.members.has(session.participantId)) {
      this.#refuse(session.socket, 'NOT_ALLOWED');
      return;
    }
    const accepted = acceptProposal(call, message);
    if (accepted === undefined) {
      this.#refuse(session.socket, 'WRONG_EPOCH');
      return;
    }
    this.call = accepted;
    const { groupId, epoch } = message;
    this.#toMembers({ t: 'proposal', groupId, epoch, message: message.message }, session);
  }

  #beat(session: Session, sealed: Bytes): void {
    if (this.#record().members.has(session.participantId)) this.injectBeat(sealed);
  }

  /** Relays a beat from anywhere, as a lying service may. */
  injectBeat(sealed: Bytes): void {
    this.#beats.push(sealed);
    if (this.#beats.length > 1) return;
    this.#clock.after(BEAT_BUNDLE_MS, () => {
      const beats = this.#beats;
      this.#beats = [];
      if (this.call !== undefined) this.#toMembers({ t: 'beats', beats });
    });
  }

  #log(session: Session, { request, fromEpoch }: Extract<ClientMessage, { t: 'log' }>): void {
    const { group, members } = this.#record();
    if (group === undefined) {
      this.#refuse(session.socket, 'NO_GROUP', request);
      return;
    }
    const isOutside = session.isLogOnly || !members.has(session.participantId);
    const entries = readLog(group, fromEpoch, isOutside ? session.participantId : undefined);
    if (entries === undefined) {
      this.#refuse(session.socket, 'WRONG_EPOCH', request);
      return;
    }
    const hasMore = entries.length > LOG_PAGE_ENTRIES;
    session.socket.deliver({
      t: 'log',
      request,
      groupId: group.groupId,
      entries: entries.slice(0, LOG_PAGE_ENTRIES),
      proposals: hasMore || isOutside ? [] : [...group.proposals],
      hasMore,
    });
  }

  #groupInfo(session: Session, request: number): void {
    const { group } = this.#record();
    if (group === undefined) {
      this.#refuse(session.socket, 'NO_GROUP', request);
      return;
    }
    const { groupId, epoch, groupInfo } = group;
    session.socket.deliver({ t: 'group-info', request, groupId, epoch, groupInfo });
  }

  #report(session: Session, about: { groupId: Bytes; epoch: number }): void {
    const { call, isReopened } = acceptReport(this.#record(), session.participantId, about);
    this.call = call;
    if (!isReopened) return;
    // To all: who was let in by the commit that is taken back is no member now, and must know.
    for (const { socket } of this.#sessionBySocket.values()) {
      socket.deliver({ t: 'reopened', groupId: about.groupId, epoch: about.epoch });
    }
  }

  #leave(socket: Socket): void {
    const wasMember = this.call?.members.has(this.#sessionBySocket.get(socket)?.participantId ?? '');
    this.close(socket);
    socket.hangUp();
    if (wasMember && this.#memberSessions().length === 0) this.#end();
  }

  #endWhenEmpty(): void {
    if (this.#sessionBySocket.size > 0) return;
    const emptySinceMs = this.#clock.nowMs();
    this.#clock.after(EMPTY_CALL_LIFETIME_MS, () => {
      const wasEmpty = this.#sessionBySocket.size === 0 && this.#firstBackAtMs <= emptySinceMs;
      if (wasEmpty && this.call?.group !== undefined) this.#end();
    });
  }

  #end(): void {
    this.call = undefined;
    this.#lostAtMsByMember.clear();
    for (const socket of [...this.#sessionBySocket.keys()]) {
      socket.deliver({ t: 'ended' });
      this.#sessionBySocket.delete(socket);
      socket.hangUp();
    }
  }

  #watchLoss(participantId: string): void {
    const lostAtMs = this.#clock.nowMs();
    this.#lostAtMsByMember.set(participantId, lostAtMs);
    this.#clock.after(RECONNECTING_DELAY_MS, () => {
      if (this.#lostAtMsByMember.get(participantId) !== lostAtMs) return;
      this.#toMembers({ t: 'connection', participantId, isConnected: false });
    });
    this.#attestWhenDue(participantId);
  }

  #attestWhenDue(participantId: string): void {
    const lostAtMs = this.#lostAtMsByMember.get(participantId) ?? 0;
    const dueAtMs = Math.max(lostAtMs, this.#firstBackAtMs) + ATTESTATION_DELAY_MS;
    this.#clock.after(dueAtMs - this.#clock.nowMs(), () => this.#attest(participantId));
  }

  async #attest(participantId: string): Promise<void> {
    const lostAtMs = this.#lostAtMsByMember.get(participantId);
    const leafKey = this.#leafKeyByParticipant.get(participantId);
    const group = this.call?.group;
    if (lostAtMs === undefined || leafKey === undefined || group === undefined) return;
    if (this.#clock.nowMs() < Math.max(lostAtMs, this.#firstBackAtMs) + ATTESTATION_DELAY_MS) return;
    const { groupId, epoch } = group;
    this.#toMembers({ t: 'attestation', ...(await this.signAttestation(groupId, epoch, leafKey)) });
  }

  /** What a lying service signs is as good as what an honest one does: it can remove anybody, visibly (D8). */
  async signAttestation(groupId: Bytes, epoch: number, leafKey: Bytes) {
    const bytes = attestationBytes(groupId, epoch, leafKey);
    const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', this.#serverKey.privateKey, bytes));
    return { groupId, epoch, leafKey, signature };
  }

  #countOldLink(): void {
    this.#oldLinkCount++;
    for (const session of this.#memberSessions()) {
      if (session.isHost) session.socket.deliver({ t: 'old-link', count: this.#oldLinkCount });
    }
  }

  #epochTaken(session: Session, request: number): void {
    const group = this.call?.group;
    session.socket.deliver({
      t: 'epoch-taken',
      request,
      epoch: group?.epoch ?? 0,
      groupId: group?.groupId ?? null,
    });
  }

  #refuse(socket: Socket, code: ErrorCode, request?: number): void {
    socket.deliver({ t: 'error', code, ...(request === undefined ? {} : { request }) });
    if (!ERROR_CODES[code].closes) return;
    this.close(socket);
    socket.hangUp();
  }

  #tellGroup(session: Session): void {
    if (session.isLogOnly) return;
    session.socket.deliver({
      t: 'group',
      group: this.#groupSummary(),
      isDeserted: this.#isDesertedFor(session.participantId),
    });
  }

  #groupSummary(): { groupId: Bytes; epoch: number; frozen: boolean } | null {
    const group = this.call?.group;
    return group ? { groupId: group.groupId, epoch: group.epoch, frozen: group.isFrozen } : null;
  }

  #isDesertedFor(participantId: string): boolean {
    return this.#memberSessions().every((session) => session.participantId === participantId);
  }

  #memberSessions(): readonly Session[] {
    return [...this.#sessionBySocket.values()].filter(
      (session) => !session.isLogOnly && this.call?.members.has(session.participantId),
    );
  }

  #sessionOf(participantId: string): Session | undefined {
    for (const session of this.#sessionBySocket.values()) {
      if (session.participantId === participantId && !session.isLogOnly) return session;
    }
    return undefined;
  }

  #toMembers(message: ServerMessage, except?: Session): void {
    for (const session of this.#memberSessions()) {
      if (session !== except) session.socket.deliver(message);
    }
  }

  #record(): CallRecord {
    if (this.call === undefined) throw new Error('a session outlives its call');
    return this.call;
  }
}

async function isSigned(hello: Hello, nonce: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', hello.leafKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, hello.signature, helloBytes(nonce, hello.roomId));
  } catch {
    return false;
  }
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
