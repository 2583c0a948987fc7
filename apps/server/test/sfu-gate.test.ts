/** The gate to LiveKit, with a stand-in for LiveKit that says what it was asked. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Hosted, hostRoom, NO_LIVEKIT, startServer, type TestServer } from './running-server.ts';
import { randomOf, SocketClient } from './socket-client.ts';

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

/** LiveKit as far as the gate sees it: signalling that echoes, and an API that answers 'not found' while told to. */
class StandIn {
  readonly asked: Asked[] = [];
  missing = 0;
  url = '';
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      this.asked.push({ path: request.url ?? '', headers: request.headers, body });
      const isMissing = this.missing > 0 && request.url?.startsWith('/twirp') === true;
      if (isMissing) this.missing -= 1;
      response.writeHead(isMissing ? 404 : 200, { 'content-type': 'application/json' });
      response.end(isMissing ? '{"code":"not_found"}' : '{}');
    });
  });

  static async start(): Promise<StandIn> {
    const standIn = new StandIn();
    const server = standIn.#server;
    server.on('upgrade', (request, socket, head) => {
      standIn.asked.push({ path: request.url ?? '', headers: request.headers, body: {} });
      standIn.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    standIn.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      for (const webSocket of standIn.#sockets.clients) webSocket.terminate();
      server.closeAllConnections();
      server.close();
    });
    return standIn;
  }

  /** Bodies of the API calls of one method. */
  calls(method: string): Record<string, unknown>[] {
    return this.asked.filter(({ path }) => path.endsWith(`/${method}`)).map(({ body }) => body);
  }
}

function claimsOf({ headers }: Asked): Record<string, unknown> {
  const [, payload = ''] = (headers.authorization ?? '').split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

async function ticketOf(client: SocketClient): Promise<string> {
  client.send({ t: 'sfu', request: 77 });
  return (await client.next('sfu')).ticket;
}

interface Dialled {
  readonly socket: WebSocket;
  /** 101 when it opened. */
  readonly status: Promise<number>;
  readonly closed: Promise<void>;
}

function dial({ port }: TestServer, path: string, headers: Record<string, string> = {}): Dialled {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sfu/${path}`, {
    origin: `http://127.0.0.1:${port}`,
    headers,
  });
  socket.on('error', () => undefined);
  return {
    socket,
    status: new Promise((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    }),
    closed: new Promise((resolve) => socket.on('close', () => resolve())),
  };
}

async function stage() {
  const livekit = await StandIn.start();
  const server = await startServer({ livekit: { ...NO_LIVEKIT, url: livekit.url } });
  const room = await hostRoom(server);
  const guest = new SocketClient(server.port);
  await guest.hello(room.link);
  const { participantId } = await guest.next('session');
  return { livekit, server, room, guest, guestId: participantId };
}

async function commit({ host, groupId }: Hosted, epoch: number, joined: string[], left: string[]) {
  const bytes = { commit: randomOf(9), groupInfo: randomOf(9), tree: randomOf(9) };
  host.send({ t: 'commit', request: 1, groupId, epoch, phase: 'none', ...bytes, joined, left, welcomes: [] });
  await host.next('accepted');
}

