/**
 * The product as a person starts it: `npm start`'s script with a data folder of its own, its own LiveKit behind it.
 * Whatever was started here ends with the run.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '@conclave/server/livekit/free-port';

export type Product = {
  /** Without a slash at the end. */
  readonly origin: string;
  readonly port: number;
  readonly dataDir: string;
  /** All that the process has printed. */
  readonly log: () => string;
  /** Ends the process and waits for it; the data stay until the run ends. */
  readonly stop: () => Promise<void>;
};

const START = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
/** With the build of the web app; a LiveKit is there before the tests begin. */
const START_TIMEOUT_MS = 90_000;

const undone: (() => Promise<unknown>)[] = [];
let shared: Promise<Product> | undefined;

/** One product for all scenarios that leave it as it was. */
export function sharedProduct(): Promise<Product> {
  shared ??= startProduct();
  return shared;
}

/** @param options - more of the options that `npm start -- --help` lists */
export async function startProduct(options: readonly string[] = []): Promise<Product> {
  const dataDir = await mkdtemp(join(tmpdir(), 'conclave-e2e-'));
  const port = await freeTcpPort();
  const child = spawn(process.execPath, [START, '--port', `${port}`, '--data', dataDir, ...options], {
    // The bundler, which builds the test pages in this process, sets NODE_ENV.
    env: { ...process.env, NODE_ENV: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const take = (chunk: Buffer) => {
    log += chunk.toString('utf8');
    if (log.includes('Conclave is ready')) resolve();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.on('exit', (code) => reject(new Error(`the server ended with code ${code}:\n${log}`)));
  const timer = setTimeout(
    () => reject(new Error(`the server was not ready in time:\n${log}`)),
    START_TIMEOUT_MS,
  );
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  undone.push(async () => {
    await stop();
    await rm(dataDir, { recursive: true });
  });
  await ready.finally(() => clearTimeout(timer));
  return { origin: `http://localhost:${port}`, port, dataDir, log: () => log, stop };
}

export async function stopProducts(): Promise<void> {
  for (const undo of undone.splice(0)) await undo().catch(() => undefined);
}
