import { expect, test } from 'vitest';
import { shownLogLine } from './livekit-log.ts';

test('[V12] of a log line only level and message are shown', () => {
  const line =
    '{"level":"warn","ts":1,"caller":"x.go:1","msg":"could not send","participant":"canary","error":"192.0.2.9"}';
  expect(shownLogLine(line)).toBe('LiveKit warn: could not send');
});

test.each([
  '',
  'panic: canary',
  '{"level":"warn"',
  'null',
  '[1]',
  '{"level":1,"msg":"canary"}',
  `{"level":"warn","msg":"${'x'.repeat(20_000)}"}`,
])('[V12] what is no log line is not shown: %.30s', (line) => {
  expect(shownLogLine(line)).toBeUndefined();
});

test('[V12] that somebody who waits sends nothing yet is no trouble, and not shown', () => {
  expect(shownLogLine('{"level":"error","msg":"supervisor error on publication"}')).toBeUndefined();
});
