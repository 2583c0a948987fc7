/**
 * Wires a running server: store, delivery, SFU, HTTP and sockets on one port. It decides nothing.
 */
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { clientAddress } from './client-address.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { TlsMaterial } from './config-check.ts';
import { Delivery } from './delivery/delivery.ts';
import { createHttp } from './http.ts';
import type { LiveKit } from './livekit/supervisor.ts';
import type { Log } from './log.ts';
import { openRoomToken, type RoomToken } from './room-token.ts';
import { RoomService } from './sfu/room-service.ts';
import { SfuGate } from './sfu/sfu-gate.ts';
import { SfuProxy } from './sfu/sfu-proxy.ts';
import { SocketServer } from './socket.ts';
import { openCallStore } from './store/sqlite-call-store.ts';
import { TrustedProxies } from './trusted-proxies.ts';
import { hasOwnOrigin, refuseUpgrade } from './upgrade.ts';

export interface ServeParts {
  readonly config: Pick<Config, 'host' | 'port' | 'dataDir' | 'publicUrl' | 'rooms' | 'roomToken'> &
    Partial<Pick<Config, 'trustedProxies'>>;
  readonly tls: TlsMaterial | undefined;
  readonly livekit: Pick<LiveKit, 'url' | 'apiKey' | 'apiSecret'>;
  readonly log: Log;
  readonly pagesDir: string;
  readonly version: string;
  readonly clock?: Clock;
}

export interface RunningServer {
  readonly port: number;
  readonly delivery: Delivery;
  /** Undefined when anyone may make rooms. */
  readonly roomToken: RoomToken | undefined;
  /** Tells every socket, closes everything, leaves live calls in the store. */
  stop(): Promise<void>;
}

export async function serve(parts: ServeParts): Promise<RunningServer> {
  const { config, livekit, log, clock = systemClock } = parts;
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const roomToken = config.rooms === 'token' ? await openRoomToken(config) : undefined;
  const store = await openCallStore(join(config.dataDir, 'calls.sqlite'));
  const gate = new SfuGate(livekit, new RoomService(livekit, clock, log), clock);
  const mayCreateRoom = (token: string | undefined): boolean => roomToken?.matches(token) ?? true;
  const delivery = await Delivery.open({ store, clock, sfu: gate, log, mayCreateRoom });
  const sockets = new SocketServer(delivery);
  const sfuProxy = new SfuProxy(gate, livekit);
  const app = await createHttp({ ...parts, delivery, sfuProxy });
  const proxies = TrustedProxies.of(config.publicUrl, config.trustedProxies);
  app.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!hasOwnOrigin(request, config.publicUrl)) return refuseUpgrade(socket, 403);
    if (request.url === '/socket') {
      return sockets.upgrade(request, socket, head, clientAddress(request, proxies));
    }
    if (request.url?.startsWith('/sfu/')) return sfuProxy.upgrade(request, socket, head);
    refuseUpgrade(socket, 404);
  });
  await app.listen({ port: config.port, host: config.host });
  const { port } = app.server.address() as AddressInfo;
  return {
    port,
    delivery,
    roomToken,
    stop: async () => {
      await delivery.stop();
      await sockets.stop();
      await app.close();
      await delivery.mailboxes.idle();
      await store.close();
    },
  };
}
