/**
 * Whether a picture that was moving has stopped: no new frame for a while, of which a page can know long before a
 * connection is given up. A page that nobody looks at gets no frames, and counts none. SPEC P75.
 */
import { PICTURE_STALLED_MS } from './limits.ts';

export class StalledPicture {
  #frames = 0;
  #movedAtMs = 0;

  /**
   * @param frames how many were shown so far
   * @returns true when a picture stands still that has moved before
   */
  note(frames: number, isLookedAt: boolean, nowMs: number): boolean {
    if (frames !== this.#frames || !isLookedAt) this.#movedAtMs = nowMs;
    this.#frames = frames;
    return frames > 0 && nowMs - this.#movedAtMs >= PICTURE_STALLED_MS;
  }
}
