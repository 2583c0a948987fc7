import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Config, HELP, parseConfig } from './config.ts';
import { configWarnings, reachNote } from './config-check.ts';

function parsed(argv: string[], env: Record<string, string> = {}): Config {
  const config = parseConfig(argv, env);
  if (!config.ok) throw new Error(config.error);
  return config.value;
}

function refusal(argv: string[], env: Record<string, string> = {}): string {
  const config = parseConfig(argv, env);
  return config.ok ? 'accepted' : config.error;
}

describe('values', () => {
  test('[V1] without options it listens on loopback and lets anyone start calls', () => {
    expect(parsed([])).toEqual({
      help: false,
      port: 8470,
      host: '127.0.0.1',
      dataDir: resolve('data'),
      publicUrl: undefined,
      trustedProxies: [],
      tls: undefined,
      rooms: 'anyone',
      roomToken: undefined,
      livekit: { kind: 'own', udpPort: 7882, nodeIp: undefined, loopbackOnly: true, cacheDir: undefined },
    });
  });

  test('[V1] a flag wins over its variable, and an empty variable is none', () => {
    const env = {
      CONCLAVE_PORT: '9000',
      CONCLAVE_ROOMS: 'token',
      CONCLAVE_PUBLIC_URL: '',
      CONCLAVE_RTC_UDP: '5000',
    };
    expect(parsed([], env)).toMatchObject({ port: 9000, rooms: 'token', publicUrl: undefined });
    expect(parsed(['--port', '0', '--rtc-udp=6000'], env)).toMatchObject({
      port: 0,
      livekit: { udpPort: 6000 },
    });
  });

  test('[V1] every flag can be given by environment', () => {
    const env = {
      CONCLAVE_HOST: '::',
      CONCLAVE_DATA: '/srv/conclave',
      CONCLAVE_PUBLIC_URL: 'https://calls.example.org/',
      CONCLAVE_TLS_CERT: '/c.pem',
      CONCLAVE_TLS_KEY: '/k.pem',
      CONCLAVE_RTC_IP: '192.0.2.7',
      CONCLAVE_CACHE: '/var/cache/conclave',
      CONCLAVE_ROOM_TOKEN: 'sixteen-or-more-chars',
    };
    expect(parsed([], env)).toMatchObject({
      host: '::',
      dataDir: '/srv/conclave',
      publicUrl: 'https://calls.example.org',
      tls: { certFile: '/c.pem', keyFile: '/k.pem' },
      roomToken: 'sixteen-or-more-chars',
      livekit: { nodeIp: '192.0.2.7', cacheDir: '/var/cache/conclave' },
    });
  });

  test('[V1] --help names every option', () => {
    expect(parsed(['--help']).help).toBe(true);
    for (const flag of 'port host data public-url trust-proxy tls-cert tls-key rooms rtc-udp rtc-ip'.split(
      ' ',
    )) {
      expect(HELP).toContain(`--${flag} `);
      expect(HELP).toContain(`CONCLAVE_${flag.toUpperCase().replaceAll('-', '_')}`);
    }
  });
});

describe('wrong values', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['--port', ['--port', '65536'], {}],
    ['--port', ['--port', '80x'], {}],
    ['--port', [], { CONCLAVE_PORT: '-1' }],
    ['--rtc-udp', ['--rtc-udp', '0'], {}],
    ['--host', ['--host', 'not a host'], {}],
    ['--public-url', ['--public-url', 'calls.example.org'], {}],
    ['--public-url', ['--public-url', 'https://example.org/calls'], {}],
    ['--public-url', ['--public-url', 'https://name:word@example.org'], {}],
    ['--trust-proxy', ['--trust-proxy', 'proxy.example.org'], {}],
    ['--trust-proxy', ['--trust-proxy', '10.0.0.0/33'], {}],
    ['--trust-proxy', [], { CONCLAVE_TRUST_PROXY: '10.0.0.1, 10.0.0.0/x' }],
    ['--tls-key', ['--tls-cert', 'c.pem'], {}],
    ['--tls-cert', [], { CONCLAVE_TLS_KEY: 'k.pem' }],
    ['--rooms', ['--rooms', 'nobody'], {}],
    ['--rtc-ip', ['--rtc-ip', 'example.org'], {}],
    ['CONCLAVE_ROOM_TOKEN', [], { CONCLAVE_ROOM_TOKEN: 'short' }],
    ['LIVEKIT_URL', [], { LIVEKIT_URL: 'livekit', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' }],
    ['LIVEKIT_API_SECRET', [], { LIVEKIT_URL: 'wss://livekit.example.org', LIVEKIT_API_KEY: 'k' }],
    ['--prot', ['--prot', '80'], {}],
    ['extra', ['extra'], {}],
  ])('[V2] names %s in one line: %j %j', (name, argv, env) => {
    const message = refusal(argv, env);
    expect(message).toContain(name);
    expect(message).not.toContain('\n');
    expect(message).not.toBe('accepted');
  });

  test.each([
    [{ npm_config_port: '8123' }, [], '--port'],
    [{ npm_config_public_url: 'true' }, ['https://calls.example.org'], '--public-url'],
  ])('[V2] names an option that npm kept for itself: %j %j', (env, argv, flag) => {
    expect(refusal(argv, env)).toBe(
      `npm kept ${flag} for itself: options come after "--", as in npm start -- ${flag} …`,
    );
  });

  test('[V2] a secret that is refused is not repeated', () => {
    expect(refusal([], { CONCLAVE_ROOM_TOKEN: 'hunter2' })).not.toContain('hunter2');
  });
});

