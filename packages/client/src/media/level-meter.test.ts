import { expect, test } from 'vitest';
import { levelOf } from './level-meter.ts';

test('[S48] silence is 0, a full sine about 0.707', () => {
  expect(levelOf(new Float32Array(1024))).toBe(0);
  const sine = Float32Array.from({ length: 1024 }, (_, index) => Math.sin((index * Math.PI * 2) / 64));
  expect(levelOf(sine)).toBeCloseTo(Math.SQRT1_2, 3);
  expect(levelOf(new Float32Array(0))).toBe(0);
});
