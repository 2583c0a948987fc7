/**
 * The one WebSocket to the delivery service, SPEC S60–S64, design D7: challenge → hello → session, then messages; lost
 * connections come back by themselves with growing pauses. What the server says is checked for shape only: it is a hint
 * for liveness and never the source of anything that is shown.
 *
 *   opening ──challenge──► greeting ──session──► open ──lost──► waiting ──pause──► opening
 *      └──── error that time does not mend (CLOSED_FOR_GOOD), or close() ────► closed
 */
import type { Link } from '@conclave/crypto/link';
import { deriveLinkKeys } from '@conclave/crypto/link-keys';
import { type SigningKey, sign } from '@conclave/crypto/mls/signing-key';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { helloBytes } from '@conclave/protocol/signed-bytes';
import {
  type ClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage,
  WIRE_VERSION,
} from '@conclave/protocol/wire';
import { CONNECT_TIMEOUT_MS, RECONNECT_DELAY_MAX_MS, RECONNECT_DELAY_MIN_MS } from '../limits.ts';

export type SessionMessage = Extract<ServerMessage, { t: 'session' }>;

export interface DeliverySocketOptions {
  /** ws: or wss: address of the server's socket. */
  readonly url: string;
  /** Opens it where the platform does not send an Origin by itself, which the server insists on. */
  readonly openSocket?: (url: string) => WebSocket;
  readonly key: SigningKey;
  /** Tried in this order while the server denies access: after a reload it may be the older one that counts (D10). */
  links(): readonly Link[];
  /** Set on the device that may make the room. */
  readonly create?: { readonly hostKeyHash: Link['hostKeyHash']; readonly token?: string };
  onSession(session: SessionMessage, link: Link): void;
  /** @param bytes - of the message on the wire, for whoever lets it wait */
  onMessage(message: ServerMessage, bytes: number): void;
  /** The connection is gone; another attempt follows by itself. */
  onLost(): void;
  /** It will not come back by itself. */
  onClosed(code: ErrorCode): void;
}

/** Errors that time does not mend. */
const CLOSED_FOR_GOOD: ReadonlySet<ErrorCode> = new Set([
  'NO_SUCH_ROOM',
  'ACCESS_DENIED',
  'LINK_CHANGED',
  'ROOM_FULL',
  'ROOMS_NEED_TOKEN',
  'SUPERSEDED',
  'BAD_HELLO',
]);
/** With more than one link at hand these are answered by trying the next. */
const TRY_OTHER_LINK: ReadonlySet<ErrorCode> = new Set(['ACCESS_DENIED', 'LINK_CHANGED']);

export class DeliverySocket {
  readonly #options: DeliverySocketOptions;
  #socket: WebSocket | undefined;
  #isOpen = false;
  #isClosed = false;
  #hasBeenOpen = false;
  #attempt = 0;
  /** Index into `links()` of the one that hello shows next. */
  #linkIndex = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #timeout: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeliverySocketOptions) {
    this.#options = options;
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends if the session is open; what cannot be sent is dropped, as a network would: the machine asks again. */
  send(message: ClientMessage): void {
    if (this.#isOpen) this.#socket?.send(encodeMessage(message));
  }

  /** Comes back at once instead of after the pause: the network is said to be there again. */
  hurry(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** Gives the connection up and makes another. */
  drop(): void {
    this.#socket?.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    clearTimeout(this.#retry);
    clearTimeout(this.#timeout);
    this.#socket?.close();
  }

  #connect(): void {
    this.#retry = undefined;
    const { url, openSocket } = this.#options;
    const socket = openSocket?.(url) ?? new WebSocket(url);
    this.#socket = socket;
    this.#timeout = setTimeout(() => this.#lose(socket), CONNECT_TIMEOUT_MS);
    socket.addEventListener('message', (event) => {
      if (this.#socket === socket && typeof event.data === 'string') void this.#receive(socket, event.data);
    });
    socket.addEventListener('close', () => this.#lose(socket));
  }

  async #receive(socket: WebSocket, text: string): Promise<void> {
    const decoded = decodeServerMessage(text);
    if (!decoded.ok) {
      socket.close();
      return;
    }
    const message = decoded.value;
    if (message.t === 'challenge') await this.#greet(socket, message.nonce);
    else if (message.t === 'error' && message.code === 'TOO_MANY') this.#turnedAway(socket);
    else if (message.t === 'error' && CLOSED_FOR_GOOD.has(message.code)) this.#refused(message.code);
    else if (message.t === 'session') this.#accept(message);
    else if (this.#isOpen) this.#options.onMessage(message, text.length);
  }

  async #greet(socket: WebSocket, nonce: Uint8Array): Promise<void> {
    const link = this.#link();
    if (link === undefined) return;
    const { key, create } = this.#options;
    const [{ access }, signature] = await Promise.all([
      deriveLinkKeys(link),
      sign(key, helloBytes(nonce, link.roomId)),
    ]);
    if (this.#socket !== socket || socket.readyState !== WebSocket.OPEN) return;
    const hello: ClientMessage = {
      t: 'hello',
      v: WIRE_VERSION,
      roomId: link.roomId,
      access,
      leafKey: key.publicKey,
      signature,
      ...(create && { create }),
    };
    socket.send(encodeMessage(hello));
  }

  #link(): Link | undefined {
    const links = this.#options.links();
    return links[this.#linkIndex % Math.max(1, links.length)];
  }

  #accept(session: SessionMessage): void {
    const link = this.#link();
    if (link === undefined) return;
    clearTimeout(this.#timeout);
    this.#attempt = 0;
    this.#isOpen = true;
    this.#hasBeenOpen = true;
    this.#options.onSession(session, link);
  }

  #refused(code: ErrorCode): void {
    const isLast = this.#linkIndex + 1 >= this.#options.links().length;
    if (TRY_OTHER_LINK.has(code) && !this.#isOpen && !isLast) {
      this.#linkIndex += 1;
      return; // the server closes, and the next attempt shows the other link
    }
    this.close();
    this.#options.onClosed(code);
  }

  /** Who was in comes back when there is a place again; who never was is told, and decides. */
  #turnedAway(socket: WebSocket): void {
    if (!this.#hasBeenOpen) this.#refused('TOO_MANY');
    else this.#lose(socket);
  }

  #lose(socket: WebSocket): void {
    if (this.#socket !== socket || this.#isClosed) return;
    clearTimeout(this.#timeout);
    this.#socket = undefined;
    if (socket.readyState !== WebSocket.CLOSED) socket.close();
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#linkIndex = 0;
      this.#options.onLost();
    }
    const limit = Math.min(RECONNECT_DELAY_MAX_MS, RECONNECT_DELAY_MIN_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    // spread over the upper half, so that a server that comes back is not met by everybody at once
    this.#retry = setTimeout(() => this.#connect(), limit * (0.5 + Math.random() / 2));
  }
}
