/**
 * The proxy at `/sfu/<ticket>/…`: LiveKit's signalling for live sessions, and nothing else of LiveKit. Neither the
 * client's address nor its cookies nor its own token are passed on.
 *
 * @see SPEC.md V57, V58
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { LiveKit } from '../livekit/supervisor.ts';
import { refuseUpgrade } from '../upgrade.ts';
import type { Admission, SfuGate } from './sfu-gate.ts';

/** Signalling; `/twirp` and everything else of LiveKit is out of reach. */
const WEBSOCKET_PATHS = new Set(['/rtc', '/rtc/v1']);
const HTTP_PATHS = new Set(['/rtc/validate', '/rtc/v1/validate']);

interface Target {
  readonly admission: Admission;
  readonly url: URL;
}

export class SfuProxy {
  readonly #gate: SfuGate;
  readonly #livekit: Pick<LiveKit, 'url'>;

  constructor(gate: SfuGate, livekit: Pick<LiveKit, 'url'>) {
    this.#gate = gate;
    this.#livekit = livekit;
  }

  /** Takes over an upgrade request whose origin was checked. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgrade(request, socket, head).catch(() => refuseUpgrade(socket, 502));
  }

  /** Answers a plain request: LiveKit's word on why a connection was refused. */
  respond(request: IncomingMessage, response: ServerResponse): void {
    this.#respond(request, response).catch(() => end(response, 502));
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const target = this.#find(request.url ?? '', WEBSOCKET_PATHS);
    if (target === undefined) return refuseUpgrade(socket, 403);
    const { connections } = target.admission;
    const token = await this.#gate.open(target.admission, socket);
    if (token === undefined) return refuseUpgrade(socket, 429);
    const forget = (): void => {
      connections.delete(socket);
    };
    socket.on('close', forget);
    if (socket.destroyed) return forget();
    const upstream = forward(target.url, token, {
      ...pick(request, [
        'sec-websocket-key',
        'sec-websocket-version',
        'sec-websocket-extensions',
        'sec-websocket-protocol',
      ]),
      connection: 'Upgrade',
      upgrade: 'websocket',
    });
    upstream.on('upgrade', (response, upstreamSocket, upstreamHead) => {
      join(response, { socket, head }, { socket: upstreamSocket, head: upstreamHead });
    });
    upstream.on('response', (response) => {
      response.resume();
      refuseUpgrade(socket, response.statusCode ?? 502);
    });
    upstream.on('error', () => refuseUpgrade(socket, 502));
    socket.on('close', () => upstream.destroy());
    upstream.end();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.method === 'GET' ? this.#find(request.url ?? '', HTTP_PATHS) : undefined;
    if (target === undefined) return end(response, 403);
    const token = await this.#gate.open(target.admission, response);
    if (token === undefined) return end(response, 429);
    response.on('close', () => target.admission.connections.delete(response));
    const upstream = forward(target.url, token, {});
    upstream.on('response', (answer) => {
      response.statusCode = answer.statusCode ?? 502;
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      answer.pipe(response);
    });
    upstream.on('error', () => end(response, 502));
    response.on('close', () => upstream.destroy());
    upstream.end();
  }

  #find(url: string, paths: ReadonlySet<string>): Target | undefined {
    const match = /^\/sfu\/([A-Za-z0-9_-]{32})(\/[^?#]*)(\?[^#]*)?$/.exec(url);
    const [, ticket = '', path = '', query = ''] = match ?? [];
    const admission = paths.has(path) ? this.#gate.find(ticket) : undefined;
    const base = URL.parse(this.#livekit.url);
    if (admission === undefined || base === null) return undefined;
    const target = new URL(base);
    target.pathname = `${base.pathname.replace(/\/$/, '')}${path}`;
    target.search = query;
    target.searchParams.delete('access_token');
    return { admission, url: target };
  }
}

function forward(url: URL, token: string, headers: Record<string, string>): ClientRequest {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return request(url, { headers: { ...headers, authorization: `Bearer ${token}` }, agent: false });
}

function pick({ headers }: IncomingMessage, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string') picked[name] = value;
  }
  return picked;
}

interface End {
  readonly socket: Duplex;
  readonly head: Buffer;
}

function join(response: IncomingMessage, client: End, upstream: End): void {
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  const { rawHeaders } = response;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  client.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  client.socket.write(upstream.head);
  upstream.socket.write(client.head);
  client.socket.on('close', () => upstream.socket.destroy());
  upstream.socket.on('close', () => client.socket.destroy());
  upstream.socket.on('error', () => client.socket.destroy());
  client.socket.pipe(upstream.socket).pipe(client.socket);
}

function end(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.statusCode = status;
  response.end();
}
