/** Real sockets against a running server: what is wrong is refused by its code, and the server lives. */

import { createServer } from 'node:http';
import { SOCKET_MESSAGE_BYTES_MAX } from '@conclave/protocol/limits';
import { encodeMessage, WIRE_VERSION } from '@conclave/protocol/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { outletOf, SocketServer } from '../src/socket.ts';
import { Stage } from './delivery-stage.ts';
import { hostRoom, startServer } from './running-server.ts';
import { makeLeafKey, randomOf, SocketClient, signHello } from './socket-client.ts';

describe('a hostile client', () => {
  test('[V20] what is no message is MALFORMED and ends its connection alone', async () => {
    const server = await startServer();
    const { host } = await hostRoom(server);
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('{"t":"leave","extra":1}', '{"t":"session"}', '{"t":"__proto__"}', '[]', 'null'),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const client = new SocketClient(server.port);
        await client.next('challenge');
        client.socket.send(text);
        expect((await client.next('error')).code).toBe('MALFORMED');
        await client.closed;
      }),
      { numRuns: 40 },
    );
    host.send({ t: 'group-info', request: 2 });
    expect((await host.next('group-info')).epoch).toBe(0);
    expect(server.logLines).toEqual([]);
  });

  test('[V20] the same inside a session', async () => {
    const server = await startServer();
    for (const text of ['{"t":"commit"}', '{"t":"beat","sealed":"="}', '"']) {
      const { host } = await hostRoom(server);
      host.socket.send(text);
      expect((await host.next('error')).code).toBe('MALFORMED');
      await host.closed;
    }
    const { host } = await hostRoom(server);
    host.socket.send(Buffer.from('{"t":"leave"}'), { binary: true });
    expect((await host.next('error')).code).toBe('MALFORMED');
  });

  test('[V20] a fault of the store is INTERNAL, and says nothing of the message', async () => {
    const server = await startServer();
    const { host } = await hostRoom(server);
    server.delivery.context.store.readLog = () => Promise.reject(new Error('canary'));
    host.send({ t: 'log', request: 1, fromEpoch: 0 });
    expect((await host.next('error')).code).toBe('INTERNAL');
    expect(server.logLines).toHaveLength(1);
    expect(server.logLines.join('')).not.toContain('canary');
    await hostRoom(server);
  });

  test('[V63] a message over 1 MiB is TOO_LARGE, a much larger one cuts the connection', async () => {
    const server = await startServer();
    const client = new SocketClient(server.port);
    await client.next('challenge');
    client.socket.send(`"${'x'.repeat(SOCKET_MESSAGE_BYTES_MAX)}"`);
    expect((await client.next('error')).code).toBe('TOO_LARGE');
    const wide = new SocketClient(server.port);
    await wide.next('challenge');
    wide.socket.send(`"${'€'.repeat(SOCKET_MESSAGE_BYTES_MAX / 2)}"`);
    expect((await wide.next('error')).code).toBe('TOO_LARGE');
    const huge = new SocketClient(server.port);
    await huge.next('challenge');
    huge.socket.send('x'.repeat(4 * SOCKET_MESSAGE_BYTES_MAX));
    expect(await huge.closed).toBe(1009);
    await hostRoom(server);
  });

  test('[V23] a recorded hello opens nothing on another socket', async () => {
    const server = await startServer();
    const { link } = await hostRoom(server);
    const key = makeLeafKey();
    const first = new SocketClient(server.port, key);
    const { nonce } = await first.next('challenge');
    const hello = { t: 'hello', v: WIRE_VERSION, ...link, leafKey: key.publicKey } as const;
    const recorded = encodeMessage({ ...hello, signature: signHello(key, nonce, link.roomId) });
    first.socket.send(recorded);
    await first.next('session');
    const second = new SocketClient(server.port, key);
    await second.next('challenge');
    second.socket.send(recorded);
    expect((await second.next('error')).code).toBe('BAD_HELLO');
    await second.closed;
    expect(first.closeCode).toBeUndefined();
  });

  test('[V36] a replayed commit is epoch-taken', async () => {
    const server = await startServer();
    const { host, groupId } = await hostRoom(server);
    const bytes = { commit: randomOf(9), groupInfo: randomOf(9), tree: randomOf(9) };
    const names = { joined: [], left: [], welcomes: [] };
    const commit = { t: 'commit', request: 5, groupId, epoch: 0, phase: 'none', ...bytes, ...names } as const;
    host.send(commit);
    host.send(commit);
    expect((await host.next('accepted')).epoch).toBe(1);
    expect(await host.next('epoch-taken')).toMatchObject({ request: 5, epoch: 1 });
  });

  test('[V34] too many messages of a kind are not taken, and the connection stays', async () => {
    const stage = await Stage.open();
    const host = await stage.host();
    for (let request = 0; request < 12; request++) await host.send({ t: 'group-info', request });
    expect(host.got('group-info')).toHaveLength(10);
    expect(host.got('error')).toEqual([
      { t: 'error', code: 'RATE_LIMITED', request: 10 },
      { t: 'error', code: 'RATE_LIMITED', request: 11 },
    ]);
    await stage.advance(1_000);
    await host.send({ t: 'group-info', request: 12 });
    expect(host.got('group-info')).toHaveLength(11);
  });

  test('[V62] a page of another origin, or none, gets no socket', async () => {
    const open = await startServer();
    const named = await startServer({ config: { publicUrl: 'https://calls.example.org' } });
    const status = (origin?: string, { port } = named, headers = {}): Promise<number | undefined> =>
      new Promise((resolve) => {
        const options = origin ? { origin, headers } : { headers };
        const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, options);
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
        socket.on('error', () => undefined);
        socket.on('open', () => {
          socket.terminate();
          resolve(101);
        });
      });
    expect(await status('https://evil.example')).toBe(403);
    expect(await status('null')).toBe(403);
    expect(await status()).toBe(403);
    expect(await status('https://calls.example.org')).toBe(101);
    expect(await status(`http://127.0.0.1:${named.port}`)).toBe(403);
    expect(await status('https://evil.example', named, { host: 'evil.example' })).toBe(403);
    expect(await status(`http://127.0.0.1:${open.port}`, open)).toBe(101);
    expect(await status('https://evil.example', open)).toBe(403);
    expect(await status(undefined, open)).toBe(403);
  });

  test('[V63] a client that does not read is cut', async () => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => sockets.once('listening', resolve));
    const { port } = sockets.address() as { port: number };
    const accepted = new Promise<WebSocket>((resolve) => sockets.on('connection', resolve));
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    client.on('error', () => undefined);
    const socket = await accepted;
    client.pause();
    const outlet = outletOf(socket);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (let count = 0; count < 64; count++) outlet.send('x'.repeat(1024 * 1024));
    await closed;
    outlet.send('afterwards nothing happens');
    client.terminate();
    sockets.close();
  });

  test('[V63] a client that does not answer a ping is cut', async () => {
    const stage = await Stage.open();
    const sockets = new SocketServer(stage.delivery, 50);
    const http = createServer();
    http.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head, '192.0.2.1'));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as { port: number };
    const quiet = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong: false });
    const answering = new WebSocket(`ws://127.0.0.1:${port}`);
    await new Promise((resolve) => quiet.on('close', resolve));
    expect(answering.readyState).toBe(WebSocket.OPEN);
    await sockets.stop();
    http.close();
  });
});
