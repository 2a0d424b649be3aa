/** What became of a checkpoint's weights when they were loaded, for people. */
import type { CheckpointFormat, CheckpointReader, RestorePlan, StoredDType } from '../../checkpoint/index.js';
import { describeConversions } from '../../checkpoint/restore/report.js';
import type { DType } from '../../core/dtype.js';
import type { WeightLayout } from './libraries.js';
import type { NetworkWeights } from './network_weights.js';

/** Where a model's weights come from. */
export interface WeightsReport {
  /** What was opened: for a folder its newest checkpoint. */
  readonly path: string;
  readonly format: CheckpointFormat;
  /** Who named the tensors. */
  readonly layout: WeightLayout;
  /** What stands before all names, such as `module.`; '' where nothing does. */
  readonly prefix: string;
  /** Tensors of another element type than the variables', whose values were converted. */
  readonly converted: readonly { readonly from: StoredDType; readonly to: DType; readonly tensors: number }[];
  /** Variables that got their moving averages; null where averages were not asked for. */
  readonly averaged: number | null;
  /** The same in sentences; none where the weights were taken as they are. */
  readonly remarks: readonly string[];
}

export function reportWeights(
  { path, format, remarks }: Pick<CheckpointReader, 'path' | 'format' | 'remarks'>,
  { layout, prefix, classes }: NetworkWeights,
  plan: RestorePlan,
): WeightsReport {
  const { averaged, assignments } = plan;
  const counts = new Map<string, { from: StoredDType; to: DType; tensors: number }>();
  for (const { storedDType: from, variable } of plan.converted) {
    const key = `${from} ${variable.dtype}`;
    const count = counts.get(key) ?? { from, to: variable.dtype, tensors: 0 };
    counts.set(key, { ...count, tensors: count.tensors + 1 });
  }
  return {
    ...{ path, format, layout, prefix, converted: [...counts.values()] },
    averaged: averaged === null ? null : averaged.length,
    remarks: [
      ...remarks,
      ...describeConversions(plan),
      ...(averaged === null
        ? []
        : [`${averaged.length} of ${assignments.length} variables get their moving averages.`]),
      ...(prefix === '' ? [] : [`The names begin with ${prefix}`]),
      ...(classes === 0 ? ['The weights have no logits: there are features, but no classes.'] : []),
    ],
  };
}
