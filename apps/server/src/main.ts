/**
 * The server as a process: options, lock, LiveKit, serving, and a clean end on SIGINT or SIGTERM with exit code 0.
 *
 * @see SPEC.md V68, V69
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HELP, parseConfig } from './config.ts';
import { configWarnings, readTlsMaterial } from './config-check.ts';
import { acquireDataLock } from './data-lock.ts';
import { startLiveKit } from './livekit/start-livekit.ts';
import { createLog } from './log.ts';
import { serve } from './serve.ts';

const out = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const parsed = parseConfig(process.argv.slice(2), process.env);
  if (!parsed.ok) return fail(parsed.error);
  const config = parsed.value;
  if (config.help) {
    out(HELP);
    return 0;
  }
  const tls = await readTlsMaterial(config);
  if (!tls.ok) return fail(tls.error);
  const lock = acquireDataLock(config.dataDir);
  if (!lock.ok) return fail(lock.error);

  const stopped = stopSignal();
  const livekit = await startLiveKit(config, out);
  if (!livekit.ok) return fail(livekit.error.message);
  try {
    const server = await serve({
      config,
      tls: tls.value,
      livekit: livekit.value,
      log: createLog((line) => process.stdout.write(line)),
      pagesDir: fileURLToPath(new URL('../../web/dist', import.meta.url)),
      version: readVersion(),
    });
    for (const warning of configWarnings(config)) out(warning);
    if (server.roomToken?.file !== undefined) {
      out(`Calls can be started with the token in ${server.roomToken.file}: the page asks for it.`);
    }
    out(`Conclave is ready at ${addressOf(config, server.port)}`);
    await stopped;
    await Promise.all([server.stop(), livekit.value.stop()]);
  } finally {
    await livekit.value.stop();
    lock.value.release();
  }
  return 0;
}

/** Resolves at the first signal; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve();
        process.once(signal, () => process.exit(1));
      });
    }
  });
}

function addressOf(
  config: { host: string; publicUrl: string | undefined; tls: unknown },
  port: number,
): string {
  if (config.publicUrl !== undefined) return config.publicUrl;
  const everywhere = config.host === '0.0.0.0' || config.host === '::';
  const bare = everywhere ? 'localhost' : config.host;
  const host = bare.includes(':') ? `[${bare}]` : bare;
  return `${config.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function fail(line: string): number {
  process.stderr.write(`${line}\n`);
  return 1;
}

process.exitCode = await main();
