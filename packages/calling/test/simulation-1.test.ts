/** A quarter of the random schedules. */
import { describe } from 'vitest';
import { describeSchedules } from './random-schedule.ts';

describe('[C98] [C99] random schedules, part 1 of 4', () => describeSchedules(0, 4));
