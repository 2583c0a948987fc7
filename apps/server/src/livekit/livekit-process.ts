/**
 * One run of a LiveKit server: spawned under its guard, asked until it answers, watched while it runs, stopped.
 *
 * @see SPEC.md V12, V13, V15
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LIVEKIT_STOP_TIMEOUT_MS } from '../server-limits.ts';
import { HEALTH_TIMES, untilHealthy, watchHealth } from './health.ts';
import { type LiveKitSettings, livekitConfig } from './livekit-config.ts';
import { shownLogLine } from './livekit-log.ts';

const GUARD = fileURLToPath(new URL('./guard.ts', import.meta.url));

export interface LiveKitProcess {
  /** Base address of signalling and API. */
  readonly url: string;
  readonly udpPort: number;
  /** True once it answers; false when it ended or stayed silent, in which case it is gone. */
  readonly started: Promise<boolean>;
  /** Settles when the process is gone. */
  readonly ended: Promise<void>;
  /** Last line that is no log line, written before it answered: why it did not start. */
  reason(): string | undefined;
  /** SIGTERM, and SIGKILL after a short limit. */
  stop(): Promise<void>;
}

/**
 * @param path - LiveKit's binary
 * @param report - called with a line for the operator, free of names, addresses and keys
 */
export function runLiveKit(
  path: string,
  settings: LiveKitSettings,
  report: (line: string) => void,
): LiveKitProcess {
  const child = spawn(process.execPath, [GUARD, String(LIVEKIT_STOP_TIMEOUT_MS), path], {
    // A group of its own: Ctrl-C of a terminal reaches us, and we stop it in our order.
    detached: true,
    // Nothing else of our environment: LiveKit reads several variables with names as plain as UDP_PORT.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LIVEKIT_CONFIG: livekitConfig(settings) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = readOutput(child, report);
  const url = `http://127.0.0.1:${settings.port}`;
  const ended = endOf(child);
  const isGone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const started = untilHealthy(url, isGone).then(async (isUp) => {
    if (isUp) {
      output.mute();
      void watchHealth({ url, isGone, times: HEALTH_TIMES, onSick: () => endSick(child, report) });
    } else {
      kill(child);
      await ended;
    }
    return isUp;
  });
  return {
    url,
    udpPort: settings.udpPort,
    started,
    ended,
    reason: output.reason,
    stop: () => stop(child, ended),
  };
}

function endOf(child: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('close', () => resolve());
  child.once('error', () => resolve());
  child.stdin?.on('error', () => undefined);
  const killWithUs = () => kill(child);
  process.once('exit', killWithUs);
  return promise.finally(() => process.off('exit', killWithUs));
}

function readOutput(child: ChildProcess, report: (line: string) => void) {
  let reason: string | undefined;
  let isMute = false;
  const read = (line: string) => {
    const shown = shownLogLine(line);
    if (shown !== undefined) report(shown);
    else if (!isMute && line.trim() !== '') reason = line.trim().slice(0, 500);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', read);
  }
  return {
    reason: () => reason,
    mute: () => {
      isMute = true;
    },
  };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  // The guard kills LiveKit when the limit is over; this is for a guard that hangs itself.
  const limit = setTimeout(() => kill(child), LIVEKIT_STOP_TIMEOUT_MS * 2);
  await ended;
  clearTimeout(limit);
}

function endSick(child: ChildProcess, report: (line: string) => void): void {
  report('LiveKit does not answer any more: ending it');
  kill(child);
}

/** Ends guard and LiveKit, which are one process group, at once. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
