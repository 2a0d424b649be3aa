import { type ModelOutput, modelOutputs } from './network_graph.js';

/** Outputs that are computed by one run, as one text: `logits` or `logits,features`, in the order of `modelOutputs`. */
export type OutputSet = string;

/** What an image has of each output of a set. */
export type Rows = readonly Float32Array[];

export function setOf(outputs: readonly ModelOutput[]): OutputSet {
  return modelOutputs.filter((output) => outputs.includes(output)).join();
}

export function outputsOf(set: OutputSet): readonly ModelOutput[] {
  return set.split(',') as ModelOutput[];
}