describe('the way to LiveKit', () => {
  test('[V57] a live ticket leads to signalling, with a token of ours and nothing of the client', async () => {
    const { livekit, server, guest, guestId } = await stage();
    const ticket = await ticketOf(guest);
    const headers = { cookie: 'a=b', 'x-forwarded-for': '192.0.2.1', authorization: 'Bearer own' };
    const { socket, status } = dial(server, `${ticket}/rtc/v1?access_token=stolen&sdk=js`, headers);
    expect(await status).toBe(101);
    const echoed = new Promise((resolve) => socket.on('message', (data) => resolve(String(data))));
    socket.send('hello through the proxy');
    expect(await echoed).toBe('hello through the proxy');
    const [asked] = livekit.asked;
    expect(asked?.path).toBe('/rtc/v1?sdk=js');
    const names = Object.keys(asked?.headers ?? {});
    expect(names).toContain('authorization');
    const withheld = ['cookie', 'x-forwarded-for', 'origin', 'user-agent'];
    expect(withheld.filter((name) => names.includes(name))).toEqual([]);
    const claims = asked === undefined ? {} : claimsOf(asked);
    expect(Number(claims['exp']) - Date.now() / 1000).toBeLessThanOrEqual(60);
    expect(claims).toMatchObject({ sub: guestId, iss: 'test' });
    expect(claims).not.toHaveProperty('name');
    expect(claims).not.toHaveProperty('metadata');
    expect(claims['video']).toEqual({
      room: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      roomJoin: true,
      canPublish: false,
      canSubscribe: false,
      canPublishData: false,
      canUpdateOwnMetadata: false,
      hidden: true,
    });
  });

  test('[V75] a client is given no token for LiveKit: the ticket alone opens its connection', async () => {
    const { livekit, server, guest, guestId } = await stage();
    guest.send({ t: 'sfu', request: 77 });
    const { ticket, token } = await guest.next('sfu');
    expect(token).not.toContain('.');
    const { status } = dial(server, `${ticket}/rtc/v1?access_token=${token}`);
    expect(await status).toBe(101);
    expect(livekit.asked[0]?.path).toBe('/rtc/v1');
    expect(livekit.asked.map((asked) => claimsOf(asked)['sub'])).toEqual([guestId]);
  });

  test('[V57] a member gets a token that publishes and subscribes, visibly', async () => {
    const { livekit, server, room } = await stage();
    const { status } = dial(server, `${await ticketOf(room.host)}/rtc`);
    expect(await status).toBe(101);
    const claims = livekit.asked.map(claimsOf).at(-1);
    expect(claims?.['video']).toMatchObject({
      canPublish: true,
      canSubscribe: true,
      canPublishData: false,
      hidden: false,
    });
  });

  test('[V57] no ticket, another path and another method lead nowhere', async () => {
    const { livekit, server, guest } = await stage();
    const ticket = await ticketOf(guest);
    for (const path of [
      `${'A'.repeat(32)}/rtc`,
      'short/rtc',
      `${ticket}/twirp/x`,
      `${ticket}/`,
      `${ticket}/rtc/../twirp`,
    ]) {
      expect(await dial(server, path).status, path).toBe(403);
    }
    const get = (path: string, method = 'GET') => fetch(`${server.url}/sfu/${path}`, { method });
    expect((await get(`${ticket}/rtc/validate`)).status).toBe(200);
    expect((await get(`${ticket}/rtc/validate`, 'POST')).status).toBe(404);
    expect((await get(`${ticket}/twirp/livekit.RoomService/ListRooms`)).status).toBe(403);
    expect((await get(`${'A'.repeat(32)}/rtc/validate`)).status).toBe(403);
    expect(livekit.asked).toHaveLength(1);
  });

  test('[V58] the connection and the ticket die with the session', async () => {
    const { livekit, server, guest, guestId } = await stage();
    const ticket = await ticketOf(guest);
    const { status, closed } = dial(server, `${ticket}/rtc`);
    expect(await status).toBe(101);
    guest.socket.terminate();
    await closed;
    expect(await dial(server, `${ticket}/rtc`).status).toBe(403);
    await expect.poll(() => livekit.calls('RemoveParticipant')).toMatchObject([{ identity: guestId }]);
  });

  test('[V58] the connection dies with membership', async () => {
    const { livekit, server, room, guest, guestId } = await stage();
    await commit(room, 0, [guestId], []);
    const ticket = await ticketOf(guest);
    const { status, closed } = dial(server, `${ticket}/rtc`);
    expect(await status).toBe(101);
    await commit(room, 1, [], [guestId]);
    await closed;
    expect((await guest.next('error')).code).toBe('REMOVED');
    expect(await dial(server, `${ticket}/rtc`).status).toBe(403);
    await expect.poll(() => livekit.calls('RemoveParticipant').length).toBeGreaterThan(0);
  });

  test('[V59] who joined is raised, also when LiveKit does not know the participant yet', async () => {
    const { livekit, server, room, guest, guestId } = await stage();
    livekit.missing = 3;
    expect(await dial(server, `${await ticketOf(guest)}/rtc`).status).toBe(101);
    await commit(room, 0, [guestId], []);
    await expect.poll(() => livekit.missing).toBe(0);
    await expect.poll(() => livekit.calls('UpdateParticipant')).toHaveLength(4);
    expect(livekit.calls('UpdateParticipant').at(-1)).toMatchObject({
      identity: guestId,
      permission: { canPublish: true, canSubscribe: true },
    });
    expect(livekit.calls('UpdateParticipant').at(-1)?.['permission']).not.toHaveProperty('hidden', true);
  });

  test('[V59] the end of a call closes its room', async () => {
    const { livekit, room, guest } = await stage();
    room.host.send({ t: 'leave' });
    await guest.next('ended');
    await expect.poll(() => livekit.calls('DeleteRoom')).toHaveLength(1);
  });

  test('[V59] a LiveKit that is down breaks nothing of the calls', async () => {
    const server = await startServer();
    const room = await hostRoom(server);
    const guest = new SocketClient(server.port);
    await guest.hello(room.link);
    const { participantId } = await guest.next('session');
    expect(await dial(server, `${await ticketOf(guest)}/rtc`).status).toBe(502);
    await commit(room, 0, [participantId], []);
    await commit(room, 1, [], [participantId]);
    expect((await guest.next('error')).code).toBe('REMOVED');
    room.host.send({ t: 'leave' });
    await room.host.closed;
    expect(server.logLines).toEqual([]);
  });
});
