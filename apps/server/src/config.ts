/**
 * Options of the server: flags first, then the environment, then defaults. Pure: nothing is opened, bound or started
 * here, so a wrong value can be named before anything happens.
 *
 * @see SPEC.md V1–V4
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '@conclave/protocol/result';
import { isLoopback } from './loopback.ts';
import { ROOM_TOKEN_CHARS_MIN } from './server-limits.ts';
import { TrustedProxies } from './trusted-proxies.ts';

/** What the server runs with. Every path is absolute. */
export interface Config {
  /** `--help` was asked for: print `HELP` and leave. */
  readonly help: boolean;
  /** Web port, 0–65535; 0 lets the system choose. */
  readonly port: number;
  /** Address or host name to listen on. */
  readonly host: string;
  readonly dataDir: string;
  /** Origin under which people reach this server (`https://calls.example.org`), without a trailing slash. */
  readonly publicUrl: string | undefined;
  /** Addresses and networks of reverse proxies on other machines. */
  readonly trustedProxies: readonly string[];
  readonly tls: TlsFiles | undefined;
  /** Who may make rooms: anyone, or only who shows the operator's token. */
  readonly rooms: 'anyone' | 'token';
  /** Operator's token from the environment; with `rooms: 'token'` and none given, the server keeps one of its own. */
  readonly roomToken: string | undefined;
  readonly livekit: ExternalLiveKit | OwnLiveKit;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A LiveKit server or cluster that somebody else runs. */
export interface ExternalLiveKit {
  readonly kind: 'external';
  /** `http://` or `https://` base, without a trailing slash. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** A LiveKit server that we run as a child process. */
export interface OwnLiveKit {
  readonly kind: 'own';
  /** Wanted UDP port for media; the next free one is taken when it is in use. */
  readonly udpPort: number;
  /** IP address that browsers send media to; undefined lets LiveKit find the machine's own. */
  readonly nodeIp: string | undefined;
  /** True when media never leaves this machine: neither the host, the public URL nor the media address does. */
  readonly loopbackOnly: boolean;
  /** Folder for a LiveKit binary that we fetched or built; undefined: `.cache` of the repository. */
  readonly cacheDir: string | undefined;
}

export const HELP = `Conclave: private calls by link.

  npm start -- [options]

  --port <number>        web port (8470)                                        CONCLAVE_PORT
  --host <address>       address to listen on (127.0.0.1)                       CONCLAVE_HOST
  --data <folder>        where the server keeps its data (./data)               CONCLAVE_DATA
  --public-url <url>     address under which people reach it, behind a proxy    CONCLAVE_PUBLIC_URL
  --trust-proxy <list>   addresses or networks of proxies on other machines     CONCLAVE_TRUST_PROXY
                         (10.0.0.5,172.16.0.0/12): what they say in
                         X-Forwarded-For counts for rate limits
  --tls-cert <file>      certificate chain (PEM); needs --tls-key               CONCLAVE_TLS_CERT
  --tls-key <file>       private key (PEM); needs --tls-cert                    CONCLAVE_TLS_KEY
  --rooms anyone|token   who may start calls (anyone)                           CONCLAVE_ROOMS
  --rtc-udp <number>     UDP port for media (7882, or the next free one)        CONCLAVE_RTC_UDP
  --rtc-ip <address>     IP address that browsers send media to                 CONCLAVE_RTC_IP
  --help                 this text

Only by environment:
  CONCLAVE_ROOM_TOKEN    the token of --rooms token; without it one is made and kept in the data folder
  CONCLAVE_CACHE         folder for a LiveKit binary that was built or downloaded
  LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET
                         use this LiveKit server instead of one of our own; its signalling must be
                         reachable for this server alone, its media ports for everybody
`;

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Readonly<Record<string, string | undefined>>;

/** A value that the person gave and that cannot be used; its message is the one line they see. */
class WrongValue extends Error {}

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  'public-url': { type: 'string' },
  'trust-proxy': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  rooms: { type: 'string' },
  'rtc-udp': { type: 'string' },
  'rtc-ip': { type: 'string' },
} as const;

/**
 * Reads the options.
 *
 * @param argv - arguments after the script's name
 * @returns the configuration, or one line that names the wrong value
 */
export function parseConfig(argv: readonly string[], env: Environment): Result<Config, string> {
  try {
    return ok(readConfig(argv, env));
  } catch (error) {
    if (error instanceof WrongValue) return err(error.message);
    throw error;
  }
}

function readConfig(argv: readonly string[], env: Environment): Config {
  const { help, values } = readValues(argv, env);
  const host = readHost(values);
  const publicUrl = readPublicUrl(values['public-url']);
  return {
    help,
    port: readPort('--port', values['port'], 8470, 0),
    host,
    dataDir: resolve(values['data'] ?? './data'),
    publicUrl,
    trustedProxies: readTrustedProxies(values['trust-proxy']),
    tls: readTls(values),
    rooms: readRooms(values['rooms']),
    roomToken: readRoomToken(env['CONCLAVE_ROOM_TOKEN']),
    livekit: readLiveKit(values, env, host, publicUrl),
  };
}

function readValues(argv: readonly string[], env: Environment): { help: boolean; values: Values } {
  refuseWhatNpmKept(env);
  let flags: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
  try {
    flags = parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new WrongValue(`${firstSentence(error)} (--help lists the options)`);
  }
  const { help = false, ...given } = flags;
  const values: Record<string, string | undefined> = {};
  for (const name of Object.keys(OPTIONS).filter((option) => option !== 'help')) {
    const variable = `CONCLAVE_${name.toUpperCase().replaceAll('-', '_')}`;
    // An empty variable is what a shell or a compose file passes for "not set".
    values[name] = given[name as keyof typeof given] ?? (env[variable] || undefined);
  }
  return { help, values };
}

/** Without "--" before them npm takes options for its own, and hands them on in the environment alone. */
function refuseWhatNpmKept(env: Environment): void {
  const kept = Object.keys(OPTIONS).find(
    (name) => env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined,
  );
  if (kept === undefined) return;
  throw new WrongValue(
    `npm kept --${kept} for itself: options come after "--", as in npm start -- --${kept} …`,
  );
}

function firstSentence(error: unknown): string {
  return error instanceof Error ? (error.message.split(/\.\s|\n/)[0] ?? 'unknown option') : 'unknown option';
}

function readPort(flag: string, text: string | undefined, otherwise: number, min: 0 | 1): number {
  if (text === undefined) return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= min && port <= 65_535) return port;
  throw new WrongValue(`${flag}: "${text}" is not a port (${min} to 65535)`);
}

