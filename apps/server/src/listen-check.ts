/**
 * Whether the web port can be had, asked before anything else is started.
 *
 * @see SPEC.md V78
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { err, ok, type Result } from '@conclave/protocol/result';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it. Choose another port with --port',
  EACCES: 'this user may not use it. Choose a port above 1023 with --port',
  EADDRNOTAVAIL: 'this machine does not have that address. Choose another with --host',
  ENOTFOUND: 'no address has that name. Choose another with --host',
};

/** Listens for a moment. The error is one line for the operator. */
export async function checkListen(host: string, port: number): Promise<Result<void, string>> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return ok(undefined);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return err(`Cannot listen on ${host} port ${port}: ${REASONS[code] ?? code}.`);
  }
}
