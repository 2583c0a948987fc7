import { expect, test } from 'vitest';
import { countLine } from './end-to-end.ts';
import { countTests } from './unit.ts';

test('vitest’s report is counted; a run that failed without a failed test counts one', () => {
  const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };
  expect(countTests(report, 1)).toEqual({ kind: 'counted', passed: 5, failed: 1, skipped: 3 });
  expect(countTests({ ...report, numFailedTests: 0 }, 1)).toMatchObject({ failed: 1 });
  expect(countTests(undefined, 1)).toEqual({ kind: 'counted', passed: 0, failed: 1, skipped: 0 });
});

test('the last line of the end-to-end run is counted; without one the run has failed', () => {
  expect(countLine('12 passed, 0 failed', 0)).toEqual({ kind: 'counted', passed: 12, failed: 0, skipped: 0 });
  expect(countLine('12 passed, 1 failed, 2 skipped', 1)).toMatchObject({ passed: 12, failed: 1, skipped: 2 });
  expect(countLine('12 passed, 0 failed', 1)).toMatchObject({ failed: 1 });
  expect(countLine('Error: no browser', 1)).toMatchObject({
    kind: 'checked',
    failures: [expect.any(String)],
  });
});
