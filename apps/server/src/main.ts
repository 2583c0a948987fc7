/**
 * The server as a process: options, lock, LiveKit, serving, and a clean end, with exit code 0, when it is asked to stop.
 *
 * @see SPEC.md V2, V17, V68, V80
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HELP, parseConfig } from './config.ts';
import { configWarnings, reachNote, readTlsMaterial } from './config-check.ts';
import { acquireDataLock } from './data-lock.ts';
import { checkListen } from './listen-check.ts';
import { startLiveKit } from './livekit/start-livekit.ts';
import { createLog } from './log.ts';
import { serve } from './serve.ts';
import { shutdownRequested } from './shutdown.ts';

/** Exit code for an option that cannot be used. */
const WRONG_VALUE = 2;

const out = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const parsed = parseConfig(process.argv.slice(2), process.env);
  if (!parsed.ok) return fail(parsed.error, WRONG_VALUE);
  const config = parsed.value;
  if (config.help) {
    out(HELP);
    return 0;
  }
  const tls = await readTlsMaterial(config);
  if (!tls.ok) return fail(tls.error, WRONG_VALUE);
  const lock = acquireDataLock(config.dataDir);
  if (!lock.ok) return fail(lock.error);
  const listens = await checkListen(config.host, config.port);
  if (!listens.ok) return fail(listens.error);

  const stopped = shutdownRequested();
  const livekit = await Promise.race([startLiveKit(config, out), stopped]);
  // A first start may build LiveKit for minutes: leaving takes what it has begun along.
  if (livekit === undefined) {
    out('Stopped before the start was complete.');
    process.exit(0);
  }
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
    const note = reachNote(config);
    if (note !== undefined) out(note);
    await stopped;
    out('Stopping. Calls that are going on stand still until Conclave is started again.');
    await Promise.all([server.stop(), livekit.value.stop()]);
  } finally {
    await livekit.value.stop();
    lock.value.release();
  }
  return 0;
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

function fail(line: string, exitCode = 1): number {
  process.stderr.write(`${line}\n`);
  return exitCode;
}

process.exitCode = await main();
