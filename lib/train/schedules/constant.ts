import { checkRate, makeSchedule, type Schedule } from './schedule.js';

/** The same learning rate at each step. @throws ArgumentError */
export function constant(learningRate: number): Schedule<'constant'> & { readonly learningRate: number } {
  checkRate('schedules.constant', 'learningRate', learningRate);
  return makeSchedule({ kind: 'constant', learningRate }, (m) => m.number(learningRate));
}
