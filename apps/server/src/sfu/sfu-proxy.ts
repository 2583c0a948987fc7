/**
 * The proxy at `/sfu/<ticket>/…`: LiveKit's signalling for live sessions, and nothing else of LiveKit. Neither the
 * client's address nor its cookies nor its own token are passed on. What members say passes unread; what others say is
 * judged, message by message.
 *
 * @see SPEC.md V57, V58, V82
 */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { LiveKit } from '../livekit/supervisor.ts';
import { refuseUpgrade } from '../upgrade.ts';
import type { Admission, SfuGate } from './sfu-gate.ts';
import { SFU_HANDSHAKE_TIMEOUT_MS, SFU_MESSAGE_BYTES_MAX } from './sfu-limits.ts';
import { type Message, relay } from './signal-relay.ts';
import { connectWhileWaiting } from './waiting-connect.ts';
import { passWhileWaiting } from './waiting-signal.ts';

/** Signalling; `/twirp` and everything else of LiveKit is out of reach. */
const WEBSOCKET_PATHS = new Set(['/rtc', '/rtc/v1']);
const HTTP_PATHS = new Set(['/rtc/validate', '/rtc/v1/validate']);

const SOCKET_OPTIONS = { perMessageDeflate: false, maxPayload: SFU_MESSAGE_BYTES_MAX } as const;

interface Target {
  readonly admission: Admission;
  /** As the client asks; `judged` says what of it LiveKit is asked. */
  readonly url: URL;
}

export class SfuProxy {
  readonly #gate: SfuGate;
  readonly #livekit: Pick<LiveKit, 'url'>;
  readonly #server = new WebSocketServer({ noServer: true, clientTracking: false, ...SOCKET_OPTIONS });

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
    const { admission } = target;
    const opening = await this.#gate.open(admission, socket);
    if (opening === undefined) return refuseUpgrade(socket, 429);
    const forget = (): void => {
      admission.connections.delete(socket);
    };
    socket.on('close', forget);
    if (socket.destroyed) return forget();
    const url = judged(target);
    if (url === undefined) return refuseUpgrade(socket, 403);
    const upstream = new WebSocket(url, {
      headers: { authorization: `Bearer ${opening.token}` },
      handshakeTimeout: SFU_HANDSHAKE_TIMEOUT_MS,
      ...SOCKET_OPTIONS,
    });
    upstream.once('message', () => this.#gate.answered(admission, opening));
    const refuse = (): void => refuseUpgrade(socket, 502);
    upstream.on('error', refuse);
    upstream.on('unexpected-response', (_request, response) => {
      refuseUpgrade(socket, response.statusCode ?? 502);
      upstream.terminate();
    });
    const drop = (): void => upstream.terminate();
    socket.on('close', drop);
    upstream.on('open', () => {
      // From here on the client may have been answered: no second answer
      upstream.off('error', refuse);
      upstream.on('error', () => socket.destroy());
      this.#server.handleUpgrade(request, socket, head, (client) => {
        // The relay tells the other end how this one was closed
        socket.off('close', drop);
        relay(client, upstream, (message) => judge(admission, message));
      });
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.method === 'GET' ? this.#find(request.url ?? '', HTTP_PATHS) : undefined;
    if (target === undefined) return end(response, 403);
    const opening = await this.#gate.open(target.admission, response);
    if (opening === undefined) return end(response, 429);
    response.on('close', () => target.admission.connections.delete(response));
    // livekit-client asks why it was refused, and gives up resuming when it hears so here
    const url = judged(target);
    if (url === undefined) return end(response, 403);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const upstream = send(url, { headers: { authorization: `Bearer ${opening.token}` }, agent: false });
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
    // With this LiveKit makes a second participant, under an identity that is not the session's
    target.searchParams.delete('publish');
    return { admission, url: target };
  }
}

function isMember({ call, session }: Admission): boolean {
  return call.isMember(session.participantId);
}

/** Where the connection leads; undefined when its session may not open it so (V82). */
function judged({ admission, url }: Target): URL | undefined {
  if (isMember(admission)) return url;
  const query = connectWhileWaiting(url.searchParams);
  if (query === undefined) return undefined;
  const allowed = new URL(url);
  allowed.search = query.toString();
  return allowed;
}

/**
 * What goes to LiveKit in place of a client's message; undefined when it is too much for who is no member. LiveKit takes
 * JSON, too; who is no member has no use for it.
 */
function judge(admission: Admission, message: Message): readonly Message[] | undefined {
  if (isMember(admission)) return [message];
  if (!admission.rates.takeMessage(message.data)) return undefined;
  if (!message.isBinary) return [];
  return passWhileWaiting(message.data).map((data) => ({ data, isBinary: true }));
}

function end(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.statusCode = status;
  response.end();
}
