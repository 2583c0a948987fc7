/**
 * A whole server for tests, on a free port and a folder of its own; its LiveKit is given, or nobody.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLog } from '../src/log.ts';
import { type RunningServer, type ServeParts, serve } from '../src/serve.ts';
import { hashHostKey } from './delivery-stage.ts';
import { makeLeafKey, type RoomLink, randomOf, SocketClient } from './socket-client.ts';

/** Nothing listens there. */
export const NO_LIVEKIT = {
  url: 'http://127.0.0.1:1',
  apiKey: 'test',
  apiSecret: 'a secret of 32 characters or more',
};

export interface TestServer extends RunningServer {
  readonly url: string;
  readonly dataDir: string;
  readonly logLines: string[];
}

type Choice = Partial<Omit<ServeParts, 'config'>> & { readonly config?: Partial<ServeParts['config']> };

export async function startServer(choice: Choice = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'conclave-server-'));
  const logLines: string[] = [];
  const server = await serve({
    tls: undefined,
    livekit: NO_LIVEKIT,
    log: createLog((line) => logLines.push(line)),
    pagesDir: join(dataDir, 'pages'),
    version: '1.2.3',
    ...choice,
    config: {
      host: '127.0.0.1',
      port: 0,
      dataDir,
      publicUrl: undefined,
      rooms: 'anyone',
      roomToken: undefined,
      ...choice.config,
    },
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= server.stop();
    return stopping;
  };
  onTestFinished(async () => {
    await stop();
    await rm(dataDir, { recursive: true });
  });
  return { ...server, stop, url: `http://127.0.0.1:${server.port}`, dataDir, logLines };
}

export interface Hosted {
  readonly link: RoomLink;
  readonly groupId: Uint8Array<ArrayBuffer>;
  readonly host: SocketClient;
}

/** A room with a founded group, and its host. */
export async function hostRoom({ port }: Pick<TestServer, 'port'>): Promise<Hosted> {
  const key = makeLeafKey();
  const host = new SocketClient(port, key);
  const link = { roomId: randomOf(16), access: randomOf(32) };
  const groupId = randomOf(32);
  await host.hello(link, hashHostKey(key.publicKey));
  await host.next('session');
  const bytes = { groupInfo: randomOf(64), tree: randomOf(64) };
  host.send({ t: 'found', request: 1, replaces: null, groupId, ...bytes });
  await host.next('accepted');
  return { link, groupId, host };
}
