/**
 * Waiting for a change: what a held frame does. Every wait has a deadline, and ends early at the next change of keys or
 * confirmations, whichever comes first; the caller looks again.
 */

import type { Clock } from './clock.ts';

export type Changes = {
  /** Lets everything that waits look again. */
  readonly announce: () => void;
  /** Resolves at the next `announce`, or when `clock.nowMs()` reaches `deadlineMs`. */
  readonly next: (deadlineMs: number) => Promise<void>;
};

export function createChanges(clock: Clock): Changes {
  let waiting: (() => void)[] = [];
  return {
    announce: () => {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    next: (deadlineMs) =>
      new Promise((resolve) => {
        const cancel = clock.after(Math.max(0, deadlineMs - clock.nowMs()), wake);
        function wake(): void {
          cancel();
          waiting = waiting.filter((other) => other !== wake);
          resolve();
        }
        waiting.push(wake);
      }),
  };
}
