import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCounting } from './counting.ts';
import { ANSWER_TIMEOUT_MS } from './media-limits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NOTHING = { senders: [], receivers: [] };

function counting() {
  const asked: number[] = [];
  let failures = 0;
  const created = createCounting(
    (request) => asked.push(request),
    () => failures++,
  );
  return { ...created, asked, failures: () => failures };
}

test('[S122] a worker that answers neither the question nor the one after it has failed, once', () => {
  const { ask, asked, failures } = counting();
  void ask();
  vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
  expect([asked, failures()]).toEqual([[1, 2], 0]);
  vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
  void ask();
  vi.advanceTimersByTime(10 * ANSWER_TIMEOUT_MS);
  expect(failures()).toBe(1);
});

test('[S122] an answer that was late, as after sleep, is an answer', async () => {
  const { ask, answer, failures } = counting();
  const counts = ask();
  vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
  answer(1, NOTHING);
  expect(await counts).toBe(NOTHING);
  vi.advanceTimersByTime(10 * ANSWER_TIMEOUT_MS);
  expect(failures()).toBe(0);
});

test('[S122] nothing is waited for after the end', () => {
  const { ask, stop, failures } = counting();
  void ask();
  stop();
  vi.advanceTimersByTime(10 * ANSWER_TIMEOUT_MS);
  expect(failures()).toBe(0);
});
