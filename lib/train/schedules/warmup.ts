import { describe } from '../../core/dtype.js';
import { ArgumentError } from '../../errors.js';
import { constant } from './constant.js';
import { checkPositive, isSchedule, makeSchedule, type Schedule, scheduleFormula } from './schedule.js';

/** Data of a warm-up. */
export interface Warmup extends Schedule<'warmup'> {
  readonly schedule: Schedule;
  readonly steps: number;
}

/**
 * A schedule that is entered slowly: the smaller of its value and of a line that rises from 0 to its first value in `steps` steps, as
 * TF-Slim's train_image_classifier has it (`warmup_epochs`).
 * @param schedule or a learning rate that stays the same
 * @throws ArgumentError
 */
export function warmup(schedule: Schedule | number, steps: number): Warmup {
  const where = 'schedules.warmup';
  const after = typeof schedule === 'number' ? constant(schedule) : schedule;
  if (!isSchedule(after))
    throw new ArgumentError(`${where}: schedule: expected a schedule or a number, received ${describe(schedule)}.`);
  checkPositive(where, 'steps', steps);
  const formula = scheduleFormula(after);
  const first = after.at(0);
  return makeSchedule({ kind: 'warmup', schedule: after, steps }, (m, step) =>
    m.min(formula(m, step), m.div(m.mul(m.number(first), step), m.number(steps))),
  );
}
