/**
 * Upgrade requests on the web port: who may open a WebSocket, and how one is refused.
 *
 * @see SPEC.md V62
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers with a status and ends the connection. Safe to call on a connection that is gone. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  if (socket.destroyed || !socket.writable) return;
  // A peer that never closes its half would keep the connection
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}

/**
 * True when a page of this server asks: its origin is the public one, or, where none is set, that of the request
 * itself. A request without an origin comes from no browser, and is refused like a foreign one.
 */
export function hasOwnOrigin(request: IncomingMessage, publicUrl: string | undefined): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined) return false;
  if (publicUrl !== undefined) return origin === publicUrl;
  return origin === `http://${host}` || origin === `https://${host}`;
}
