/**
 * Whether a LiveKit server answers: while it starts, and as long as it runs.
 *
 * @see SPEC.md V13, V14
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  LIVEKIT_HEALTH_FAILURES_MAX,
  LIVEKIT_HEALTH_INTERVAL_MS,
  LIVEKIT_HEALTH_TIMEOUT_MS,
  LIVEKIT_START_POLL_MS,
  LIVEKIT_START_TIMEOUT_MS,
} from '../server-limits.ts';

export interface HealthTimes {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failed checks in a row that make it sick. */
  readonly failuresMax: number;
}

export const HEALTH_TIMES: HealthTimes = {
  intervalMs: LIVEKIT_HEALTH_INTERVAL_MS,
  timeoutMs: LIVEKIT_HEALTH_TIMEOUT_MS,
  failuresMax: LIVEKIT_HEALTH_FAILURES_MAX,
};

/** True once it answers; false when the process is gone or has stayed silent for too long. */
export async function untilHealthy(url: string, isGone: () => boolean): Promise<boolean> {
  const deadlineMs = performance.now() + LIVEKIT_START_TIMEOUT_MS;
  while (!isGone() && performance.now() < deadlineMs) {
    // Gone and yet healthy would be somebody else on its port.
    if (await isHealthy(url, LIVEKIT_HEALTH_TIMEOUT_MS)) return !isGone();
    await delay(LIVEKIT_START_POLL_MS);
  }
  return false;
}

/** Asks again and again until the process is gone, or has been silent too often: then `onSick` is called, once. */
export async function watchHealth(watched: {
  readonly url: string;
  readonly isGone: () => boolean;
  readonly times: HealthTimes;
  readonly onSick: () => void;
}): Promise<void> {
  const { url, isGone, times, onSick } = watched;
  for (let failures = 0; failures < times.failuresMax; ) {
    await delay(times.intervalMs, undefined, { ref: false });
    if (isGone()) return;
    failures = (await isHealthy(url, times.timeoutMs)) ? 0 : failures + 1;
  }
  onSick();
}

async function isHealthy(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
