/**
 * The socket at `/socket`: `ws` connections handed to delivery, with bounds on what they send, what they leave unread
 * and how long they stay silent.
 *
 * @see SPEC.md V20, V34, V62, V63
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { SOCKET_MESSAGE_BYTES_MAX } from '@conclave/protocol/limits';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Delivery } from './delivery/delivery.ts';
import type { Outlet } from './delivery/session.ts';
import {
  PING_INTERVAL_MS,
  SEND_BUFFER_BYTES_MAX,
  SOCKETS_MAX,
  SOCKETS_PER_ADDRESS_MAX,
  STOP_TIMEOUT_MS,
} from './delivery-limits.ts';
import { AddressCounts } from './rate-limit.ts';
import { refuseUpgrade } from './upgrade.ts';

export class SocketServer {
  readonly #delivery: Delivery;
  // Somewhat more than allowed, so that a message just above gets its code; far above, `ws` closes with 1009
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    maxPayload: 2 * SOCKET_MESSAGE_BYTES_MAX,
  });
  readonly #counts = new AddressCounts();
  readonly #unanswered = new WeakSet<WebSocket>();
  readonly #pings: NodeJS.Timeout;

  constructor(delivery: Delivery, pingIntervalMs = PING_INTERVAL_MS) {
    this.#delivery = delivery;
    this.#pings = setInterval(() => this.#pingAll(), pingIntervalMs);
    this.#pings.unref();
  }

  /** Takes over an upgrade request whose origin was checked. @param address - for the limits alone */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    const isFull = this.#server.clients.size >= SOCKETS_MAX;
    if (isFull || !this.#counts.open(address, SOCKETS_PER_ADDRESS_MAX)) {
      refuseUpgrade(socket, 429);
      return;
    }
    socket.once('close', () => this.#counts.close(address));
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, address));
  }

  /** Closes every socket; those that do not answer are cut. Delivery has told them why. */
  async stop(): Promise<void> {
    clearInterval(this.#pings);
    const closed = [...this.#server.clients].map(
      (webSocket) => new Promise((resolve) => webSocket.once('close', resolve)),
    );
    for (const webSocket of this.#server.clients) webSocket.close(1001);
    const cut = setTimeout(() => {
      for (const webSocket of this.#server.clients) webSocket.terminate();
    }, STOP_TIMEOUT_MS);
    await Promise.all(closed);
    clearTimeout(cut);
  }

  #open(webSocket: WebSocket, address: string): void {
    const connection = this.#delivery.connect(outletOf(webSocket), address);
    webSocket.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      if (bytes.length > SOCKET_MESSAGE_BYTES_MAX) connection.refuse('TOO_LARGE');
      else if (isBinary) connection.refuse('MALFORMED');
      else connection.receive(bytes.toString('utf8'));
    });
    webSocket.on('pong', () => this.#unanswered.delete(webSocket));
    webSocket.on('close', () => connection.closed());
    // What is wrong with a frame is told by its close code; the event must only not be unhandled
    webSocket.on('error', () => undefined);
  }

  #pingAll(): void {
    for (const webSocket of this.#server.clients) {
      if (this.#unanswered.has(webSocket)) {
        webSocket.terminate();
        continue;
      }
      this.#unanswered.add(webSocket);
      webSocket.ping();
    }
  }
}

/** Sends as long as the client reads; never throws. */
export function outletOf(webSocket: WebSocket): Outlet {
  return {
    send: (text) => {
      if (webSocket.readyState !== webSocket.OPEN) return;
      if (webSocket.bufferedAmount + text.length > SEND_BUFFER_BYTES_MAX) webSocket.terminate();
      else webSocket.send(text);
    },
    close: () => {
      if (webSocket.readyState !== webSocket.OPEN) return;
      webSocket.close(1000);
      setTimeout(() => webSocket.terminate(), STOP_TIMEOUT_MS).unref();
    },
  };
}
