/** The web port: headers, pages, the small endpoints, and a clean end. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toBase64Url } from '@conclave/protocol/bytes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TREE_RATE } from '../src/delivery-limits.ts';
import { hashHostKey } from './delivery-stage.ts';
import { hostRoom, NO_LIVEKIT, startServer } from './running-server.ts';
import { makeLeafKey, randomOf, SocketClient } from './socket-client.ts';

async function builtPages(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'conclave-pages-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'assets'));
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(dir, 'assets', 'app-1a2b.js'), 'plain');
  await writeFile(join(dir, 'assets', 'app-1a2b.js.br'), 'brotli');
  return dir;
}

describe('pages and headers', () => {
  test('[V64] every answer carries the security headers', async () => {
    const server = await startServer({ pagesDir: await builtPages() });
    const paths = [
      '/',
      '/r/abc',
      '/assets/app-1a2b.js',
      '/api/server',
      '/nothing',
      '/%zz',
      '/api/trees/a/b/c',
      '/sfu/x/rtc',
    ];
    for (const path of paths) {
      const { headers } = await fetch(server.url + path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy, path).toContain("default-src 'none'; script-src 'self'; worker-src 'self'");
      expect(policy, path).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`);
      expect(policy, path).toMatch(/; require-trusted-types-for 'script'; trusted-types default$/);
      expect(policy, path).not.toMatch(/unsafe|\*/);
      expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin');
      expect(headers.get('cross-origin-embedder-policy'), path).toBe('require-corp');
      expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin');
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('permissions-policy'), path).toContain('camera=(self), microphone=(self)');
      expect(headers.get('strict-transport-security'), path).toBeNull();
    }
    const secure = await startServer({ config: { publicUrl: 'https://calls.example.org' } });
    const { headers } = await fetch(`${secure.url}/api/health`);
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
  });

  test('[V65] one page for every room, hashed assets for ever, compressed ones where there are any', async () => {
    const server = await startServer({ pagesDir: await builtPages() });
    for (const path of ['/', '/r/abc', '/r/']) {
      const answer = await fetch(server.url + path);
      expect(await answer.text(), path).toContain('<title>page</title>');
      expect(answer.headers.get('cache-control'), path).toBe('no-cache');
    }
    const asset = (encoding: string) =>
      fetch(`${server.url}/assets/app-1a2b.js`, { headers: { 'accept-encoding': encoding } });
    const plain = await asset('identity');
    expect(await plain.text()).toBe('plain');
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await asset('br')).headers.get('content-encoding')).toBe('br');
    for (const path of ['/assets/none.js', '/..%2fpackage.json', '/other']) {
      expect((await fetch(server.url + path)).status, path).toBeGreaterThanOrEqual(400);
    }
  });

  test('[V81] an address that leads nowhere is the page for a person, and JSON for a program', async () => {
    const server = await startServer({ pagesDir: await builtPages() });
    const open = (path: string, accept: string) => fetch(server.url + path, { headers: { accept } });
    const asked = 'text/html,application/xhtml+xml,*/*;q=0.8';
    for (const path of ['/foo', '/foo/bar?x', '/r', '/r/a%2', '/%zz', '/apiary', '/assets/none.js']) {
      const answer = await open(path, asked);
      expect(answer.status, path).toBe(404);
      expect(answer.headers.get('content-type'), path).toMatch(/^text\/html/);
      expect(answer.headers.get('cache-control'), path).toBe('no-cache');
      expect(await answer.text(), path).toContain('<title>page</title>');
    }
    for (const [path, accept] of [
      ['/foo', '*/*'],
      ['/%zz', '*/*'],
      ['/api/%zz', 'text/html'],
      ['/assets/none.js', '*/*'],
      ['/api/none', asked],
    ] as const) {
      const answer = await open(path, accept);
      expect(answer.status, path).toBe(404);
      expect(await answer.json(), path).toEqual({ code: 'NOT_FOUND' });
    }
    const unbuilt = await startServer();
    expect(await (await fetch(`${unbuilt.url}/foo`, { headers: { accept: asked } })).json()).toEqual({
      code: 'NOT_FOUND',
    });
  });

  test('[V65] without a build the page says how to get one', async () => {
    const server = await startServer();
    const answer = await fetch(`${server.url}/r/abc`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm start');
  });
});

