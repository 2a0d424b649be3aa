import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Traits, traitValues } from '../../../lib/core/traits.js';
import { allOps } from '../../../lib/ops/all.js';
import { backendHeader, opHeader } from '../../../scripts/lib/op_header.mjs';
import { root } from '../../../scripts/lib/paths.mjs';

const [first] = allOps;
const saying = (traits: unknown) => opHeader([{ ...first, name: 'hard_swish', traits }], traitValues);
const complete = first?.traits as Traits;

test('the committed header is what the ops say', () => {
  expect(opHeader(allOps, traitValues)).toBe(readFileSync(join(root, 'native', 'gen', 'ops.gen.h'), 'utf8'));
});

test.each(Object.keys(complete))('an op that leaves out the trait %s is refused by name', (trait) => {
  expect(() => saying({ ...complete, [trait]: undefined })).toThrow(
    new RegExp(`^hard_swish \\(lib/ops/hard_swish.ts\\): trait ${trait}: expected (one of|true or false|a list of)`),
  );
});

test('an op that says nothing, or something unknown, is refused', () => {
  expect(() => saying(undefined)).toThrow(/^hard_swish .*: trait dtypes: expected one of any, number/);
  expect(() => saying({ ...complete, batchwise: 'sometimes' })).toThrow(/trait batchwise: .*received "sometimes"/);
  expect(() => saying({ ...complete, dtypes: { y: 'float' } })).toThrow(/trait dtypes: .*received {"y":"float"}/);
  expect(() => saying({ ...complete, float32: ['z'] })).toThrow(
    /trait float32: expected a list of x, y, received \["z"\]/,
  );
  expect(() => saying({ ...complete, pure: true })).toThrow(/trait pure: expected no such trait/);
});

test('traits stand in the table of the compiler', () => {
  const line = saying(complete)
    .split('\n')
    .find((text) => text.includes('.name = "hard_swish"'));
  expect(line?.trim()).toBe(
    '{.name = "hard_swish", .inputs = {"x"}, .outputs = {"y"}, .dtypes = {DTypes::kFloat}, .elementwise = true, ' +
      '.batchwise = Batchwise::kFirst, .view = View::kNone, .low_precision = LowPrecision::kNone},',
  );
});

test('a backend has the ops of which it has a file', () => {
  const text = backendHeader('onednn', ['abs.cc', 'abs.h', 'log1p.cc', 'ops.h', 'stream.cc'], allOps);
  expect(text.match(/^ {2}X\(\w+\)/gm)).toEqual(['  X(Abs)', '  X(Log1p)']);
  expect(text).toContain('#define SLIMNET_ONEDNN_OPS(X)');
});
