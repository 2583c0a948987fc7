/** The gate to LiveKit, with a stand-in for LiveKit that says what it was asked. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  SessionDescription,
  SignalRequest,
  UpdateSubscription,
  UpdateTrackSettings,
} from '@livekit/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  SFU_MESSAGE_BYTES_MAX,
  WAITING_CONNECT_RATE,
  WAITING_MESSAGE_BYTES_MAX,
} from '../src/sfu/sfu-limits.ts';
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
  /** What it was sent over signalling. */
  readonly heard: Buffer[] = [];
  missing = 0;
  /** The status with which it refuses signalling. */
  refusal: number | undefined;
  url = '';
  /** Signalling is taken once this has come; then LiveKit says who joined. */
  held: Promise<void> | undefined;
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
      if (standIn.refusal !== undefined) {
        socket.end(`HTTP/1.1 ${standIn.refusal} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const take = (greeting?: string) =>
        standIn.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
          webSocket.on('error', () => undefined);
          webSocket.on('message', (data, isBinary) => {
            standIn.heard.push(data as Buffer);
            webSocket.send(data, { binary: isBinary });
          });
          if (greeting !== undefined) webSocket.send(greeting);
        });
      if (standIn.held === undefined) take();
      else void standIn.held.then(() => take('joined'));
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

  /** Its ends of the signalling connections. */
  get signalling(): WebSocket[] {
    return [...this.#sockets.clients];
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
  readonly closed: Promise<number>;
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
    closed: new Promise((resolve) => socket.on('close', resolve)),
  };
}

/** As somebody who waits may connect. */
const WAITING = 'rtc?auto_subscribe=0';

type Signal = SignalRequest['message'];
const encode = (message: Signal): Uint8Array => new SignalRequest({ message }).toBinary();
const PING = encode({ case: 'ping', value: 9n });
const SUBSCRIPTION: Signal = {
  case: 'subscription',
  value: new UpdateSubscription({ subscribe: true, trackSids: ['TR_a'] }),
};
const switched = (disabled: boolean): Signal => ({
  case: 'trackSetting',
  value: new UpdateTrackSettings({ trackSids: ['TR_a'], disabled }),
});

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
    const { socket, status } = dial(server, `${ticket}/${WAITING}&access_token=stolen&sdk=js`, headers);
    expect(await status).toBe(101);
    const echoed = new Promise((resolve) => socket.on('message', resolve));
    socket.send(PING);
    expect(await echoed).toEqual(Buffer.from(PING));
    const [asked] = livekit.asked;
    expect(asked?.path).toBe('/rtc?auto_subscribe=0&sdk=js');
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
      canPublish: true,
      canSubscribe: true,
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
    const { status } = dial(server, `${ticket}/${WAITING}&access_token=${token}`);
    expect(await status).toBe(101);
    expect(livekit.asked[0]?.path).toBe('/rtc?auto_subscribe=0');
    expect(livekit.asked.map((asked) => claimsOf(asked)['sub'])).toEqual([guestId]);
  });

  test('[V57] a member gets a token that publishes and subscribes, visibly, under its one identity', async () => {
    const { livekit, server, room } = await stage();
    const { status } = dial(server, `${await ticketOf(room.host)}/rtc?publish=another`);
    expect(await status).toBe(101);
    expect(livekit.asked.at(-1)?.path).toBe('/rtc');
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
    expect((await get(`${ticket}/rtc/validate?auto_subscribe=0`)).status).toBe(200);
    expect((await get(`${ticket}/rtc/validate`, 'POST')).status).toBe(404);
    expect((await get(`${ticket}/twirp/livekit.RoomService/ListRooms`)).status).toBe(403);
    expect((await get(`${'A'.repeat(32)}/rtc/validate`)).status).toBe(403);
    expect(livekit.asked).toHaveLength(1);
  });

  test('[V57] LiveKit’s refusal reaches the client', async () => {
    const { livekit, server, room } = await stage();
    const ticket = await ticketOf(room.host);
    for (const status of [401, 404, 503]) {
      livekit.refusal = status;
      expect(await dial(server, `${ticket}/rtc`).status).toBe(status);
    }
    livekit.refusal = undefined;
    // Nothing is left of those that were refused
    const dialled = [1, 2, 3, 4, 5].map(() => dial(server, `${ticket}/rtc`).status);
    expect((await Promise.all(dialled)).sort()).toEqual([101, 101, 101, 101, 429]);
  });

  test('[V58] both ends of a connection die together, and each learns the other’s code', async () => {
    const { livekit, server, room } = await stage();
    const ticket = await ticketOf(room.host);
    const open = async () => {
      const dialled = dial(server, `${ticket}/rtc`);
      expect(await dialled.status).toBe(101);
      const theirs = livekit.signalling.at(-1);
      const theirsClosed = new Promise<number>((resolve) => theirs?.on('close', resolve));
      return { ...dialled, theirs, theirsClosed };
    };
    const first = await open();
    first.socket.close(4321);
    expect(await first.theirsClosed).toBe(4321);
    const second = await open();
    second.theirs?.close(1000, 'over');
    expect(await second.closed).toBe(1000);
    const third = await open();
    third.socket.close();
    expect(await third.theirsClosed).toBe(1005);
    const fourth = await open();
    fourth.socket.terminate();
    expect(await fourth.theirsClosed).toBe(1006);
    const fifth = await open();
    fifth.theirs?.terminate();
    expect(await fifth.closed).toBe(1006);
    const tooLarge = new Uint8Array(SFU_MESSAGE_BYTES_MAX + 1);
    const sixth = await open();
    sixth.socket.send(tooLarge);
    await Promise.all([sixth.closed, sixth.theirsClosed]);
    const seventh = await open();
    seventh.theirs?.send(tooLarge);
    await Promise.all([seventh.closed, seventh.theirsClosed]);
    expect(livekit.heard).toEqual([]);
    expect(livekit.signalling).toEqual([]);
    expect(server.logLines).toEqual([]);
  });

  test('[V58] an end that does not read is cut', async () => {
    const { livekit, server, room } = await stage();
    const { socket, status, closed } = dial(server, `${await ticketOf(room.host)}/rtc`);
    expect(await status).toBe(101);
    const [theirs] = livekit.signalling;
    const theirsClosed = new Promise((resolve) => theirs?.on('close', resolve));
    socket.pause();
    for (let sent = 0; sent < 16; sent += 1) theirs?.send(new Uint8Array(SFU_MESSAGE_BYTES_MAX));
    await theirsClosed;
    socket.resume();
    await closed;
  });

  test('[V82] what a member says passes unread, from the commit on that makes it one', async () => {
    const { livekit, server, room, guest, guestId } = await stage();
    const { socket, status } = dial(server, `${await ticketOf(guest)}/${WAITING}`);
    expect(await status).toBe(101);
    const noise = Uint8Array.of(255, 0);
    const offer: Signal = { case: 'offer', value: new SessionDescription({ sdp: 'v=0' }) };
    const said: (Uint8Array | string)[] = [noise, '{"ping":"1"}', encode(switched(false))];
    for (const message of [...said, encode(offer), encode(SUBSCRIPTION)]) socket.send(message);
    await expect.poll(() => livekit.heard).toHaveLength(4);
    const heard = livekit.heard.map((bytes) => SignalRequest.fromBinary(bytes).message);
    expect(heard).toEqual([offer, switched(true), SUBSCRIPTION, switched(true)]);

    livekit.heard.length = 0;
    await commit(room, 0, [guestId], []);
    for (const message of said) socket.send(message);
    await expect.poll(() => livekit.heard).toEqual(said.map((message) => Buffer.from(message)));
  });

  test('[V82] who is no member opens no connection that subscribes to everything or continues one', async () => {
    const { livekit, server, room, guest, guestId } = await stage();
    const ticket = await ticketOf(guest);
    const queries = ['', '?auto_subscribe=1', '?auto_subscribe=0&reconnect=1&sid=PA_x', '?join_request=_w'];
    for (const query of queries) {
      expect(await dial(server, `${ticket}/rtc${query}`).status, query).toBe(403);
      expect((await fetch(`${server.url}/sfu/${ticket}/rtc/validate${query}`)).status, query).toBe(403);
    }
    expect(livekit.asked).toEqual([]);
    await commit(room, 0, [guestId], []);
    expect(await dial(server, `${ticket}/rtc${queries[2]}`).status).toBe(101);
    expect(livekit.asked.at(-1)?.path).toBe('/rtc?auto_subscribe=0&reconnect=1&sid=PA_x');
  });

  test('[V82] who is no member is cut when it sends what takes long to decode; a member is not', async () => {
    const { livekit, server, room, guest, guestId } = await stage();
    const long = new Uint8Array(WAITING_MESSAGE_BYTES_MAX + 1);
    const ticket = await ticketOf(guest);
    const first = dial(server, `${ticket}/${WAITING}`);
    expect(await first.status).toBe(101);
    first.socket.send(long);
    await first.closed;
    const second = dial(server, `${ticket}/${WAITING}`);
    expect(await second.status).toBe(101);
    for (let sent = 0; sent < 5_000; sent += 1) second.socket.send('{}');
    await second.closed;
    expect(livekit.heard).toEqual([]);
    await commit(room, 0, [guestId], []);
    const third = dial(server, `${ticket}/${WAITING}`);
    expect(await third.status).toBe(101);
    for (let sent = 0; sent < 5_000; sent += 1) third.socket.send('{}');
    third.socket.send(long);
    await expect.poll(() => livekit.heard.at(-1)).toEqual(Buffer.from(long));
    expect(livekit.heard).toHaveLength(5_001);
  });

  test('[V82] who is no member connects and asks why it was refused only so often, a member at will', async () => {
    const { server, room, guest, guestId } = await stage();
    const ticket = await ticketOf(guest);
    const validate = async () =>
      (await fetch(`${server.url}/sfu/${ticket}/rtc/validate?auto_subscribe=0`)).status;
    const statuses = new Set<number>();
    for (let asked = 0; asked < 4 * WAITING_CONNECT_RATE.burst; asked += 1) statuses.add(await validate());
    expect(statuses).toEqual(new Set([200, 429]));
    expect(await dial(server, `${ticket}/${WAITING}`).status).toBe(429);
    await commit(room, 0, [guestId], []);
    for (let asked = 0; asked < 20; asked += 1) expect(await validate()).toBe(200);
  });

  test('[V58] the connection and the ticket die with the session', async () => {
    const { livekit, server, guest, guestId } = await stage();
    const ticket = await ticketOf(guest);
    const { status, closed } = dial(server, `${ticket}/${WAITING}`);
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
    expect(await dial(server, `${await ticketOf(guest)}/${WAITING}`).status).toBe(101);
    await commit(room, 0, [guestId], []);
    await expect.poll(() => livekit.missing).toBe(0);
    await expect.poll(() => livekit.calls('UpdateParticipant')).toHaveLength(4);
    expect(livekit.calls('UpdateParticipant').at(-1)).toMatchObject({
      identity: guestId,
      permission: { canPublish: true, canSubscribe: true },
    });
    expect(livekit.calls('UpdateParticipant').at(-1)?.['permission']).not.toHaveProperty('hidden', true);
  });

  test('[V59] who joined while LiveKit was still answering is raised again when it has, once', async () => {
    const { livekit, server, room, guest, guestId } = await stage();
    let release: () => void = () => undefined;
    livekit.held = new Promise((resolve) => {
      release = resolve;
    });
    const { socket, status } = dial(server, `${await ticketOf(guest)}/${WAITING}`);
    await expect.poll(() => livekit.asked.map(claimsOf)).toMatchObject([{ video: { hidden: true } }]);
    await commit(room, 0, [guestId], []);
    // Of an earlier connection LiveKit knows a participant of the same identity
    await expect.poll(() => livekit.calls('UpdateParticipant')).toHaveLength(1);
    release();
    expect(await status).toBe(101);
    await expect.poll(() => livekit.calls('UpdateParticipant')).toHaveLength(2);
    socket.send(PING);
    await expect.poll(() => livekit.heard).toHaveLength(1);
    // Opened as a member's: nothing is missing
    const second = dial(server, `${await ticketOf(guest)}/rtc`);
    const greeted = new Promise((resolve) => second.socket.once('message', resolve));
    expect(await second.status).toBe(101);
    await greeted;
    expect(livekit.calls('UpdateParticipant')).toHaveLength(2);
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
    expect(await dial(server, `${await ticketOf(guest)}/${WAITING}`).status).toBe(502);
    await commit(room, 0, [participantId], []);
    await commit(room, 1, [], [participantId]);
    expect((await guest.next('error')).code).toBe('REMOVED');
    room.host.send({ t: 'leave' });
    await room.host.closed;
    expect(server.logLines).toEqual([]);
  });
});
