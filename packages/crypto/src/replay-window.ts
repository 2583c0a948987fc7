/**
 * The replay window of one key (D15): a counter is accepted once, and only if it is among or above the last 1024.
 * Peek, decrypt, then commit: what fails to authenticate never moves the window.
 *
 * @see SPEC.md K25
 */

import { REPLAY_WINDOW_FRAMES } from './limits.ts';

export type ReplayWindow = {
  /** Whether a frame with this counter is worth decrypting. Changes nothing. */
  readonly isFresh: (counter: number) => boolean;
  /**
   * Takes the counter of an authenticated frame. False if it was taken while this frame was being decrypted: the
   * frame is a replay and must be dropped.
   */
  readonly commit: (counter: number) => boolean;
};

/** An empty window; keep exactly one for each (group, epoch, KID), for as long as the key lives. */
export function createReplayWindow(): ReplayWindow {
  const taken = new Uint8Array(REPLAY_WINDOW_FRAMES);
  let highest = -1;

  const isFresh = (counter: number): boolean =>
    counter > highest ||
    (counter > highest - REPLAY_WINDOW_FRAMES && taken[counter % REPLAY_WINDOW_FRAMES] === 0);

  const commit = (counter: number): boolean => {
    if (!isFresh(counter)) return false;
    if (counter - highest >= REPLAY_WINDOW_FRAMES) taken.fill(0);
    else
      for (let skipped = highest + 1; skipped < counter; skipped++) taken[skipped % REPLAY_WINDOW_FRAMES] = 0;
    taken[counter % REPLAY_WINDOW_FRAMES] = 1;
    highest = Math.max(highest, counter);
    return true;
  };

  return { isFresh, commit };
}
