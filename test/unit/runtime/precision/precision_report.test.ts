import {
  checkCosts,
  describePrecision,
  type PrecisionCost,
  precisionReport,
} from '../../../../lib/runtime/precision/precision_report.js';

const cost: PrecisionCost = {
  images: 500,
  agreement: 0.998,
  meanCosine: 0.9997,
  leastCosine: 0.99,
  range: 40,
  maxError: 0.02,
  rmsError: 0.004,
  instructions: 'avx512_core_amx',
};
const amx = ['avx2', 'amx_bf16', 'onednn_isa avx512_core_amx'];
const bfloat16 = { chosen: 'bfloat16', why: 'AMX' } as const;
const int8 = { chosen: 'int8', why: 'calibrated, avx512_core_amx' } as const;

describe('the report on a precision', () => {
  test('has what was measured', () => {
    const report = precisionReport('auto', bfloat16, { bfloat16: cost, int8: { ...cost, agreement: 0.9 } }, amx);
    expect(report).toEqual({ asked: 'auto', chosen: 'bfloat16', why: 'AMX', measured: cost });
    expect(describePrecision(report)).toBe('bfloat16 (AMX); top-1 agreement with float32 99.80 % on 500 images');
  });

  test('says how to measure what was not', () => {
    const report = precisionReport('auto', bfloat16, { int8: cost }, amx);
    expect(report).toMatchObject({ asked: 'auto', chosen: 'bfloat16', hint: expect.stringMatching(/not measured/) });
    expect(report.measured).toBeUndefined();
    expect(describePrecision(report)).toMatch(
      /^bfloat16 \(AMX\); what it costs is not measured for this model: `slimnet quantize --precision bfloat16` measures it/,
    );
    expect(describePrecision(precisionReport('int8', int8, {}, amx))).toMatch(/`slimnet quantize` measures it/);
  });

  test('says what was measured with other instructions', () => {
    const measured = { ...cost, images: 1, instructions: 'avx2' };
    const report = precisionReport('auto', int8, { int8: measured }, amx);
    expect(report.measured).toEqual(measured);
    expect(describePrecision(report)).toBe(
      'int8 (calibrated, avx512_core_amx); top-1 agreement with float32 99.80 % on one image; ' +
        'measured with avx2, not with avx512_core_amx: `slimnet quantize` measures it here',
    );
  });

  test('says what was declined, and how to measure what is not', () => {
    const declined = { chosen: 'float32', why: 'no AMX, no int8: too rough', declined: ['int8'] } as const;
    const rough = precisionReport('auto', declined, { int8: { ...cost, agreement: 0.05 } }, amx);
    expect(rough).toEqual({ asked: 'auto', ...declined });
    expect(describePrecision(rough)).toBe('float32 (no AMX, no int8: too rough)');
    expect(describePrecision(precisionReport('auto', declined, {}, amx))).toBe(
      'float32 (no AMX, no int8: too rough); `slimnet quantize` measures it (docs/precision.md)',
    );
  });

  test('is short for float32, which costs nothing', () => {
    const report = precisionReport('float32', { chosen: 'float32', why: 'asked for' }, { int8: cost }, amx);
    expect(report).toEqual({ asked: 'float32', chosen: 'float32', why: 'asked for' });
    expect(describePrecision(report)).toBe('float32 (asked for)');
  });
});

describe('costs out of a file', () => {
  const check = (costs: unknown) => checkCosts(costs, (what) => new Error(what));

  test('are taken as they are', () => {
    expect(check({})).toEqual({});
    expect(check({ int8: cost, bfloat16: cost })).toEqual({ int8: cost, bfloat16: cost });
  });

  test.each<[string, unknown, RegExp]>([
    ['no object', 5, /costs: expected an object, received/],
    ['a list', [cost], /costs: expected an object, received/],
    ['a precision that costs nothing', { float32: cost }, /expected int8 or bfloat16, received float32/],
    ['no cost', { int8: null }, /int8: expected an object, received null/],
    ['parts of images', { int8: { ...cost, images: 1.5 } }, /int8: images: expected a number from 1/],
    ['no images', { int8: { ...cost, images: 0 } }, /images: expected a number from 1/],
    ['more agreement than all', { bfloat16: { ...cost, agreement: 1.2 } }, /bfloat16: agreement: expected .* 0 to 1/],
    ['an agreement of text', { int8: { ...cost, agreement: '1' } }, /agreement: expected a number/],
    ['a cosine above one', { int8: { ...cost, meanCosine: 2 } }, /meanCosine/],
    ['an error below zero', { int8: { ...cost, maxError: -1 } }, /maxError/],
    ['an error that is none', { int8: { ...cost, rmsError: null } }, /rmsError/],
    ['no instructions', { int8: { ...cost, instructions: undefined } }, /instructions: expected their name/],
  ])('are refused with %s', (_, costs, message) => {
    expect(() => check(costs)).toThrow(message);
  });
});