describe('reach', () => {
  const loopbackOnly = (...argv: string[]) => parsed(argv).livekit;

  test('[V11] media stays on loopback unless host, public address or media address lead outside', () => {
    for (const argv of [
      [],
      ['--host', 'localhost'],
      ['--host', '::1'],
      ['--public-url', 'http://localhost:9000'],
    ]) {
      expect(loopbackOnly(...argv)).toMatchObject({ loopbackOnly: true });
    }
    const outside = [
      ['--host', '0.0.0.0'],
      ['--public-url', 'https://calls.example.org'],
      ['--rtc-ip', '192.0.2.7'],
    ];
    for (const argv of outside) expect(loopbackOnly(...argv)).toMatchObject({ loopbackOnly: false });
  });

  test('[V4] a reachable server without https says that cameras need it, and how', () => {
    for (const argv of [
      ['--host', '0.0.0.0'],
      ['--public-url', 'http://calls.example.org'],
    ]) {
      const [warning = ''] = configWarnings(parsed(argv));
      expect(warning).toMatch(/--tls-cert and --tls-key.*--public-url/);
    }
    const fine = [
      [],
      ['--host', '0.0.0.0', '--public-url', 'https://calls.example.org'],
      ['--host', '0.0.0.0', '--tls-cert', 'c', '--tls-key', 'k'],
    ];
    for (const argv of fine) expect(configWarnings(parsed(argv))).toEqual([]);
  });
});

test('[V79] a server on loopback says that its links work on this machine alone', () => {
  expect(reachNote(parsed([]))).toMatch(/Only this machine.*--host 0\.0\.0\.0.*--public-url/);
  expect(reachNote(parsed(['--host', '0.0.0.0']))).toBeUndefined();
  expect(reachNote(parsed(['--public-url', 'https://calls.example.org']))).toBeUndefined();
});

test('[V77] proxies are addresses and networks, with commas between', () => {
  expect(parsed([]).trustedProxies).toEqual([]);
  const list = '10.0.0.5, 172.16.0.0/12,fd00::/8';
  expect(parsed(['--trust-proxy', list]).trustedProxies).toEqual(['10.0.0.5', '172.16.0.0/12', 'fd00::/8']);
});

test('[V76] a LiveKit whose signalling seems to be public is warned of', () => {
  const warningsFor = (url: string) =>
    configWarnings(parsed([], { LIVEKIT_URL: url, LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' }));
  for (const url of ['wss://livekit.example.org', 'http://203.0.113.4:7880', 'ws://[2001:db8::1]:7880']) {
    expect(warningsFor(url).join(), url).toMatch(/LIVEKIT_URL.*this server alone/);
  }
  for (const url of [
    'ws://127.0.0.1:7880',
    'http://livekit:7880',
    'ws://10.1.2.3:7880',
    'ws://[fd00::1]:7880',
  ]) {
    expect(warningsFor(url), url).toEqual([]);
  }
  expect(configWarnings(parsed([]))).toEqual([]);
});

test('[V6] LIVEKIT_URL with key and secret names a server of somebody else; ws addresses become http', () => {
  const env = { LIVEKIT_URL: 'wss://livekit.example.org/', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' };
  const livekit = { kind: 'external', url: 'https://livekit.example.org', apiKey: 'k', apiSecret: 's' };
  expect(parsed([], env).livekit).toEqual(livekit);
});
