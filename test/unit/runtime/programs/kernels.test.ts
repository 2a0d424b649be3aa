import type { NativeStep } from '../../../../lib/native/addon.js';
import { isReferenceKernel, summarizeKernels } from '../../../../lib/runtime/programs/kernels.js';

const step = (node: string, implementation: string): NativeStep => ({
  op: 'conv2d',
  node,
  implementation,
  output: 'float32[1,8,8,8]',
  postOps: [],
  scratchBytes: 0,
  nanoseconds: 0,
});

test.each([
  ['ref:any', true],
  ['ref_int8:any', true],
  ['via float32 + ref:any', true],
  ['jit:uni + ref:any', true],
  ['brg_conv_fwd:avx512_core_amx', false],
  ['x64:gemm:jit', false],
  ['simple:any', false],
  ['loop', false],
  ['reference', false],
  ['prefer:any', false],
])('%s is oneDNN reference code: %s', (implementation, expected) => {
  expect(isReferenceKernel(implementation)).toBe(expected);
});

describe('a summary of kernels', () => {
  test('counts the steps of all programs by kernel, most frequent first', () => {
    const { kernels, defects } = summarizeKernels([
      [step('a', 'loop'), step('b', 'jit:avx2')],
      [step('a', 'jit:avx2'), step('b', 'jit:avx2'), step('c', 'brg')],
    ]);
    expect(Object.entries(kernels)).toEqual([
      ['jit:avx2', 3],
      ['brg', 1],
      ['loop', 1],
    ]);
    expect(defects).toEqual([]);
  });

  test('names each step with a reference kernel once, however many programs have it', () => {
    const { kernels, defects } = summarizeKernels([
      [step('a', 'ref:any'), step('b', 'loop')],
      [step('a', 'ref:any'), step('b', 'via float32 + ref:any')],
    ]);
    expect(kernels).toEqual({ 'ref:any': 2, loop: 1, 'via float32 + ref:any': 1 });
    expect(defects).toEqual([
      { node: 'a', op: 'conv2d', implementation: 'ref:any', output: 'float32[1,8,8,8]' },
      { node: 'b', op: 'conv2d', implementation: 'via float32 + ref:any', output: 'float32[1,8,8,8]' },
    ]);
  });

  test('of nothing is empty', () => {
    expect(summarizeKernels([])).toEqual({ kernels: {}, defects: [] });
  });
});
