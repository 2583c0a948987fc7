import { expect, test } from 'vitest';
import { LIVEKIT_RESTART_MAX_MS, LIVEKIT_RESTART_MIN_MS, LIVEKIT_SOUND_AFTER_MS } from '../server-limits.ts';
import { restartPauseMs } from './backoff.ts';

test('[V14] pauses double up to the longest, and start anew after a sound run', () => {
  const pauses: number[] = [];
  for (let round = 0; round < 10; round++) pauses.push(restartPauseMs(pauses.at(-1) ?? 0, 100));
  expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8].map((factor) => factor * LIVEKIT_RESTART_MIN_MS));
  expect(pauses.at(-1)).toBe(LIVEKIT_RESTART_MAX_MS);
  expect(restartPauseMs(LIVEKIT_RESTART_MAX_MS, LIVEKIT_SOUND_AFTER_MS)).toBe(LIVEKIT_RESTART_MIN_MS);
});