describe('endpoints', () => {
  test('[V66, V73] a tree is for a live session of its room alone', async () => {
    const server = await startServer();
    const { host, link, groupId } = await hostRoom(server);
    const guest = new SocketClient(server.port);
    await guest.hello(link);
    const { sessionToken } = await guest.next('session');
    const other = await hostRoom(server);
    const get = (token: string | undefined, roomId = link.roomId, epoch = '0') =>
      fetch(`${server.url}/api/trees/${toBase64Url(roomId)}/${toBase64Url(groupId)}/${epoch}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    const good = await get(sessionToken);
    expect(good.status).toBe(200);
    expect(good.headers.get('content-type')).toBe('application/octet-stream');
    expect(good.headers.get('cache-control')).toBe('no-store');
    expect((await good.arrayBuffer()).byteLength).toBe(64);
    expect((await get(undefined)).status).toBe(401);
    expect((await get(toBase64Url(randomOf(32)))).status).toBe(401);
    expect((await get(sessionToken, other.link.roomId)).status).toBe(401);
    expect((await get(sessionToken, link.roomId, '1')).status).toBe(404);
    expect((await get(sessionToken, link.roomId, '-1')).status).toBe(400);
    for (let count = 0; count < TREE_RATE.burst; count++) await (await get(sessionToken)).arrayBuffer();
    expect((await get(sessionToken)).status).toBe(429);
    guest.send({ t: 'leave' });
    await guest.closed;
    expect((await get(sessionToken)).status).toBe(401);
    expect(host.closeCode).toBeUndefined();
  });

  test('[V67] the server says time, version and who may make rooms, and nothing else', async () => {
    const server = await startServer();
    await hostRoom(server);
    const about = (await (await fetch(`${server.url}/api/server`)).json()) as Record<string, unknown>;
    expect(Object.keys(about).sort()).toEqual(['nowUnixMs', 'rooms', 'version']);
    expect(about).toMatchObject({ rooms: 'anyone', version: '1.2.3' });
    expect(Math.abs(Number(about['nowUnixMs']) - Date.now())).toBeLessThan(60_000);
    expect(await (await fetch(`${server.url}/api/health`)).json()).toEqual({ isUp: true });
    for (const [method, path] of [
      ['POST', '/api/server'],
      ['GET', '/api'],
      ['GET', '/api/calls'],
      ['GET', '/twirp/x'],
    ]) {
      expect((await fetch(`${server.url}${path}`, { method: method ?? '' })).status, path).toBe(404);
    }
  });

  test('[V28] the token of --rooms token is made once, for the owner alone, and lets rooms be made', async () => {
    const server = await startServer({ config: { rooms: 'token' } });
    const file = server.roomToken?.file ?? '';
    const token = (await readFile(file, 'utf8')).trim();
    expect(token).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const enter = async (shown?: string) => {
      const key = makeLeafKey();
      const client = new SocketClient(server.port, key);
      const link = { roomId: randomOf(16), access: randomOf(32) };
      await client.hello(link, hashHostKey(key.publicKey), shown);
      return client;
    };
    expect((await (await enter()).next('error')).code).toBe('ROOMS_NEED_TOKEN');
    expect((await (await enter(token)).next('session')).isMember).toBe(false);
    expect(server.logLines.join('')).not.toContain(token);
  });
});

describe('the process', () => {
  test.skipIf(process.platform === 'win32')(
    '[V60, V68, V80] SIGTERM ends it with code 0 within 3 s, terminal and sockets are told, and its output names nobody',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'conclave-process-'));
      onTestFinished(() => rm(dataDir, { recursive: true }));
      const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
      const child = spawn(process.execPath, [main, '--port', '0', '--data', dataDir], {
        env: {
          ...process.env,
          LIVEKIT_URL: NO_LIVEKIT.url,
          LIVEKIT_API_KEY: NO_LIVEKIT.apiKey,
          LIVEKIT_API_SECRET: NO_LIVEKIT.apiSecret,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = new Promise((resolve) => child.on('exit', resolve));
      const lines: string[] = [];
      const port = await new Promise<number>((resolve) => {
        createInterface(child.stdout).on('line', (line) => {
          lines.push(line);
          const ready = /ready at http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
          if (ready !== null) resolve(Number(ready[1]));
        });
      });
      const { host, link, groupId } = await hostRoom({ port });
      const guest = new SocketClient(port);
      await guest.hello(link);
      const session = await guest.next('session');
      guest.send({ t: 'sfu', request: 1 });
      const { ticket, token } = await guest.next('sfu');
      await fetch(`http://127.0.0.1:${port}/r/${toBase64Url(link.roomId)}`);
      await fetch(`http://127.0.0.1:${port}/sfu/${ticket}/rtc/validate`);
      guest.socket.send('no message');
      await guest.closed;
      const sinceMs = performance.now();
      child.kill('SIGTERM');
      expect((await host.next('error')).code).toBe('STOPPING');
      expect(await exited).toBe(0);
      expect(performance.now() - sinceMs).toBeLessThan(3_000);
      expect(lines.at(-1)).toMatch(/^Stopping\. Calls that are going on/);
      const ids = [link.roomId, link.access, groupId, session.callId, host.key.publicKey].map(toBase64Url);
      const secrets = [
        ...ids,
        session.participantId,
        session.sessionToken,
        ticket,
        token,
        NO_LIVEKIT.apiSecret,
      ];
      const output = lines.join('\n').replace(`http://127.0.0.1:${port}`, '');
      expect([...secrets, '127.0.0.1', 'no message'].filter((secret) => output.includes(secret))).toEqual([]);
    },
  );
});
