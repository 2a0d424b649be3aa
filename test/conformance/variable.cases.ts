import { variable } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, type OpCases } from './cases.js';

const read: Pick<Case, 'build' | 'tolerance' | 'backendTolerance'> = {
  build: (inputs) => inputs,
  tolerance: exact,
  backendTolerance: exact,
};

export const variableCases: OpCases = {
  op: variable,
  cases: [
    ...each([[], [0], [7], [3, 3, 17, 5]], (shape) => ({
      ...read,
      name: `[${shape}] is read as it was written`,
      inputs: [{ shape, k: 1, as: 'variable' as const }],
      expected: (x: readonly number[] = []) => [x],
      expectedVariables: (x: readonly number[] = []) => ({ 0: x }),
    })),
    ...each(['float64', 'int32', 'int64', 'uint8', 'bool', 'bfloat16'] as const, (dtype) => ({
      ...read,
      name: dtype,
      inputs: [{ shape: [3], dtype, values: [0, 1, 100], as: 'variable' as const }],
      expected: [[0, 1, 100]],
    })),
  ],
};
