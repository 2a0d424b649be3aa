import { join } from 'node:path';
import { root, runChild } from './support.js';

test('arrays, objects, errors and signals of another realm are taken as those of this one', () => {
  const { status, stdout, stderr } = runChild(process.execPath, [join(root, 'test/install/fixtures/realm.mjs')]);
  expect({ status, stderr, lines: stdout.trim().split('\n') }).toEqual({
    status: 0,
    stderr: '',
    lines: [
      'run 0,2',
      'decode 3',
      'decode 3',
      'decode 3',
      'classify 3',
      'while it runs AbortError enough',
      'before AbortError enough',
      'wrong ArgumentError Input x: expected Float32Array for float32[?,2], received Float64Array.',
    ],
  });
});
