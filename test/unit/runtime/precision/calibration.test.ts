import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, ExecutionError } from '../../../../lib/errors.js';
import {
  type Calibration,
  calibrationOf,
  checkCalibrateOptions,
  checkCalibration,
  hasRanges,
  loadCalibration,
  saveCalibration,
  withoutRanges,
} from '../../../../lib/runtime/precision/calibration.js';

const calibration: Calibration = {
  format: 'slimnet.calibration 1',
  method: 'minmax',
  runs: 3,
  ranges: { 'net/conv/Conv2D': [0, 6], x: [-1.5, 2] },
  keepFloat32: ['net/logits'],
};

const cost = {
  images: 40,
  agreement: 0.975,
  meanCosine: 0.999,
  leastCosine: 0.98,
  range: 12.5,
  maxError: 0.05,
  rmsError: 0.01,
  instructions: 'avx2',
};

const seen = (name: string, smallest: number, largest: number, notFinite = 0) => {
  return { name, smallest, largest, notFinite, limit: 8, counts: new Float64Array(2048) };
};

describe('a calibration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-calibration-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('joins what several programs saw, sorted by name', () => {
    const options = checkCalibrateOptions({ method: 'minmax', keepFloat32: ['net/logits'] });
    const made = calibrationOf([[seen('x', -1, 2), seen('a', 0, 1)], [seen('x', -1.5, 1)]], 3, options);
    expect(Object.entries(made.ranges)).toEqual([
      ['a', [0, 1]],
      ['x', [-1.5, 2]],
    ]);
    expect(made).toMatchObject({
      format: 'slimnet.calibration 1',
      method: 'minmax',
      runs: 3,
      keepFloat32: ['net/logits'],
    });
  });

  test('is not made of nothing, nor of NaN', () => {
    const options = checkCalibrateOptions({});
    expect(() => calibrationOf([], 0, options)).toThrow(ExecutionError);
    expect(() => calibrationOf([[seen('x', 0, 1, 2)]], 1, options)).toThrow(/x made 2 values that are NaN or infinite/);
  });

  test('comes back from its file as it was', async () => {
    const path = join(folder, 'c.json');
    await saveCalibration(path, calibration);
    expect(await loadCalibration(path)).toEqual(calibration);
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true);
  });

  test('comes back with what precisions cost; files without that are read as before', async () => {
    const path = join(folder, 'costs.json');
    const measured = { ...calibration, costs: { int8: cost, bfloat16: { ...cost, agreement: 1 } } };
    await saveCalibration(path, measured);
    expect(await loadCalibration(path)).toEqual(measured);
    expect(checkCalibration(calibration)).not.toHaveProperty('costs');
  });

  test('may hold costs alone, with which int8 cannot be had', async () => {
    const path = join(folder, 'bfloat16.json');
    await saveCalibration(path, { ...withoutRanges(['net/logits']), costs: { bfloat16: cost } });
    const loaded = await loadCalibration(path);
    expect(loaded).toMatchObject({
      method: null,
      runs: 0,
      ranges: {},
      keepFloat32: ['net/logits'],
      costs: { bfloat16: cost },
    });
    expect([hasRanges(loaded), hasRanges(calibration)]).toEqual([false, true]);
  });

  test.each<[string, unknown, RegExp]>([
    ['ranges of no method', { ...calibration, method: null }, /unknown method null/],
    ['costs that are none', { ...calibration, costs: { int8: { ...cost, agreement: 2 } } }, /costs: int8: agreement/],
    [
      'a property that it does not have',
      { ...calibration, keepfloat32: [] },
      /unknown property the string "keepfloat32"/,
    ],
    ['half a run', { ...calibration, runs: 0.5 }, /runs: expected a number of runs/],
    ['no object', 5, /expected what calibrate\(\) gives, received/],
    ['another format', { ...calibration, format: 'x' }, /expected the format slimnet.calibration 1/],
    ['an unknown method', { ...calibration, method: 'best' }, /unknown method/],
    ['no ranges', { ...calibration, ranges: undefined }, /ranges are missing/],
    ['a range that runs backwards', { ...calibration, ranges: { x: [1, 0] } }, /range of x/],
    ['a range of text', { ...calibration, ranges: { x: ['0', '1'] } }, /range of x/],
    ['a range without an end', { ...calibration, ranges: { x: [0] } }, /range of x/],
    ['keepFloat32 names that are none', { ...calibration, keepFloat32: [1] }, /keepFloat32: expected names/],
  ])('is refused with %s', (_, value, message) => {
    expect(() => checkCalibration(value)).toThrow(ArgumentError);
    expect(() => checkCalibration(value)).toThrow(message);
  });

  test('is refused with its file when that is no JSON', async () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{"format": ');
    await expect(loadCalibration(path)).rejects.toThrow(/broken.json: calibration: not valid JSON/);
    writeFileSync(path, JSON.stringify(calibration).replace('"x"', '"x": [0, 1], "x"'));
    await expect(loadCalibration(path)).rejects.toThrow(/broken.json: calibration: the key "x" occurs twice/);
    writeFileSync(path, Buffer.from('{\n"format\xe9": 1}', 'latin1'));
    await expect(loadCalibration(path)).rejects.toThrow(/broken.json: calibration: line 2 is not UTF-8/);
    await expect(loadCalibration(folder)).rejects.toThrow(/expected a file, this is a folder/);
    await expect(loadCalibration(join(folder, 'missing.json'))).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });
});

describe('options of calibrate', () => {
  test.each<[object, RegExp]>([
    [{ method: 'mean' }, /method: expected one of minmax, percentile, entropy/],
    [{ percentile: 0 }, /percentile: expected a number above 0/],
    [{ percentile: 101 }, /percentile/],
    [{ percentile: Number.NaN }, /percentile/],
    [{ keepFloat32: 'net' }, /keepFloat32: expected names/],
    [{ methods: 'minmax' }, /no option methods/],
    [{ signal: 5 }, /signal/],
  ])('%p is refused', (options, message) => {
    expect(() => checkCalibrateOptions(options as never)).toThrow(ArgumentError);
    expect(() => checkCalibrateOptions(options as never)).toThrow(message);
  });
});
