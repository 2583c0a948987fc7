/**
 * Free ports. Between finding and using one somebody else may take it; whoever uses it must be ready to ask again.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { MEDIA_PORTS_TRIED_MAX } from '../server-limits.ts';

/** A TCP port that is free on 127.0.0.1, of the system's choice. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listening TCP server has a port');
  return address.port;
}

/**
 * The wanted UDP port, or the next one that is free on every address; undefined when all that may be tried are taken.
 *
 * @param hasTcp - the TCP port of the same number must be free, too
 */
export async function freeMediaPort(wanted: number, hasTcp: boolean): Promise<number | undefined> {
  const last = Math.min(wanted + MEDIA_PORTS_TRIED_MAX - 1, 65_535);
  for (let port = wanted; port <= last; port++) {
    if ((await canBindUdp(port)) && (!hasTcp || (await canBindTcp(port)))) return port;
  }
  return undefined;
}

function canBindUdp(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket('udp4');
  socket.once('error', () => {
    socket.close();
    resolve(false);
  });
  socket.bind({ port, exclusive: true }, () => socket.close(() => resolve(true)));
  return promise;
}

function canBindTcp(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, () => server.close(() => resolve(true)));
  return promise;
}
