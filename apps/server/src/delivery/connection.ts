/**
 * One socket's way through the rules: challenge, hello, then messages, each within its rate. Nothing that a client
 * sends can throw out of here.
 *
 * @see SPEC.md V20–V24, V34
 */
import { randomBytes } from 'node:crypto';
import { ERROR_CODES, type ErrorCode } from '@conclave/protocol/error-codes';
import { HELLO_TIMEOUT_MS } from '@conclave/protocol/limits';
import { helloBytes } from '@conclave/protocol/signed-bytes';
import { type ClientMessage, decodeClientMessage } from '@conclave/protocol/wire';
import { MESSAGE_RATES, PENDING_MESSAGES_MAX, SOCKET_BYTES_RATE } from '../delivery-limits.ts';
import type { Log } from '../log.ts';
import type { Mailboxes } from '../mailbox.ts';
import { addressKey, TokenBucket } from '../rate-limit.ts';
import type { DeliveryContext } from './context.ts';
import { dispatch } from './dispatch.ts';
import { type Hello, handleHello, type Seat } from './hello.ts';
import { endSession } from './presence.ts';
import { hashRoomId } from './room-hash.ts';
import { verifyLeafSignature } from './server-key.ts';
import { type Outlet, refuse, sendTo } from './session.ts';

/** What a connection needs of the service that it belongs to. */
export interface ConnectionHome {
  readonly context: DeliveryContext;
  readonly mailboxes: Mailboxes;
  readonly log: Log;
  mayHello(address: string): boolean;
  mayOpenRoom(address: string): boolean;
}

export class Connection {
  readonly #delivery: ConnectionHome;
  readonly #outlet: Outlet;
  readonly #address: string;
  readonly #onClosed: () => void;
  readonly #nonce = Uint8Array.from(randomBytes(32));
  readonly #bytes: TokenBucket;
  readonly #buckets = new Map<ClientMessage['t'], TokenBucket>();
  readonly #cancelHelloTimeout: () => void;
  #seat: Seat | undefined;
  #pending = 0;
  #isClosed = false;

  constructor(delivery: ConnectionHome, outlet: Outlet, address: string, onClosed: () => void) {
    this.#delivery = delivery;
    this.#outlet = outlet;
    this.#address = address;
    this.#onClosed = onClosed;
    const { clock } = delivery.context;
    this.#bytes = new TokenBucket(SOCKET_BYTES_RATE, clock.nowMs());
    sendTo(outlet, { t: 'challenge', nonce: this.#nonce, nowUnixMs: clock.nowMs() });
    this.#cancelHelloTimeout = clock.after(HELLO_TIMEOUT_MS, () => this.refuse('BAD_HELLO'));
  }

  /** Takes one text message of the client. Never throws. */
  receive(text: string): void {
    if (this.#isClosed) return;
    if (!this.#bytes.take(this.#delivery.context.clock.nowMs(), text.length)) {
      this.refuse('RATE_LIMITED');
      return;
    }
    const decoded = decodeClientMessage(text);
    if (!decoded.ok) {
      this.refuse(decoded.error.code);
      return;
    }
    const message = decoded.value;
    if (!this.#takeToken(message.t)) {
      this.refuse(message.t === 'hello' ? 'BAD_HELLO' : 'RATE_LIMITED', requestOf(message));
      return;
    }
    if (message.t === 'hello') {
      this.#hello(message);
      return;
    }
    if (this.#seat === undefined) {
      this.refuse('BAD_HELLO');
      return;
    }
    if (this.#pending >= PENDING_MESSAGES_MAX) {
      this.refuse('RATE_LIMITED', requestOf(message));
      return;
    }
    const { call, session } = this.#seat;
    this.#run(call.roomHash, async () => {
      // It may have ended while this message waited
      if (call.sessions.get(session.participantId) !== session) return;
      await dispatch(this.#delivery.context, call, session, message);
    });
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelHelloTimeout();
    this.#onClosed();
    const seat = this.#seat;
    if (seat === undefined) return;
    this.#run(seat.call.roomHash, () =>
      endSession(this.#delivery.context, seat.call, seat.session, { hasLeft: false }),
    );
  }

  /** Sends the code; when it closes, the session ends with it. */
  refuse(code: ErrorCode, request?: number): void {
    refuse(this.#outlet, code, request);
    if (ERROR_CODES[code].closes) this.closed();
  }

  #hello(hello: Hello): void {
    const { context } = this.#delivery;
    this.#cancelHelloTimeout();
    if (!this.#delivery.mayHello(this.#address)) {
      this.refuse('TOO_MANY');
      return;
    }
    const isSigned = verifyLeafSignature(
      hello.leafKey,
      helloBytes(this.#nonce, hello.roomId),
      hello.signature,
    );
    if (!isSigned) {
      this.refuse('BAD_HELLO');
      return;
    }
    const greeter = {
      outlet: this.#outlet,
      address: addressKey(this.#address),
      mayOpenRoom: () => this.#delivery.mayOpenRoom(this.#address),
    };
    this.#run(hashRoomId(hello.roomId), async () => {
      if (this.#isClosed) return;
      const seat = await handleHello(context, hello, greeter);
      if (!seat.ok) return this.refuse(seat.error);
      this.#seat = seat.value;
      // Closed while the store was at work: nobody else would end this session
      if (this.#isClosed) endSession(context, seat.value.call, seat.value.session, { hasLeft: false });
    });
  }

  #takeToken(kind: ClientMessage['t']): boolean {
    const nowMs = this.#delivery.context.clock.nowMs();
    const bucket = this.#buckets.get(kind) ?? new TokenBucket(MESSAGE_RATES[kind], nowMs);
    this.#buckets.set(kind, bucket);
    return bucket.take(nowMs);
  }

  #run(roomHash: string, task: () => Promise<void> | void): void {
    this.#pending += 1;
    this.#delivery.mailboxes
      .run(roomHash, task)
      .catch((error: unknown) => {
        this.#delivery.log.error('a message could not be handled', error);
        this.refuse('INTERNAL');
      })
      .finally(() => {
        this.#pending -= 1;
      });
  }
}

function requestOf(message: ClientMessage): number | undefined {
  return 'request' in message ? message.request : undefined;
}
