/**
 * HTTP on the web port: the pages, three small endpoints, and the way to LiveKit's signalling. Nothing is logged of a
 * request: addresses name rooms and tickets.
 *
 * @see SPEC.md V64–V67
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { fromBase64Url } from '@conclave/protocol/bytes';
import type { ErrorCode } from '@conclave/protocol/error-codes';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from './config.ts';
import type { TlsMaterial } from './config-check.ts';
import type { Delivery } from './delivery/delivery.ts';
import type { Log } from './log.ts';
import { securityHeaders } from './security-headers.ts';
import type { SfuProxy } from './sfu/sfu-proxy.ts';
import { servePages } from './web-pages.ts';

export interface HttpParts {
  readonly config: Pick<Config, 'publicUrl' | 'rooms'>;
  readonly tls: TlsMaterial | undefined;
  readonly delivery: Delivery;
  readonly sfuProxy: SfuProxy;
  readonly log: Log;
  readonly version: string;
  /** Folder of the built web app. */
  readonly pagesDir: string;
}

export async function createHttp(parts: HttpParts): Promise<FastifyInstance> {
  const { config, tls, log } = parts;
  const isSecure = tls !== undefined || config.publicUrl?.startsWith('https:') === true;
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    // Fastify answers a path that cannot be decoded past every hook, so without our headers.
    rewriteUrl: ({ url = '/' }) =>
      isDecodable(url) ? url : `${/^\/(?:api|sfu)\//.exec(url)?.[0] ?? '/'}undecodable`,
    serverFactory: (handler: RequestListener) =>
      tls === undefined ? createServer(handler) : createTlsServer({ cert: tls.cert, key: tls.key }, handler),
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders({ host: request.headers.host, isSecure }));
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) log.error('a request could not be answered', error);
    return reply.code(status).send({ code: status >= 500 ? 'INTERNAL' : 'MALFORMED' });
  });
  addApi(app, parts);
  await servePages(app, parts.pagesDir);
  return app;
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' && status >= 400 ? status : 500;
}

function addApi(app: FastifyInstance, { config, delivery, sfuProxy, version }: HttpParts): void {
  app.get('/api/health', (_request, reply) => noStore(reply).send({ isUp: true }));
  app.get('/api/server', (_request, reply) =>
    noStore(reply).send({ nowUnixMs: delivery.context.clock.nowMs(), rooms: config.rooms, version }),
  );
  app.get('/api/trees/:roomId/:groupId/:epoch', (request, reply) =>
    sendTree(delivery, request, noStore(reply)),
  );
  app.get('/sfu/*', (request, reply) => {
    for (const [name, value] of Object.entries(noStore(reply).getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.hijack();
    sfuProxy.respond(request.raw, reply.raw);
  });
}

function noStore(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}

/** A tree as octet-stream; 401 without a live session of that room, 429 above its rate, 404 when there is none for it. */
async function sendTree(
  delivery: Delivery,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const params = request.params as Readonly<Record<'roomId' | 'groupId' | 'epoch', string>>;
  const token = /^Bearer ([A-Za-z0-9_-]{1,64})$/.exec(request.headers.authorization ?? '')?.[1];
  const roomId = fromBase64Url(params.roomId);
  const groupId = fromBase64Url(params.groupId);
  const epoch = /^\d{1,15}$/.test(params.epoch) ? Number(params.epoch) : undefined;
  if (token === undefined) return reply.code(401).send({ code: 'ACCESS_DENIED' });
  if (roomId === undefined || groupId === undefined || epoch === undefined) {
    return reply.code(400).send({ code: 'MALFORMED' });
  }
  const tree = await delivery.tree(token, roomId, { groupId, epoch });
  if (tree.ok) return reply.type('application/octet-stream').send(Buffer.from(tree.value));
  const refusals: Partial<Record<ErrorCode, number>> = { ACCESS_DENIED: 401, RATE_LIMITED: 429 };
  return reply.code(refusals[tree.error] ?? 404).send({ code: tree.error });
}
