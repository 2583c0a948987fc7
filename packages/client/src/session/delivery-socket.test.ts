import { createLink, type Link } from '@conclave/crypto/link';
import { deriveLinkKeys } from '@conclave/crypto/link-keys';
import { generateSigningKey, verify } from '@conclave/crypto/mls/signing-key';
import { equalBytes } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import { helloBytes } from '@conclave/protocol/signed-bytes';
import {
  type ClientMessage,
  decodeClientMessage,
  encodeMessage,
  type ServerMessage,
} from '@conclave/protocol/wire';
import { afterEach, describe, expect, test } from 'vitest';
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws';
import { DeliverySocket } from './delivery-socket.ts';

const nonce = crypto.getRandomValues(new Uint8Array(32));
const key = await generateSigningKey();
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A server that answers each hello as `answer` says. */
async function serve(answer: (hello: ClientMessage & { t: 'hello' }, socket: ServerSocket) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  open.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.send(encodeMessage({ t: 'challenge', nonce, nowUnixMs: 1 }));
    socket.on('message', (data) => {
      const message = decodeClientMessage(String(data));
      if (message.ok && message.value.t === 'hello') answer(message.value, socket);
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `ws://127.0.0.1:${address.port}/socket`, server };
}

function newLink(): Link {
  return createLink({
    hostPublicKey: key.publicKey,
    suite: 1,
    kind: 'e2ee',
    flags: { kept: false, lobby: false },
    nowUnixMs: Date.now(),
  });
}

const session: ServerMessage = {
  t: 'session',
  callId: new Uint8Array(16),
  participantId: 'a'.repeat(22),
  sessionToken: 'token',
  group: null,
  isMember: false,
  isDeserted: true,
  isLogOnly: false,
  serverKey: new Uint8Array(32),
  nowUnixMs: 1,
};

type Happening =
  | { readonly t: 'session'; readonly link: Link }
  | { readonly t: 'message'; readonly message: ServerMessage }
  | { readonly t: 'lost' }
  | { readonly t: 'closed'; readonly code: ErrorCode };

/** A socket whose callbacks are read one after another. */
function connect(url: string, links: readonly Link[]) {
  const seen: Happening[] = [];
  const waiting: ((happening: Happening) => void)[] = [];
  const note = (happening: Happening) => {
    const next = waiting.shift();
    if (next === undefined) seen.push(happening);
    else next(happening);
  };
  const socket = new DeliverySocket({
    url,
    key,
    links: () => links,
    onSession: (_session, link) => note({ t: 'session', link }),
    onMessage: (message) => note({ t: 'message', message }),
    onLost: () => note({ t: 'lost' }),
    onClosed: (code) => note({ t: 'closed', code }),
  });
  open.push(socket);
  const next = () =>
    new Promise<Happening>((resolve) => {
      const first = seen.shift();
      if (first === undefined) waiting.push(resolve);
      else resolve(first);
    });
  return { socket, next };
}

describe('delivery socket', () => {
  test('[S60] answers the challenge with access and a signature by the leaf key, then is open', async () => {
    const link = newLink();
    let hello: (ClientMessage & { t: 'hello' }) | undefined;
    const { url } = await serve((message, socket) => {
      hello = message;
      socket.send(encodeMessage(session));
    });
    const { next, socket } = connect(url, [link]);
    expect(await next()).toMatchObject({ t: 'session' });
    expect(socket.isOpen).toBe(true);
    if (hello === undefined) throw new Error('no hello');
    expect(equalBytes(hello.access, (await deriveLinkKeys(link)).access)).toBe(true);
    expect(await verify(hello.leafKey, hello.signature, helloBytes(nonce, link.roomId))).toBe(true);
  });

  test('[S61] a lost connection is told once and comes back by itself', async () => {
    let hellos = 0;
    const { url } = await serve((_hello, socket) => {
      hellos += 1;
      socket.send(encodeMessage(session));
      if (hellos === 1) socket.terminate();
    });
    const { next } = connect(url, [newLink()]);
    expect((await next()).t).toBe('session');
    expect((await next()).t).toBe('lost');
    expect((await next()).t).toBe('session');
    expect(hellos).toBe(2);
  });

  test('[S62] an error that time does not mend ends the attempts', async () => {
    const { url } = await serve((_hello, socket) => {
      socket.send(encodeMessage({ t: 'error', code: 'NO_SUCH_ROOM' }));
      socket.close();
    });
    const { next, socket } = connect(url, [newLink()]);
    expect(await next()).toEqual({ t: 'closed', code: 'NO_SUCH_ROOM' });
    expect(socket.isOpen).toBe(false);
  });

  test('[S80] who was in and is turned away as too many comes back by itself', async () => {
    let hellos = 0;
    const { url } = await serve((_hello, socket) => {
      hellos += 1;
      if (hellos !== 2) socket.send(encodeMessage(session));
      if (hellos === 4) return;
      if (hellos !== 1) socket.send(encodeMessage({ t: 'error', code: 'TOO_MANY' }));
      socket.close();
    });
    const { next } = connect(url, [newLink()]);
    const kinds = [];
    for (let count = 0; count < 5; count++) kinds.push((await next()).t);
    expect(kinds).toEqual(['session', 'lost', 'session', 'lost', 'session']);
    expect(hellos).toBe(4);
  });

  test('[S80] who is turned away at the door is told', async () => {
    const { url } = await serve((_hello, socket) => {
      socket.send(encodeMessage({ t: 'error', code: 'TOO_MANY' }));
      socket.close();
    });
    const { next } = connect(url, [newLink()]);
    expect(await next()).toEqual({ t: 'closed', code: 'TOO_MANY' });
  });

  test('[S63] with two links at hand the other one is shown when access is denied', async () => {
    const [changed, old] = [newLink(), newLink()];
    const right = (await deriveLinkKeys(old)).access;
    const { url } = await serve((hello, socket) => {
      const isRight = equalBytes(hello.access, right);
      socket.send(encodeMessage(isRight ? session : { t: 'error', code: 'ACCESS_DENIED' }));
      if (!isRight) socket.close();
    });
    const { next } = connect(url, [changed, old]);
    expect(await next()).toEqual({ t: 'session', link: old });
  });

  test('[S64] what is no message of the wire drops the connection and reaches nobody', async () => {
    let hellos = 0;
    const { url } = await serve((_hello, socket) => {
      hellos += 1;
      socket.send(hellos === 1 ? '{"t":"session"}' : encodeMessage(session));
    });
    const { next } = connect(url, [newLink()]);
    expect((await next()).t).toBe('session');
    expect(hellos).toBe(2);
  });
});
