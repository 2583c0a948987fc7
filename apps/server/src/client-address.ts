/**
 * The address that rate limits count: the peer's, or what our reverse proxy says of its peer. It is never logged.
 *
 * @see SPEC.md V35
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from './loopback.ts';

/** @param hasProxy - a public URL is set, so a peer on loopback is the operator's own reverse proxy */
export function clientAddress(request: IncomingMessage, hasProxy: boolean): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  if (!hasProxy || !isLoopback(peer.replace(/^::ffff:/, ''))) return peer;
  const forwarded = request.headers['x-forwarded-for'];
  const last = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim();
  return last !== undefined && isIP(last) !== 0 ? last : peer;
}
