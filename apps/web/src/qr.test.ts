import { formatLinkPath } from '@conclave/crypto/link';
import { expect, test } from 'vitest';
import { LINK } from '../test/sketches.ts';
import { drawQr } from './qr.ts';

/** The dark modules of a path of unit-high runs. */
function darkModules(path: string): Set<string> {
  const dark = new Set<string>();
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let step = 0; step < Number(length); step += 1) dark.add(`${Number(x) + step} ${y}`);
  }
  return dark;
}

test('[P62] the drawing has a quiet zone of four modules and a finder in three corners', () => {
  const { path, sizeModules } = drawQr(`https://a.example${formatLinkPath(LINK)}`);
  const dark = darkModules(path);
  const isDark = (x: number, y: number) => dark.has(`${x} ${y}`);
  const far = sizeModules - 4 - 7;
  for (const [left, top] of [
    [4, 4],
    [far, 4],
    [4, far],
  ] as const) {
    for (let at = 0; at < 7; at += 1) {
      expect([isDark(left + at, top), isDark(left + at, top + 6), isDark(left, top + at)]).toEqual([
        true,
        true,
        true,
      ]);
    }
    expect(isDark(left + 1, top + 1)).toBe(false);
    expect(isDark(left + 3, top + 3)).toBe(true);
  }
  for (const place of dark) {
    for (const edge of place.split(' ').map(Number)) {
      expect(edge).toBeGreaterThanOrEqual(4);
      expect(edge).toBeLessThan(sizeModules - 4);
    }
  }
});

test('[P62] another link is another drawing', () => {
  expect(drawQr('https://a.example/r/a#b').path).not.toBe(drawQr('https://a.example/r/a#c').path);
});
