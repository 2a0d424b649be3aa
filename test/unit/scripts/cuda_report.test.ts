import { basename } from 'node:path';
import { bodiesOf, compileUnit, cudaUnits, findNvcc, kernelsOf } from '../../../scripts/lib/cuda_report.mjs';
import { thorough } from '../../helpers/thorough.js';

test('reads registers, spills and shared memory of each kernel', () => {
  const report = `
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z1av' for 'sm_90'
ptxas info    : Function properties for _Z1av
    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 8 bytes cumulative stack size, 2048 bytes smem
ptxas info    : Function properties for __internal_helper
    40 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Compiling entry function '_Z1bv' for 'sm_90'
ptxas info    : Function properties for _Z1bv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 30 registers, used 0 barriers
`;
  expect(kernelsOf(report)).toEqual({
    _Z1av: { registers: 40, spilledBytes: 16, sharedBytes: 2048 },
    _Z1bv: { registers: 30, spilledBytes: 0, sharedBytes: 0 },
  });
});

test('reads the body of each kernel', () => {
  const ptx =
    '.visible .entry _Z1av(\n\t.param .u64 a\n)\n.maxntid 256\n{\n\tret;\n}\n.visible .entry _Z1bv()\n{\n\tnop;\n}\n';
  expect(bodiesOf(ptx)).toEqual({ _Z1av: '\n\tret;', _Z1bv: '\n\tnop;' });
});

test('no kernel for NVIDIA GPUs spills registers, and those of the main road read 16 bytes at once', () => {
  const nvcc = findNvcc();
  const why =
    nvcc === null
      ? 'nvcc is not on PATH, in $CUDA_HOME/bin or in /usr/local/cuda/bin'
      : 'it takes half a minute of processor time';
  if (nvcc === null || !thorough) {
    console.log(`The kernels for NVIDIA GPUs were not compiled once more and looked at: ${why}.`);
    return;
  }
  const kernels = Object.assign({}, ...cudaUnits().map((unit) => compileUnit(nvcc, unit, 90)));
  const names = Object.keys(kernels);
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => kernels[name].spilledBytes > 0)).toEqual([]);
  // 256 threads of a block, and two blocks of a multiprocessor at least.
  expect(names.filter((name) => kernels[name].registers > 128)).toEqual([]);
  for (const body of [
    'UnaryRelu',
    'BinaryAdd',
    'NormalizeBody',
    'BackwardBody',
    'MomentumRule',
    'AdamRule',
    'MoveBody',
  ]) {
    const some = names.filter((name) => name.includes(body) && /\.global(\.nc)?\.v4\./.test(kernels[name].ptx));
    expect([body, some.length > 0]).toEqual([body, true]);
  }
  expect(cudaUnits().map((unit) => basename(unit)).length).toBeLessThanOrEqual(8);
}, 600_000);
