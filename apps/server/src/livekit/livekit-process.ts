/**
 * One run of a LiveKit server: spawned under its guard, asked until it answers, watched while it runs, stopped.
 *
 * @see SPEC.md V12, V13, V15
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  LIVEKIT_HEALTH_FAILURES_MAX,
  LIVEKIT_HEALTH_INTERVAL_MS,
  LIVEKIT_HEALTH_TIMEOUT_MS,
  LIVEKIT_START_POLL_MS,
  LIVEKIT_START_TIMEOUT_MS,
  LIVEKIT_STOP_TIMEOUT_MS,
} from '../server-limits.ts';
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
  const started = answers(url, isGone).then(async (isUp) => {
    if (isUp) {
      output.mute();
      void watch(url, isGone, () => kill(child), report);
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

async function answers(url: string, isGone: () => boolean): Promise<boolean> {
  const deadlineMs = performance.now() + LIVEKIT_START_TIMEOUT_MS;
  while (!isGone() && performance.now() < deadlineMs) {
    if (await isHealthy(url)) return true;
    await delay(LIVEKIT_START_POLL_MS);
  }
  return false;
}

async function watch(url: string, isGone: () => boolean, end: () => void, report: (line: string) => void) {
  let failures = 0;
  while (true) {
    await delay(LIVEKIT_HEALTH_INTERVAL_MS, undefined, { ref: false });
    if (isGone()) return;
    failures = (await isHealthy(url)) ? 0 : failures + 1;
    if (failures < LIVEKIT_HEALTH_FAILURES_MAX) continue;
    report('LiveKit does not answer any more: ending it');
    end();
    return;
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIVEKIT_HEALTH_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  // The guard kills LiveKit when the limit is over; this is for a guard that hangs itself.
  const limit = setTimeout(() => kill(child), LIVEKIT_STOP_TIMEOUT_MS * 2);
  await ended;
  clearTimeout(limit);
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
