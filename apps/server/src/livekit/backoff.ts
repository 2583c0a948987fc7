/**
 * Pauses between restarts: doubled with each failure in a row, forgotten after a sound run.
 *
 * @see SPEC.md V14
 */
import { LIVEKIT_RESTART_MAX_MS, LIVEKIT_RESTART_MIN_MS, LIVEKIT_SOUND_AFTER_MS } from '../server-limits.ts';

/**
 * @param previousPauseMs - pause before the run that just ended; 0 for the first run
 * @param ranMs - how long that run lasted
 * @returns pause before the next one, in milliseconds
 */
export function restartPauseMs(previousPauseMs: number, ranMs: number): number {
  if (previousPauseMs === 0 || ranMs >= LIVEKIT_SOUND_AFTER_MS) return LIVEKIT_RESTART_MIN_MS;
  return Math.min(previousPauseMs * 2, LIVEKIT_RESTART_MAX_MS);
}
