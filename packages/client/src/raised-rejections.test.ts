import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { raiseRejections } from './raised-rejections.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('[S121] what nobody handles is thrown in a task of its own, without what was rejected', () => {
  const scope = new EventTarget();
  raiseRejections(scope);
  vi.runAllTimers();
  scope.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason: new Error('a secret') }));
  expect(() => vi.runAllTimers()).toThrow('a worker has failed');
});
