import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LOOK_AGAIN_MS, LOOKS_MAX } from './limits.ts';
import { Lookout } from './lookout.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function lookout(answers: (look: number) => boolean | Promise<boolean>) {
  const seen = { looks: 0, found: 0, isVisible: true };
  const one = new Lookout({
    look: async () => {
      seen.looks += 1;
      return answers(seen.looks);
    },
    isPageVisible: () => seen.isVisible,
    onFound: () => {
      seen.found += 1;
    },
  });
  return { one, seen };
}

describe('waiting for a call to start', () => {
  test('[P74] it looks every few seconds, and says once that the call is there', async () => {
    const { one, seen } = lookout((look) => look === 3);
    await vi.advanceTimersByTimeAsync(2 * LOOK_AGAIN_MS);
    expect(seen).toMatchObject({ looks: 2, found: 0 });
    expect(one.isLooking.value).toBe(true);
    await vi.advanceTimersByTimeAsync(10 * LOOK_AGAIN_MS);
    expect(seen).toMatchObject({ looks: 3, found: 1 });
  });

  test('[P74] a page that nobody looks at does not look, and goes on when it is seen again', async () => {
    const { seen } = lookout(() => false);
    seen.isVisible = false;
    await vi.advanceTimersByTimeAsync(2 * LOOKS_MAX * LOOK_AGAIN_MS);
    expect(seen.looks).toBe(0);
    seen.isVisible = true;
    await vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
    expect(seen.looks).toBe(1);
  });

  test('[P74] after a while it stops by itself; a look that fails does not stop it', async () => {
    const { one, seen } = lookout(() => Promise.reject(new Error('offline')));
    await vi.advanceTimersByTimeAsync((LOOKS_MAX + 5) * LOOK_AGAIN_MS);
    expect(seen).toMatchObject({ looks: LOOKS_MAX, found: 0 });
    expect(one.isLooking.value).toBe(false);
  });

  test('[P74] stopped in the middle of a look, it says nothing any more', async () => {
    const late = Promise.withResolvers<boolean>();
    const { one, seen } = lookout(() => late.promise);
    await vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
    one.stop();
    late.resolve(true);
    await vi.advanceTimersByTimeAsync(2 * LOOK_AGAIN_MS);
    expect(seen).toMatchObject({ looks: 1, found: 0 });
  });
});
