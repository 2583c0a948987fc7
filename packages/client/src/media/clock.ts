/** The time that frames wait by: monotone milliseconds, and one timer. Tests move it by hand. */

export type Clock = {
  /** Milliseconds since some start; never goes back. */
  readonly nowMs: () => number;
  /** Calls once, after `delayMs`; the returned function calls it off. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** Unix milliseconds by the page's monotone clock, as all times in a `MediaInstruction` are. */
  readonly unixMs: () => number;
};

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  unixMs: () => performance.timeOrigin + performance.now(),
};
