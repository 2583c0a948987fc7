/** Unit and property tests, counted from vitest's own report. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, ROOT, runScript, type Step } from './step.ts';

const REPORT = join(ROOT, '.cache', 'verify', 'unit.json');

export const unit: Step = {
  name: 'unit',
  title: 'Unit and property tests (vitest)',
  run: async () => {
    mkdirSync(join(REPORT, '..'), { recursive: true });
    rmSync(REPORT, { force: true });
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
    const code = await runScript('node_modules/vitest/vitest.mjs', [
      'run',
      '--passWithNoTests',
      ...reporters,
    ]);
    return countTests(readReport(), code);
  },
};

function readReport(): unknown {
  try {
    return JSON.parse(readFileSync(REPORT, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Counts of a vitest JSON report; a run that failed without a failed test (a file that does not load) counts one. */
export function countTests(report: unknown, exitCode: number): Outcome {
  const passed = count(report, 'numPassedTests');
  const failed = count(report, 'numFailedTests');
  const skipped = count(report, 'numPendingTests') + count(report, 'numTodoTests');
  return { kind: 'counted', passed, failed: exitCode === 0 ? failed : Math.max(failed, 1), skipped };
}

function count(report: unknown, key: string): number {
  if (typeof report !== 'object' || report === null) return 0;
  const value: unknown = Reflect.get(report, key);
  return typeof value === 'number' ? value : 0;
}
