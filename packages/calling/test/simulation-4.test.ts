/** A quarter of the random schedules. */
import { describeSchedules } from './random-schedule.ts';

describeSchedules(3, 4);
