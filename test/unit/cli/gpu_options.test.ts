import { gpuOptions } from '../../../lib/cli/gpu_options.js';

test('--gpu says what a session is asked for', () => {
  expect(gpuOptions('tf32')).toEqual({ allowTf32: true });
  expect(gpuOptions('deterministic, autotune=3,workspace=64,memory=8192,no-graphs')).toEqual({
    deterministic: true,
    autotune: { seconds: 3 },
    workspaceLimit: 64 * 2 ** 20,
    memoryLimit: 8 * 2 ** 30,
    graphs: false,
  });
  expect(gpuOptions('nondeterministic,autotune')).toEqual({ deterministic: false, autotune: true });
});

test.each([
  ['fast', 'There is no fast; there are tf32, deterministic'],
  ['', 'There is no ;'],
  ['tf32,constructor', 'There is no constructor'],
  ['tf32=1', 'tf32: It has no value.'],
  ['memory', 'memory: '],
  ['memory=-1', 'memory: '],
  ['autotune=0', 'autotune: '],
])('--gpu %s is refused', (text, message) => {
  expect(() => gpuOptions(text)).toThrow(message);
});
