/** What numbers programs compute with: the one list of them. */

/** From the most exact to the fastest. All other lists follow from this one. */
export const computePrecisions = ['float32', 'bfloat16', 'int8'] as const;

/** What numbers a program computes with. */
export type ComputePrecision = (typeof computePrecisions)[number];

/** What may be asked for: `auto` is what computes fastest on the device. */
export const precisions = [...computePrecisions, 'auto'] as const;

/** What numbers a session computes with. */
export type Precision = (typeof precisions)[number];

/** A precision that may cost accuracy. */
export type LowPrecision = Exclude<ComputePrecision, 'float32'>;

/** Those, the fastest first. */
export const lowPrecisions: readonly LowPrecision[] = computePrecisions
  .filter((precision): precision is LowPrecision => precision !== 'float32')
  .reverse();

/** What networks are trained in: not in integers. */
export type TrainingPrecision = Exclude<Precision, 'int8'>;

/** Those. */
export const trainingPrecisions: readonly TrainingPrecision[] = precisions.filter(
  (precision): precision is TrainingPrecision => precision !== 'int8',
);
