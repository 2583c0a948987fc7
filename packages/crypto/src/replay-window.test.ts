import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REPLAY_WINDOW_FRAMES } from './limits.ts';
import { createReplayWindow } from './replay-window.ts';

/** Slow and clear: everything ever taken, and the rule as its sentence says it. */
function createOracle() {
  const taken = new Set<number>();
  let highest = -1;
  const isFresh = (counter: number) => !taken.has(counter) && counter > highest - REPLAY_WINDOW_FRAMES;
  const commit = (counter: number) => {
    if (!isFresh(counter)) return false;
    taken.add(counter);
    highest = Math.max(highest, counter);
    return true;
  };
  return { isFresh, commit };
}

describe('replay window', () => {
  test('[K25] agrees with a naive oracle over any order, jump and repetition', () => {
    const steps = fc.array(
      fc.record({
        jump: fc.oneof(
          fc.integer({ min: -1100, max: 3 }),
          fc.integer({ min: 0, max: 3 }),
          fc.nat(2100),
          fc.integer({ min: -1026, max: -1021 }),
        ),
        isAuthentic: fc.boolean(),
      }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(steps, fc.nat(5000), (sequence, start) => {
        const window = createReplayWindow();
        const oracle = createOracle();
        let position = start;
        for (const { jump, isAuthentic } of sequence) {
          const counter = Math.max(0, position + jump);
          expect(window.isFresh(counter)).toBe(oracle.isFresh(counter));
          if (!isAuthentic) continue;
          expect(window.commit(counter)).toBe(oracle.commit(counter));
          position = Math.max(position, counter);
        }
      }),
    );
  });

  test('[K25] a frame is taken once, and 1024 back is too old', () => {
    const window = createReplayWindow();
    expect(window.commit(0)).toBe(true);
    expect(window.commit(0)).toBe(false);
    expect(window.commit(1024)).toBe(true);
    expect(window.isFresh(0)).toBe(false);
    expect(window.isFresh(1)).toBe(true);
    expect(window.commit(1025)).toBe(true);
    expect(window.isFresh(1)).toBe(false);
  });

  test('[K25] after a jump of any length everything skipped is fresh, and nothing is remembered of the lap before', () => {
    for (const jump of [1, 2, 500, 1023, 1024, 1025, 2047, 2048, 5000]) {
      const window = createReplayWindow();
      const oracle = createOracle();
      for (let counter = 0; counter < 1500; counter++) {
        window.commit(counter);
        oracle.commit(counter);
      }
      const target = 1499 + jump;
      expect(window.commit(target)).toBe(oracle.commit(target));
      for (let counter = 0; counter <= target + 3; counter++) {
        expect(window.isFresh(counter), `${counter} after ${jump}`).toBe(oracle.isFresh(counter));
      }
    }
  });

  test('[K25] peeking at a far counter, as for a forged frame, moves nothing', () => {
    const window = createReplayWindow();
    window.commit(5);
    for (let peek = 0; peek < 10; peek++) expect(window.isFresh(2 ** 32 - 1)).toBe(true);
    expect(window.isFresh(4)).toBe(true);
    expect(window.isFresh(5)).toBe(false);
  });

  test('[K25] of two copies decrypted at the same time one is kept', () => {
    const window = createReplayWindow();
    expect([window.isFresh(3), window.isFresh(3)]).toEqual([true, true]);
    expect([window.commit(3), window.commit(3)]).toEqual([true, false]);
  });
});
