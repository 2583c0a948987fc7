import { describe, expect, test } from 'vitest';
import { PICTURE_STALLED_MS } from './limits.ts';
import { StalledPicture } from './stalled-picture.ts';

describe('a picture that stops', () => {
  test('[P75] is told after two seconds without a frame, and taken back with the next one', () => {
    const picture = new StalledPicture();
    expect(picture.note(7, true, 1_000)).toBe(false);
    expect(picture.note(7, true, 1_000 + PICTURE_STALLED_MS - 1)).toBe(false);
    expect(picture.note(7, true, 1_000 + PICTURE_STALLED_MS)).toBe(true);
    expect(picture.note(8, true, 1_100 + PICTURE_STALLED_MS)).toBe(false);
  });

  test('[P75] a picture that has not begun, and a page that nobody looks at, have not stopped', () => {
    const waiting = new StalledPicture();
    waiting.note(0, true, 0);
    expect(waiting.note(0, true, 60_000)).toBe(false);
    const hidden = new StalledPicture();
    hidden.note(7, true, 0);
    expect(hidden.note(7, false, 60_000)).toBe(false);
    expect(hidden.note(7, true, 60_500)).toBe(false);
  });
});
