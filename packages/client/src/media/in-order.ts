/**
 * Frames one after another: each is worked on when those before it are done. What waits is bounded; above the bound a
 * newcomer is turned away (attacks M8).
 *
 * @see SPEC.md S10
 */

import { HELD_FRAMES_MAX } from './media-limits.ts';

export type InOrder<T> = {
  readonly push: (item: T, arrivedMs: number) => void;
};

export function createInOrder<T>(ports: {
  readonly work: (item: T, arrivedMs: number) => Promise<void>;
  readonly onFull: () => void;
}): InOrder<T> {
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  const workOn = async (before: Promise<void>, item: T, arrivedMs: number): Promise<void> => {
    await before;
    try {
      await ports.work(item, arrivedMs);
    } catch {
      // One frame that cannot be shown does not stop those behind it.
    } finally {
      waiting--;
    }
  };

  return {
    push: (item, arrivedMs) => {
      if (waiting >= HELD_FRAMES_MAX) {
        ports.onFull();
        return;
      }
      waiting++;
      last = workOn(last, item, arrivedMs);
    },
  };
}
