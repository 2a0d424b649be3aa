/** What a request wants of a model's results. */
import type { Model, ModelOutput, OutputRows } from '../../model/index.js';
import { topIndices } from '../../model/predictions.js';
import { classified, type InferRequest, type NamedTensor, RequestError } from '../protocol/index.js';

/** An output that is wanted: as it is, or its `classes` largest values as text. */
export interface Wanted {
  readonly output: ModelOutput;
  readonly classes: number | null;
}

/** @throws RequestError for outputs that there are not */
export function wantedOutputs({ outputs: known, numClasses }: Model, { outputs }: InferRequest): Wanted[] {
  if (outputs === undefined) return known.map((output) => ({ output, classes: null }));
  return outputs.map(({ name, parameters }) => {
    const output = known.find((each) => each === name);
    if (output === undefined)
      throw new RequestError('bad_tensor', `There is no output ${name}; there are ${known.join(', ')}.`);
    const { classification } = parameters;
    if (classification === undefined) return { output, classes: null };
    if (!Number.isSafeInteger(classification) || (classification as number) < 1)
      throw new RequestError('malformed', `${name}: classification: expected a number of classes.`);
    if (output === 'features') throw new RequestError('malformed', 'features have no classes.');
    return { output, classes: Math.min(classification as number, numClasses) };
  });
}

/** The output tensors, of the rows of all images. */
export function outputTensors(
  wanted: readonly Wanted[],
  images: readonly OutputRows[],
  labels: readonly string[] | null,
): NamedTensor[] {
  return wanted.map(({ output, classes }) => {
    const rows = images.map((image) => image[output] as Float32Array);
    if (classes !== null) return classified(output, rows, classes, labels, topIndices);
    const width = rows[0]?.length ?? 0;
    const data = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      data.set(row, i * width);
    });
    return { name: output, datatype: 'FP32', shape: [rows.length, width], data };
  });
}
