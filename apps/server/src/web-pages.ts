/**
 * The built web app: one page for `/` and every room's address, hashed assets for ever, precompressed where the build
 * made it so. A room's secret is in the fragment, which never gets here.
 *
 * @see SPEC.md V65, V81
 */
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Where programs ask, not people: they are always answered in JSON. */
const FOR_PROGRAMS = /^\/(?:api|sfu)\//;

export async function servePages(app: FastifyInstance, pagesDir: string): Promise<void> {
  const isBuilt = existsSync(join(pagesDir, 'index.html'));
  app.setNotFoundHandler((request, reply) => {
    reply.code(404);
    return isBuilt && isAskedByPerson(request)
      ? reply.sendFile('index.html')
      : reply.send({ code: 'NOT_FOUND' });
  });
  if (!isBuilt) {
    const explain = (reply: FastifyReply) =>
      reply
        .code(503)
        .type('text/plain; charset=utf-8')
        .send('The pages are not built. "npm start" builds them.\n');
    app.get('/', (_request, reply) => explain(reply));
    app.get('/r/*', (_request, reply) => explain(reply));
    return;
  }
  const assets = `${sep}assets${sep}`;
  await app.register(fastifyStatic, {
    root: pagesDir,
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const isHashed = path.includes(assets);
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get('/', (_request, reply) => reply.sendFile('index.html'));
  app.get('/r/*', (_request, reply) => reply.sendFile('index.html'));
}

/** Somebody opens an address: the page itself says that there is nothing. */
function isAskedByPerson({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && !FOR_PROGRAMS.test(url) && headers.accept?.includes('text/html') === true;
}
