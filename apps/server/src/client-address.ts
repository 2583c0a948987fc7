/**
 * The address that rate limits count: the peer's, or what our reverse proxy says of its peer. It is never logged.
 *
 * @see SPEC.md V35, V77
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TrustedProxies } from './trusted-proxies.ts';

/** The last address that none of our own proxies has; each of them adds its peer at the end of the list. */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies): string {
  const peer = (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  if (!proxies.has(peer)) return peer;
  const forwarded = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',');
  const client = hops
    .map((hop) => hop.trim())
    .reverse()
    .find((hop) => !proxies.has(hop));
  return client !== undefined && isIP(client) !== 0 ? client : peer;
}