function readHost(values: Values): string {
  const host = values['host'] ?? '127.0.0.1';
  if (isIP(host) !== 0 || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host)) return host;
  throw new WrongValue(`--host: "${host}" is neither an IP address nor a host name`);
}

function readPublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (isOrigin) return url.origin;
  throw new WrongValue(`--public-url: "${text}" is not an address like https://calls.example.org (no path)`);
}

function readTrustedProxies(text: string | undefined): string[] {
  const networks = (text ?? '').split(',').flatMap((part) => part.trim() || []);
  try {
    new TrustedProxies(networks);
  } catch {
    throw new WrongValue(
      `--trust-proxy: "${text}" is not a list of IP addresses and networks like 10.0.0.0/8`,
    );
  }
  return networks;
}

function readTls(values: Values): TlsFiles | undefined {
  const cert = values['tls-cert'];
  const key = values['tls-key'];
  if (cert !== undefined && key !== undefined) return { certFile: resolve(cert), keyFile: resolve(key) };
  if (cert === undefined && key === undefined) return undefined;
  throw new WrongValue(
    cert === undefined ? '--tls-key needs --tls-cert too' : '--tls-cert needs --tls-key too',
  );
}

function readRooms(text = 'anyone'): 'anyone' | 'token' {
  if (text === 'anyone' || text === 'token') return text;
  throw new WrongValue(`--rooms: "${text}" is neither anyone nor token`);
}

function readRoomToken(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (text.length >= ROOM_TOKEN_CHARS_MIN) return text;
  throw new WrongValue(`CONCLAVE_ROOM_TOKEN: needs at least ${ROOM_TOKEN_CHARS_MIN} characters`);
}

function readLiveKit(
  values: Values,
  env: Environment,
  host: string,
  publicUrl: string | undefined,
): ExternalLiveKit | OwnLiveKit {
  if (env['LIVEKIT_URL']) return readExternalLiveKit(env['LIVEKIT_URL'], env);
  const nodeIp = values['rtc-ip'];
  if (nodeIp !== undefined && isIP(nodeIp) === 0)
    throw new WrongValue(`--rtc-ip: "${nodeIp}" is not an IP address`);
  const reached = [host, nodeIp, publicUrl === undefined ? undefined : new URL(publicUrl).hostname];
  return {
    kind: 'own',
    udpPort: readPort('--rtc-udp', values['rtc-udp'], 7882, 1),
    nodeIp,
    loopbackOnly: reached.every((place) => place === undefined || isLoopback(place)),
    cacheDir: env['CONCLAVE_CACHE'] ? resolve(env['CONCLAVE_CACHE']) : undefined,
  };
}

function readExternalLiveKit(text: string, env: Environment): ExternalLiveKit {
  const url = URL.parse(text.replace(/^ws(s?):/, 'http$1:'));
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new WrongValue(`LIVEKIT_URL: "${text}" is not an address like wss://livekit.example.org`);
  }
  const apiKey = env['LIVEKIT_API_KEY'];
  const apiSecret = env['LIVEKIT_API_SECRET'];
  if (!apiKey || !apiSecret) {
    throw new WrongValue('LIVEKIT_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET too');
  }
  return { kind: 'external', url: url.href.replace(/\/$/, ''), apiKey, apiSecret };
}
