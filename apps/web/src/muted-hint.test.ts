import { describe, expect, test } from 'vitest';
import { MutedHint } from './muted-hint.ts';

/** Readings every 50 ms, as the meter gives them; the times at which the hint appeared. */
function appearances(levels: readonly number[], isMuted = true): readonly number[] {
  const hint = new MutedHint();
  return levels.flatMap((level, index) => (hint.hear(level, isMuted, index * 50) ? [index * 50] : []));
}

const speech = (readings: number) => Array.from({ length: readings }, () => 0.1);
const silence = (readings: number) => Array.from({ length: readings }, () => 0.001);

describe('speaking while muted', () => {
  test('[P64] is told within a second, once for one speech', () => {
    const [first, ...rest] = appearances(speech(60));
    expect(first).toBeLessThanOrEqual(1_000);
    expect(rest).toEqual([]);
  });

  test('[P64] a cough is not speech, and short pauses do not end one', () => {
    expect(appearances([...speech(5), ...silence(20), ...speech(5)])).toEqual([]);
    expect(appearances([...speech(7), ...silence(4), ...speech(7)])).toHaveLength(1);
  });

  test('[P64] nothing is said of who is not muted', () => {
    expect(appearances(speech(60), false)).toEqual([]);
  });

  test('[P64] it goes three seconds after the last word', () => {
    const hint = new MutedHint();
    [...speech(20), ...silence(55)].forEach((level, index) => {
      hint.hear(level, true, index * 50);
    });
    expect(hint.isShown.value).toBe(true);
    silence(10).forEach((level, index) => {
      hint.hear(level, true, (75 + index) * 50);
    });
    expect(hint.isShown.value).toBe(false);
  });
});
