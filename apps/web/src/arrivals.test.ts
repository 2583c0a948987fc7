import { describe, expect, test } from 'vitest';
import { callView, ME, person } from '../test/sketches.ts';
import { arrivalWords, noteArrivals } from './arrivals.ts';

const BEN = person('ben');
const CHO = person('cho');
const NONE = new Map();

describe('since when', () => {
  test('[P63] who was there before is told from who came later', () => {
    const first = noteArrivals(NONE, callView([ME, BEN]), 1_000);
    const later = noteArrivals(first, callView([ME, BEN, CHO]), 61_000);
    expect(Object.fromEntries(later)).toEqual({
      me: { atUnixMs: 1_000, isBefore: false },
      ben: { atUnixMs: 1_000, isBefore: true },
      cho: { atUnixMs: 61_000, isBefore: false },
    });
    expect(arrivalWords(later.get('ben'))).toMatch(/^here before you came at /);
    expect(arrivalWords(later.get('cho'))).toMatch(/^here since /);
  });

  test('[P63] who comes back after having gone starts anew; before the call nothing is noted', () => {
    const first = noteArrivals(NONE, callView([ME, BEN]), 1_000);
    const gone = noteArrivals(first, callView([ME]), 2_000);
    expect(noteArrivals(gone, callView([ME, BEN]), 3_000).get('ben')).toEqual({
      atUnixMs: 3_000,
      isBefore: false,
    });
    expect(noteArrivals(NONE, callView([ME, BEN], { phase: 'asking' }), 1_000).size).toBe(0);
  });
});
