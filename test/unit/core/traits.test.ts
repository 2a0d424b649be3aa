import type { DType } from '../../../lib/core/dtype.js';
import { checkDTypes, type DTypes, type Traits } from '../../../lib/core/traits.js';
import { ShapeError } from '../../../lib/errors.js';
import { ordinary } from '../../../lib/ops/traits.js';

function problem(dtypes: Traits['dtypes'], inputs: Readonly<Record<string, DType>>): string | undefined {
  const types = Object.values(inputs).map((dtype) => ({ dtype, shape: [] }));
  try {
    checkDTypes(Object.keys(inputs), { ...ordinary, batchwise: 'never', dtypes }, types);
  } catch (error) {
    expect(error).toBeInstanceOf(ShapeError);
    return (error as Error).message;
  }
}

const accepted: Readonly<Record<DTypes, readonly DType[]>> = {
  any: ['float32', 'float16', 'int8', 'uint64', 'bool'],
  number: ['float32', 'float16', 'int8', 'uint64'],
  float: ['float32', 'float64', 'float16', 'bfloat16'],
  integer: ['int8', 'int64', 'uint8', 'uint64'],
  bool: ['bool'],
};

test.each(Object.entries(accepted) as [DTypes, readonly DType[]][])(
  '%s accepts its dtypes and no others',
  (dtypes, good) => {
    for (const dtype of accepted.any) {
      const expected = good.includes(dtype) ? undefined : expect.stringMatching(/^x: expected .*, received /);
      expect(problem(dtypes, { x: dtype })).toEqual(expected);
    }
  },
);

test('a refusal says what was expected and received', () => {
  expect(problem('float', { x: 'int32' })).toBe('x: expected a floating-point dtype, received int32.');
  expect(problem({ x: 'any', index: 'integer' }, { x: 'bool', index: 'float32' })).toBe(
    'index: expected an integer dtype, received float32.',
  );
});

test('inputs that are computed with have one dtype among them; indices and conditions have their own', () => {
  expect(problem('number', { x: 'float32', y: 'float64' })).toBe(
    'Expected one dtype for x and y, received float32 and float64.',
  );
  expect(problem({ labels: 'integer', x: 'float', y: 'float' }, { labels: 'int8', x: 'float64', y: 'float64' })).toBe(
    undefined,
  );
  expect(problem('integer', { labels: 'int8', predictions: 'int64' })).toBe(undefined);
  expect(problem({ where: 'bool', x: 'any', y: 'any' }, { where: 'bool', x: 'int8', y: 'uint8' })).toBe(
    'Expected one dtype for x and y, received int8 and uint8.',
  );
});
