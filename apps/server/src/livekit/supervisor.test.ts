import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIVEKIT_STOP_TIMEOUT_MS } from '../server-limits.ts';
import { defaultSearch, lookForLiveKit, type Search } from './find.ts';
import { startLiveKit } from './start-livekit.ts';
import type { LiveKit } from './supervisor.ts';

let folder: string;
let reports: string[];
let running: LiveKit[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-supervisor-'));
  reports = [];
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((livekit) => livekit.stop()));
  rmSync(folder, { recursive: true });
});

const OWN = {
  kind: 'own',
  udpPort: 7882,
  nodeIp: undefined,
  loopbackOnly: true,
  cacheDir: undefined,
} as const;

async function start(search: Search, dataDir = folder) {
  const started = await startLiveKit({ livekit: OWN, dataDir }, (line) => reports.push(line), search);
  if (started.ok) running.push(started.value);
  return started;
}

async function startWell(search: Search, dataDir?: string): Promise<LiveKit> {
  const started = await start(search, dataDir);
  if (!started.ok) throw new Error(started.error.message);
  return started.value;
}

/** A stand-in for LiveKit's binary: answers on its port, writes its process id, then behaves as `behaviour` says. */
function standIn(behaviour: string): Search {
  const script = `#!${process.execPath}
    if (process.argv.includes('--version')) { console.log('livekit-server version 9.9.9'); process.exit(0); }
    const config = JSON.parse(process.env.LIVEKIT_CONFIG);
    require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid));
    const answer = () => require('node:http').createServer((_, r) => r.end('OK')).listen(config.port, '127.0.0.1');
    ${behaviour}`;
  writeFileSync(join(folder, 'livekit-server'), script);
  chmodSync(join(folder, 'livekit-server'), 0o755);
  return { env: { PATH: folder }, cacheDir: folder, releases: {}, report: (line) => reports.push(line) };
}

const pid = () => Number(readFileSync(join(folder, 'pid'), 'utf8'));

function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a process that behaves', () => {
  test('[V9, V13] it starts with keys of its own, kept for the next start and on no command line', async () => {
    const search = standIn('answer();');
    const first = await startWell(search);
    expect(first).toMatchObject({
      version: '9.9.9',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(first.apiSecret.length).toBeGreaterThanOrEqual(43);
    expect(statSync(join(folder, 'livekit.key')).mode & 0o777).toBe(0o600);
    expect((await fetch(first.url)).status).toBe(200);
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${pid()}/cmdline`, 'utf8')).not.toContain(first.apiSecret);
    }
    await first.stop();
    expect(isAlive(pid())).toBe(false);
    const second = await startWell(search);
    expect([second.apiKey, second.apiSecret]).toEqual([first.apiKey, first.apiSecret]);
  });

  test('[V14] killed, it comes back on the same port, and who asked is told', async () => {
    const livekit = await startWell(standIn('answer();'));
    const { url } = livekit;
    const { promise, resolve } = Promise.withResolvers<void>();
    livekit.onRestart(resolve);
    const before = pid();
    process.kill(before, 'SIGKILL');
    await promise;
    expect(pid()).not.toBe(before);
    expect(livekit.url).toBe(url);
    expect((await fetch(url)).status).toBe(200);
    expect(reports).toEqual([expect.stringContaining('ended unexpectedly')]);
  });

  test('[V16] stopped while it waits to start again, it does not start again', async () => {
    const livekit = await startWell(standIn('answer();'));
    const before = pid();
    process.kill(before, 'SIGKILL');
    await livekit.stop();
    await livekit.stop();
    expect(pid()).toBe(before);
    expect(isAlive(before)).toBe(false);
  });
});

describe('a process that does not', () => {
  test('[V12, V13] one that ends at once: the reason it gave is the reason that is told', async () => {
    const started = await start(standIn(`console.error('cannot bind to the port'); process.exit(1);`));
    expect(started).toMatchObject({
      ok: false,
      error: { code: 'LIVEKIT_NOT_STARTED', message: expect.stringContaining('cannot bind to the port') },
    });
  });

  test('[V13] without a binary there is a message that helps', async () => {
    const search = { env: { PATH: '' }, cacheDir: folder, releases: {}, report: () => undefined };
    expect(await start(search)).toMatchObject({
      ok: false,
      error: { code: 'LIVEKIT_NOT_FOUND', message: expect.stringContaining('LIVEKIT_URL') },
    });
  });

  test('[V16] one that ignores SIGTERM is gone soon after', async () => {
    const livekit = await startWell(standIn(`process.on('SIGTERM', () => undefined); answer();`));
    const startedAtMs = performance.now();
    await livekit.stop();
    expect(isAlive(pid())).toBe(false);
    expect(performance.now() - startedAtMs).toBeLessThan(LIVEKIT_STOP_TIMEOUT_MS * 2);
  });

  test('[V12] what it writes once people may be connected is shown without its fields', async () => {
    const chatter = `answer(); setTimeout(() => { console.log('panic: canary-name');
      console.log(JSON.stringify({ level: 'warn', msg: 'slow', participant: 'canary-name' })); }, 500);`;
    await startWell(standIn(chatter));
    while (reports.length === 0) await delay(10);
    expect(reports).toEqual(['LiveKit warn: slow']);
  });
});

test('[V15] it does not outlive a server that is killed', async () => {
  const search = standIn(`process.on('SIGHUP', () => undefined); answer();`);
  const script = `
    import { startLiveKit } from ${JSON.stringify(new URL('./start-livekit.ts', import.meta.url).href)};
    const search = { env: { PATH: ${JSON.stringify(search.env['PATH'])} }, cacheDir: '', releases: {}, report() {} };
    const config = { dataDir: ${JSON.stringify(folder)}, livekit: ${JSON.stringify(OWN)} };
    const started = await startLiveKit(config, () => undefined, search);
    process.stdout.write(started.ok ? 'up' : started.error.message);`;
  const server = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
  const [word] = await once(server.stdout, 'data');
  expect(String(word)).toBe('up');
  const livekit = pid();
  expect(isAlive(livekit)).toBe(true);
  server.kill('SIGKILL');
  while (isAlive(livekit)) await delay(10);
});

// Building it is the business of `npm test`, which shows the progress of that.
const REAL = defaultSearch(process.env['CONCLAVE_CACHE'] || undefined, () => undefined);
const isPresent = (await lookForLiveKit(REAL)) !== undefined;

describe.skipIf(!isPresent)('the real LiveKit', () => {
  test('[V10, V13] two start at the same time, side by side, each with its ports', async () => {
    const [one, two] = await Promise.all(['one', 'two'].map((name) => startWell(REAL, join(folder, name))));
    expect(one?.url).not.toBe(two?.url);
    expect(one?.udpPort).not.toBe(two?.udpPort);
    expect(one?.apiSecret).not.toBe(two?.apiSecret);
    for (const livekit of [one, two]) expect(await (await fetch(livekit?.url ?? '')).text()).toBe('OK');
  });
});
