/** What a session computes with, why, and what that costs beside float32. */
import { describe } from '../../core/dtype.js';
import { type LowPrecision, lowPrecisions, type Precision } from '../../core/precision.js';
import { imageCount, instructionSet, type PrecisionChoice, percents } from './device.js';

/** What two sets of logits of the same images have in common. Shares are from 0 to 1; errors are relative to the range. */
export interface LogitComparison {
  readonly images: number;
  /** Share of the images that are given the same class by both. */
  readonly agreement: number;
  /** Cosine of the angle between the two rows of an image, over all images. */
  readonly meanCosine: number;
  readonly leastCosine: number;
  /** Largest minus smallest of all expected logits, in their own units; what errors are relative to. */
  readonly range: number;
  readonly maxError: number;
  readonly rmsError: number;
}

/** What a precision costs beside float32, measured with images that it was not calibrated with. */
export interface PrecisionCost extends LogitComparison {
  /** What it was measured on: oneDNN's name of the instructions, such as `avx2`. How integers are summed depends on them. */
  readonly instructions: string;
}

/** Costs by precision, those that were measured. */
export type PrecisionCosts = Readonly<Partial<Record<LowPrecision, PrecisionCost>>>;

/** What a session computes with, and what is known of its price. */
export interface PrecisionReport extends PrecisionChoice {
  /** What `precision` said. */
  readonly asked: Precision;
  /** What it costs beside float32, where that was measured for this model; float32 costs nothing. */
  readonly measured?: PrecisionCost;
  /** How to measure it, where it was not measured, or not on this kind of processor. */
  readonly hint?: string;
}

/** @internal @param costs what was measured for the model @param features of the device */
export function precisionReport(
  asked: Precision,
  choice: PrecisionChoice,
  costs: PrecisionCosts,
  features: readonly string[],
): PrecisionReport {
  const { chosen } = choice;
  const unmeasured = choice.declined?.find((precision) => costs[precision] === undefined);
  if (unmeasured !== undefined)
    return { asked, ...choice, hint: `${measuring(unmeasured)} measures it (docs/precision.md)` };
  if (chosen === 'float32') return { asked, ...choice };
  const measured = costs[chosen];
  if (measured === undefined) {
    const hint = `what it costs is not measured for this model: ${measuring(chosen)} measures it (docs/precision.md)`;
    return { asked, ...choice, hint };
  }
  const here = instructionSet(features);
  if (measured.instructions === here) return { asked, ...choice, measured };
  const hint = `measured with ${measured.instructions || 'plain code'}, not with ${here || 'plain code'}: ${measuring(chosen)} measures it here`;
  return { asked, ...choice, measured, hint };
}

function measuring(precision: LowPrecision): string {
  return `\`slimnet quantize${precision === 'int8' ? '' : ` --precision ${precision}`}\``;
}

/** One line for people, such as `bfloat16 (AMX); top-1 agreement with float32 99.80 % on 100 images`. */
export function describePrecision({ chosen, why, measured, hint }: PrecisionReport): string {
  const cost =
    measured === undefined
      ? []
      : [`top-1 agreement with float32 ${percents(measured.agreement)} on ${imageCount(measured.images)}`];
  return [`${chosen} (${why})`, ...cost, ...(hint === undefined ? [] : [hint])].join('; ');
}

const fields: Readonly<Record<keyof LogitComparison, readonly [least: number, most: number]>> = {
  images: [1, Number.MAX_SAFE_INTEGER],
  agreement: [0, 1],
  // Rounding may take the cosine of equal rows past 1.
  meanCosine: [-1.001, 1.001],
  leastCosine: [-1.001, 1.001],
  range: [0, Number.MAX_VALUE],
  maxError: [0, Number.MAX_VALUE],
  rmsError: [0, Number.MAX_VALUE],
};

/** @internal Costs out of a file. @throws what `wrong` makes of what is wrong with them */
export function checkCosts(costs: unknown, wrong: (what: string) => Error): PrecisionCosts {
  if (typeof costs !== 'object' || costs === null || Array.isArray(costs))
    throw wrong(`costs: expected an object, received ${describe(costs)}`);
  for (const [precision, cost] of Object.entries(costs)) {
    if (!(lowPrecisions as readonly string[]).includes(precision))
      throw wrong(`costs: expected ${lowPrecisions.join(' or ')}, received ${precision}`);
    if (typeof cost !== 'object' || cost === null)
      throw wrong(`costs: ${precision}: expected an object, received ${describe(cost)}`);
    const found = cost as Readonly<Record<string, unknown>>;
    for (const [field, [least, most]] of Object.entries(fields)) {
      const value = found[field];
      const fits = typeof value === 'number' && value >= least && value <= most;
      if (!fits || (field === 'images' && !Number.isInteger(value)))
        throw wrong(
          `costs: ${precision}: ${field}: expected a number from ${least} to ${most}, received ${describe(value)}`,
        );
    }
    if (typeof found.instructions !== 'string')
      throw wrong(`costs: ${precision}: instructions: expected their name, received ${describe(found.instructions)}`);
  }
  return costs as PrecisionCosts;
}
