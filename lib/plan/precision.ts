import type { ComputePrecision } from '../core/precision.js';
import { PlanError } from '../errors.js';

/** What a plan says about the numbers that it computes with (docs/plan_format.md). */
export interface PlanPrecision {
  readonly precision: ComputePrecision;
  /** For int8: smallest and largest value by node name. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  /** Nodes and scopes that stay in float32. */
  readonly keepFloat32?: readonly string[];
  /** Runs note the range of every result. */
  readonly observe?: boolean;
}

/** @internal The lines that say so, canonical: sorted by name, nothing for float32. @throws PlanError for ranges that are none */
export function precisionLines(
  { precision, ranges = {}, keepFloat32 = [], observe = false }: PlanPrecision,
  quote: (text: string) => string,
): string[] {
  const lines = precision === 'float32' ? [] : [`precision ${precision}`];
  if (precision === 'int8') {
    for (const name of Object.keys(ranges).sort()) {
      const [smallest, largest] = ranges[name] as readonly [number, number];
      if (!Number.isFinite(smallest) || !Number.isFinite(largest) || smallest > largest)
        throw new PlanError(`The range of ${name} must go from a finite number to one that is not smaller.`);
      lines.push(`range ${quote(name)} ${numberText(smallest)} ${numberText(largest)}`);
    }
  }
  if (precision !== 'float32')
    lines.push(...[...new Set(keepFloat32)].sort().map((name) => `keep_float32 ${quote(name)}`));
  if (observe) lines.push('observe');
  return lines;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '0' : String(value);
}
