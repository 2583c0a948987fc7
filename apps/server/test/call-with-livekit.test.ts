/**
 * A call over real sockets and a real LiveKit, all of MLS opaque bytes: hello, found, knock, commit, and who is seen,
 * raised and removed on LiveKit's side. Without a LiveKit that is here already it is skipped; no browser, no media.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64Url } from '@conclave/protocol/bytes';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defaultSearch, lookForLiveKit } from '../src/livekit/find.ts';
import { startLiveKit } from '../src/livekit/start-livekit.ts';
import type { LiveKit } from '../src/livekit/supervisor.ts';
import { hostRoom, startServer } from './running-server.ts';
import { randomOf, SocketClient } from './socket-client.ts';

const cacheDir = process.env['CONCLAVE_CACHE'];
const isPresent = (await lookForLiveKit(defaultSearch(cacheDir, () => undefined))) !== undefined;

/** A signalling connection that never gets as far as media; LiveKit speaks JSON to who speaks JSON. */
class Signalling {
  readonly socket: WebSocket;
  readonly updates: string[] = [];
  readonly opened: Promise<number>;
  readonly closed: Promise<void>;

  constructor(port: number, ticket: string, token = 'ignored') {
    const url = `ws://127.0.0.1:${port}/sfu/${ticket}/rtc?access_token=${token}&auto_subscribe=0&protocol=16&sdk=js`;
    this.socket = new WebSocket(url, { origin: `http://127.0.0.1:${port}` });
    this.socket.on('error', () => undefined);
    this.opened = new Promise((resolve) => {
      this.socket.on('message', () => resolve(101));
      this.socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    });
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.socket.on('open', () => this.socket.send('{"ping":"1"}'));
    this.socket.on('message', (data) => this.updates.push(String(data)));
  }
}

describe.skipIf(!isPresent)('a call with LiveKit (skipped unless one is on the PATH or in the cache)', () => {
  let livekit: LiveKit;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'conclave-livekit-'));
    const own = { kind: 'own', udpPort: 7882, nodeIp: undefined, loopbackOnly: true, cacheDir } as const;
    const started = await startLiveKit({ livekit: own, dataDir }, () => undefined);
    if (!started.ok) throw new Error(started.error.message);
    livekit = started.value;
  });
  afterAll(async () => {
    await livekit.stop();
    await rm(dataDir, { recursive: true });
  });

  async function ticketOf(client: SocketClient): Promise<string> {
    client.send({ t: 'sfu', request: 9 });
    return (await client.next('sfu')).ticket;
  }

  test('[V59] LiveKit follows the group: hidden, raised, removed, closed', async () => {
    const server = await startServer({ livekit });
    const { host, link, groupId } = await hostRoom(server);
    const rooms = new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
    const guest = new SocketClient(server.port);
    await guest.hello(link);
    const session = await guest.next('session');
    const room = toBase64Url(session.callId);
    const id = session.participantId;
    const seen = async () => {
      const participants = await rooms.listParticipants(room).catch(() => []);
      return participants.find(({ identity }) => identity === id);
    };

    const hostSignal = new Signalling(server.port, await ticketOf(host));
    const guestSignal = new Signalling(server.port, await ticketOf(guest));
    expect([await hostSignal.opened, await guestSignal.opened]).toEqual([101, 101]);
    await expect
      .poll(async () => (await seen())?.permission)
      .toMatchObject({
        hidden: true,
        canPublish: true,
        canSubscribe: true,
        canPublishData: false,
      });
    expect(await seen()).toMatchObject({ name: '', metadata: '' });
    const hostHasHeard = () => hostSignal.updates.some((update) => update.includes(id));
    expect(hostHasHeard()).toBe(false);

    guest.send({ t: 'knock', groupId, sealed: randomOf(99) });
    expect((await host.next('knock')).participantId).toBe(id);
    const commit = (epoch: number, joined: string[], left: string[]) => {
      const bytes = { commit: randomOf(9), groupInfo: randomOf(9), tree: randomOf(9) };
      const welcomes = joined.map((participantId) => ({ participantId, welcome: randomOf(9) }));
      host.send({ t: 'commit', request: 2, groupId, epoch, phase: 'none', ...bytes, joined, left, welcomes });
      return host.next('accepted');
    };
    await commit(0, [id], []);
    expect((await guest.next('welcome')).epoch).toBe(1);
    await expect
      .poll(async () => (await seen())?.permission)
      .toMatchObject({
        hidden: false,
        canPublish: true,
        canSubscribe: true,
        canPublishData: false,
      });

    await expect.poll(hostHasHeard).toBe(true);

    await commit(1, [], [id]);
    await guestSignal.closed;
    await expect.poll(seen).toBeUndefined();
    expect(hostSignal.socket.readyState).toBe(WebSocket.OPEN);

    host.send({ t: 'leave' });
    await hostSignal.closed;
    await expect.poll(async () => (await rooms.listRooms([room])).length).toBe(0);
  });

  test("[V58] a token of LiveKit's own, kept by who was removed, gives no more than the session may have", async () => {
    const server = await startServer({ livekit });
    const { link } = await hostRoom(server);
    const rooms = new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
    const stranger = new SocketClient(server.port);
    await stranger.hello(link);
    const { callId, participantId } = await stranger.next('session');
    const renewed = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity: 'host' });
    renewed.addGrant({ room: toBase64Url(callId), roomJoin: true, canPublish: true });
    const token = await renewed.toJwt();
    const signal = new Signalling(server.port, await ticketOf(stranger), token);
    expect(await signal.opened).toBe(101);
    const room = toBase64Url(callId);
    await expect
      .poll(async () => {
        const participants = await rooms.listParticipants(room).catch(() => []);
        return participants.map(({ identity, permission }) => [identity, permission?.hidden]);
      })
      .toEqual([[participantId, true]]);
    stranger.send({ t: 'leave' });
    await signal.closed;
  });
});
