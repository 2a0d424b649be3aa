import { confusionMatrix } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type InputSpec, type OpCases } from './cases.js';

const labels: InputSpec = { shape: [4], dtype: 'int32', values: [0, 2, 2, 1] };
const predictions: InputSpec = { shape: [4], dtype: 'uint8', values: [0, 1, 1, 1] };
const weights: InputSpec = { shape: [4], values: [1, 2, 3, -0.5] };
const attrs = { num_classes: 3 };

function wrong(name: string, inputs: readonly InputSpec[], fails: string): Case {
  return { name, inputs, attrs, fails };
}

export const confusionMatrixCases: OpCases = {
  op: confusionMatrix,
  cases: [
    ...fromTensorFlow('confusion_matrix', ({ numClasses }) => ({ num_classes: numClasses as number })),
    {
      name: 'label by row, prediction by column',
      inputs: [labels, predictions, weights],
      attrs,
      expected: [[1, 0, 0, 0, -0.5, 0, 0, 5, 0]],
      tolerance: exact,
      backendTolerance: exact,
    },
    ...each(
      [
        [2, 2],
        [4, 1],
      ] as const,
      (shape) => ({
        name: `[${shape}] in float64`,
        inputs: [
          { ...labels, shape },
          { ...predictions, shape },
          { ...weights, shape, dtype: 'float64' as const },
        ],
        attrs,
        expected: [[1, 0, 0, 0, -0.5, 0, 0, 5, 0]],
      }),
    ),
    wrong('a label too many', [{ ...labels, values: [0, 3, 2, 1] }, predictions, weights], 'labels: element 1'),
    wrong('a negative label', [{ ...labels, values: [0, 1, 2, -1] }, predictions, weights], 'received -1'),
    wrong('a prediction too many', [labels, { ...predictions, values: [255, 0, 0, 0] }, weights], 'received 255'),
  ],
};
