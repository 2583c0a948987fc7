import { expect, test } from 'vitest';
import { rehearse } from './rehearsal.ts';
import { createSuite, type SuiteNumber } from './suite.ts';

test.each<SuiteNumber>([1, 2])('[K65] suite %i: a rehearsal goes all the way in', async (number) => {
  expect(await rehearse(await createSuite(number))).toBe(true);
});
