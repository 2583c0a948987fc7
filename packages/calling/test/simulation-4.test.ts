/** A quarter of the random schedules. */
import { describe } from 'vitest';
import { describeSchedules } from './random-schedule.ts';

describe('[C98] [C99] random schedules, part 4 of 4', () => describeSchedules(3, 4));
