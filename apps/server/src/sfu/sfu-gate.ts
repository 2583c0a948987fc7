/**
 * The gate to LiveKit: tickets of live sessions, their connections, and what LiveKit is told when membership changes.
 * LiveKit's own tokens are not enough: it renews them for who is connected, and takes them back from who was removed
 * (livekit.md §1). So a connection lives exactly as long as its session.
 *
 * @see SPEC.md V57–V59
 */
import { randomBytes } from 'node:crypto';
import { toBase64Url } from '@conclave/protocol/bytes';
import type { Clock } from '../clock.ts';
import type { Call } from '../delivery/call.ts';
import type { Sfu } from '../delivery/context.ts';
import type { Session } from '../delivery/session.ts';
import { SFU_CONNECTIONS_PER_SESSION_MAX, TICKETS_PER_SESSION_MAX } from '../delivery-limits.ts';
import type { LiveKit } from '../livekit/supervisor.ts';
import type { RoomService } from './room-service.ts';
import { mintToken, permissionOf, roomNameOf } from './sfu-token.ts';
import { WaitingRates } from './waiting-rates.ts';

/**
 * What livekit-client is given where it wants a token. The proxy drops it and opens each connection with one of its own,
 * so that no client ever holds a token for LiveKit, but those that LiveKit renews inside a connection (V75).
 */
const PLACEHOLDER_TOKEN = 'by-ticket';

/** Something that can be cut: a proxied connection. */
export interface Cuttable {
  destroy(): void;
}

/** What a valid ticket stands for. */
export interface Admission {
  readonly call: Call;
  readonly session: Session;
  readonly connections: Set<Cuttable>;
  readonly tickets: string[];
  readonly rates: WaitingRates;
}

/** What a connection to LiveKit is opened with. */
interface Opening {
  readonly token: string;
  /** What the token says for good; membership may have changed when LiveKit has read it. */
  readonly isMember: boolean;
}

export class SfuGate implements Sfu {
  readonly #keys: Pick<LiveKit, 'apiKey' | 'apiSecret'>;
  readonly #rooms: RoomService;
  readonly #clock: Clock;
  readonly #admissionsByTicket = new Map<string, Admission>();
  readonly #admissionsBySession = new Map<Session, Admission>();

  constructor(keys: Pick<LiveKit, 'apiKey' | 'apiSecret'>, rooms: RoomService, clock: Clock) {
    this.#keys = keys;
    this.#rooms = rooms;
    this.#clock = clock;
  }

  grant(call: Call, session: Session): Promise<{ ticket: string; token: string }> {
    const ticket = toBase64Url(randomBytes(24));
    const admission = this.#admissionsBySession.get(session) ?? {
      call,
      session,
      connections: new Set(),
      tickets: [],
      rates: new WaitingRates(this.#clock),
    };
    admission.tickets.push(ticket);
    this.#admissionsBySession.set(session, admission);
    this.#admissionsByTicket.set(ticket, admission);
    if (admission.tickets.length > TICKETS_PER_SESSION_MAX) {
      this.#admissionsByTicket.delete(admission.tickets.shift() ?? '');
    }
    return Promise.resolve({ ticket, token: PLACEHOLDER_TOKEN });
  }

  /** The live session that `ticket` belongs to. */
  find(ticket: string): Admission | undefined {
    return this.#admissionsByTicket.get(ticket);
  }

  /**
   * Registers a connection, and mints the token that it is opened with: whatever token the client shows, it gets what
   * its session may have now. Undefined when the session has too many, or asks too often while it waits. The caller
   * removes it from `connections`.
   */
  async open(admission: Admission, connection: Cuttable): Promise<Opening | undefined> {
    const { call, session, rates } = admission;
    const isMember = call.isMember(session.participantId);
    if (!isMember && !rates.takeConnect()) return undefined;
    if (admission.connections.size >= SFU_CONNECTIONS_PER_SESSION_MAX) return undefined;
    // Before the token is made: a commit that comes in between finds the connection and raises it
    admission.connections.add(connection);
    return { token: await mintToken(this.#keys, call, session.participantId, isMember), isMember };
  }

  /**
   * LiveKit has answered a connection, so it knows the participant that this one makes. What was raised before may have
   * been an older one of the same identity: a commit since the token was made is told again.
   */
  answered(admission: Admission, { isMember }: Opening): void {
    const { call, session } = admission;
    if (!isMember && call.isMember(session.participantId)) void this.#raise(admission);
  }

  admit(call: Call, participantId: string): void {
    const session = call.sessions.get(participantId);
    const admission = session === undefined ? undefined : this.#admissionsBySession.get(session);
    // Not connected yet: its next connection is opened as a member's
    if (admission === undefined || admission.connections.size === 0) return;
    void this.#raise(admission);
  }

  async #raise(admission: Admission): Promise<void> {
    const { call, session, connections } = admission;
    const isWanted = (): boolean =>
      this.#admissionsBySession.get(session) === admission &&
      connections.size > 0 &&
      call.isMember(session.participantId);
    // 'Not found' while its connection is being opened
    const isRaised = await this.#rooms.insist(
      (rooms) =>
        rooms.updateParticipant(roomNameOf(call), session.participantId, { permission: permissionOf(true) }),
      'retry',
      isWanted,
    );
    // A new connection is opened as a member's, so cutting this one is the way out
    if (!isRaised && isWanted()) for (const connection of connections) connection.destroy();
  }

  expel(call: Call, participantId: string): void {
    const session = call.sessions.get(participantId);
    const admission = session === undefined ? undefined : this.#admissionsBySession.get(session);
    for (const connection of admission?.connections ?? []) connection.destroy();
    admission?.connections.clear();
    this.#remove(call, participantId);
  }

  endSession(call: Call, session: Session): void {
    const admission = this.#admissionsBySession.get(session);
    if (admission === undefined) return;
    this.#admissionsBySession.delete(session);
    for (const ticket of admission.tickets) this.#admissionsByTicket.delete(ticket);
    for (const connection of admission.connections) connection.destroy();
    admission.connections.clear();
    this.#remove(call, session.participantId);
  }

  /** LiveKit keeps who lost its connection for a while; unless the participant has come back, it goes now. */
  #remove(call: Call, participantId: string): void {
    const isGone = (): boolean => {
      const session = call.sessions.get(participantId);
      const admission = session === undefined ? undefined : this.#admissionsBySession.get(session);
      return !call.hasEnded && (admission === undefined || admission.connections.size === 0);
    };
    void this.#rooms.insist(
      (rooms) => rooms.removeParticipant(roomNameOf(call), participantId),
      'done',
      isGone,
    );
  }

  endCall(call: Call): void {
    void this.#rooms.insist(
      (rooms) => rooms.deleteRoom(roomNameOf(call)),
      'done',
      () => true,
    );
  }
}
