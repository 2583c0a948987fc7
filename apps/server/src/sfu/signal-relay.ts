/**
 * A relay of messages between two WebSockets that live and die together. Neither side can make it throw, and neither can
 * pile up more than a limit in it.
 *
 * @see SPEC.md V57, V58
 */
import type { WebSocket } from 'ws';
import { STOP_TIMEOUT_MS } from '../delivery-limits.ts';
import { SFU_BUFFER_BYTES_MAX } from './sfu-limits.ts';

/** RFC 6455 §7.4.1: a close frame without a code. */
const NO_STATUS = 1005;
/** Of the protocol's own codes: one is reserved, the other says here that a connection was lost. */
const NEVER_SENT = new Set([1004, 1006]);

export interface Message {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
}

/**
 * Relays from now on. Both are open, and nothing was read from either.
 *
 * @param judge - what goes upstream in place of a message of the client, undefined to cut both; asked as each one is relayed
 */
export function relay(
  client: WebSocket,
  upstream: WebSocket,
  judge: (message: Message) => readonly Message[] | undefined,
): void {
  const cut = (): void => {
    client.terminate();
    upstream.terminate();
  };
  client.on('message', (data, isBinary) => {
    const messages = judge({ data: data as Buffer, isBinary });
    if (messages === undefined) return cut();
    for (const message of messages) send(upstream, message, cut);
  });
  upstream.on('message', (data, isBinary) => send(client, { data: data as Buffer, isBinary }, cut));
  client.on('close', (code, reason) => close(upstream, code, reason));
  upstream.on('close', (code, reason) => close(client, code, reason));
  client.on('error', cut);
  upstream.on('error', cut);
}

function send(to: WebSocket, { data, isBinary }: Message, cut: () => void): void {
  if (to.readyState !== to.OPEN) return;
  if (to.bufferedAmount + data.length > SFU_BUFFER_BYTES_MAX) cut();
  else to.send(data, { binary: isBinary });
}

function close(other: WebSocket, code: number, reason: Buffer): void {
  if (code === NO_STATUS) other.close();
  else if (mayBeSent(code)) other.close(code, reason);
  else other.terminate();
  setTimeout(() => other.terminate(), STOP_TIMEOUT_MS).unref();
}

function mayBeSent(code: number): boolean {
  const isOfProtocol = code >= 1000 && code <= 1014 && !NEVER_SENT.has(code);
  return isOfProtocol || (code >= 3000 && code <= 4999);
}
