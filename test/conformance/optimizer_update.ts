/** Cases that all updates by a gradient share. */
import type { Op } from '../../lib/core/op.js';
import { type Attrs, type Case, f32, type InputSpec, type OpCases } from './cases.js';

/** The rule of an optimizer for one element, in float64: its new numbers, the variable's first. */
export type Rule = (
  state: readonly number[],
  scalars: readonly number[],
  gradient: number,
  attrs: Attrs,
) => readonly number[];

/** What the slots of a case begin with: `offset` above `scale` keeps them positive. */
export interface SlotSpec {
  readonly scale?: number;
  readonly offset?: number;
}

/** One update in several shapes and dtypes. Hyperparameters are rounded as a variable of the case's dtype would hold them. */
export function updateCases(
  op: Op,
  slots: readonly SlotSpec[],
  scalars: readonly number[],
  variants: readonly Attrs[],
  rule: Rule,
  whole: (state: readonly (readonly number[])[], gradient: readonly number[], attrs: Attrs) => Rule = () => rule,
): OpCases {
  const make = (shape: readonly number[], attrs: Attrs, dtype: 'float32' | 'float64'): Case => {
    const round = dtype === 'float32' ? f32 : (v: number) => v;
    const rounded = Object.fromEntries(
      Object.entries(attrs).map(([name, value]) => [name, typeof value === 'number' ? round(value) : value]),
    );
    const state: InputSpec[] = [{ scale: 2 }, ...slots].map((spec, i) => ({
      ...spec,
      shape,
      dtype,
      k: 40 + i,
      as: 'variable',
    }));
    const numbers: InputSpec[] = scalars.map((value) => ({ shape: [], dtype, values: [value] }));
    const results = (...given: readonly (readonly number[])[]): number[][] => {
      const old = given.slice(0, state.length);
      const gradient = given.at(-1) as readonly number[];
      const values = given.slice(state.length, -1).map((scalar) => scalar[0] as number);
      const each = whole(old, gradient, rounded);
      const rows = gradient.map((g, i) =>
        each(
          old.map((numbers) => numbers[i] as number),
          values,
          g,
          rounded,
        ),
      );
      return state.map((_, port) => rows.map((row) => row[port] as number));
    };
    return {
      name: `[${shape}] ${dtype} ${JSON.stringify(attrs)}`,
      inputs: [...state, ...numbers, { shape, dtype, k: 60, scale: 0.5 }],
      attrs,
      expected: results,
      expectedVariables: (...given) => Object.fromEntries(results(...given).entries()),
      tolerance: { relative: dtype === 'float32' ? 1e-6 : 1e-13 },
      backendTolerance: { relative: 1e-6 },
    };
  };
  return {
    op,
    cases: [
      ...variants.flatMap((attrs) => [make([7], attrs, 'float32'), make([7], attrs, 'float64')]),
      make([], variants[0] as Attrs, 'float32'),
      make([3, 3, 4, 5], variants[0] as Attrs, 'float32'),
      make([40_001], variants[0] as Attrs, 'float32'),
      make([0, 4], variants[0] as Attrs, 'float32'),
    ],
  };
}
