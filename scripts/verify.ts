/**
 * `npm test`: every check and every test, in the order in which they are quick to fail, with what took how long.
 * The last line counts: checks as one each, tests as many as they are.
 *
 * `npm test -- --only unit,types` runs some; `--list` names them.
 */
import { parseArgs } from 'node:util';
import { bundle } from './checks/bundle.ts';
import { deadCode } from './checks/dead-code.ts';
import { dependencies } from './checks/dependencies.ts';
import { endToEnd } from './checks/end-to-end.ts';
import { livekit } from './checks/livekit.ts';
import { specIds } from './checks/spec-ids.ts';
import { checked, type Outcome, type Step } from './checks/step.ts';
import { style } from './checks/style.ts';
import { types } from './checks/types.ts';
import { unit } from './checks/unit.ts';

const STEPS: readonly Step[] = [
  style,
  types,
  deadCode,
  dependencies,
  specIds,
  livekit,
  unit,
  bundle,
  endToEnd,
];

const { values } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean', default: false } },
});
if (values.list) {
  for (const { name, title } of STEPS) console.log(`${name.padEnd(8)}${title}`);
  process.exit(0);
}

const wanted = values.only?.split(',');
const unknown = wanted?.filter((name) => !STEPS.some((step) => step.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`--only: there is no step ${unknown.join(', ')} (--list names them)`);
  process.exit(2);
}

const report: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const step of STEPS.filter(({ name }) => wanted?.includes(name) ?? true)) {
  console.log(`\n━━ ${step.title}`);
  const startedAtMs = performance.now();
  const outcome = await step.run().catch((error: unknown) => {
    console.error(error);
    return checked(`${step.title} broke`);
  });
  count(step, outcome, `${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
}
console.log(`\n━━ Report\n${report.join('\n')}\n`);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exitCode = total.failed > 0 ? 1 : 0;

function count(step: Step, outcome: Outcome, duration: string): void {
  const line = (mark: string, detail: string) =>
    report.push(`${mark} ${step.title.padEnd(54)}${duration.padStart(8)}${detail && `  ${detail}`}`);
  if (outcome.kind === 'skipped') {
    total.skipped += 1;
    line('–', `skipped: ${outcome.reason}`);
  } else if (outcome.kind === 'counted') {
    const { passed, failed, skipped } = outcome;
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    line(failed > 0 ? '✗' : '✓', `${passed} passed, ${failed} failed, ${skipped} skipped`);
  } else {
    const [first, ...more] = outcome.failures;
    if (first === undefined) total.passed += 1;
    else total.failed += 1;
    line(
      first === undefined ? '✓' : '✗',
      first === undefined ? '' : `${first}${more.length > 0 ? ` and ${more.length} more` : ''}`,
    );
  }
}
