import { measurements } from '../../../bench/measurements/index.mjs';
import { parseOptions } from '../../../bench/options.mjs';
import { takesPart } from '../../../bench/subjects.mjs';

const names = (args: string[]) => parseOptions(args).subjects.map(({ name }: { name: string }) => name);

describe('the command line of the benchmarks', () => {
  test('measures everything with everybody unless told', () => {
    const options = parseOptions([]);
    expect(options.only).toContain('throughput');
    expect(options.only).toContain('soak');
    expect(names([])).toEqual(
      expect.arrayContaining(['slimnet', 'onnxruntime', 'tfjs', 'tensorflow', 'pytorch', 'openvino']),
    );
  });

  test('takes peers by name; slimnet, which all are compared with, stays', () => {
    expect(names(['--peers', 'tfjs'])).toEqual(['slimnet', 'slimnet-throughput', 'slimnet-folder', 'tfjs', 'idle']);
    expect(names(['--peers', 'openvino'])).toEqual([
      'slimnet',
      'slimnet-throughput',
      'slimnet-folder',
      'openvino',
      'openvino-latency',
      'openvino-throughput',
      'idle',
    ]);
    expect(names(['--peers', ''])).toEqual(['slimnet', 'slimnet-throughput', 'slimnet-folder', 'idle']);
  });

  test('decides in which precisions measurements of one network are taken', () => {
    const options = parseOptions(['--networks', 'a,b', '--soak-precision', 'bfloat16']);
    const precisionsOf = (name: string, given = options) =>
      measurements
        .find((one) => one.name === name)
        ?.cases(given)
        .map(({ precision }: { precision: string }) => precision);
    expect(precisionsOf('soak')).toEqual(['bfloat16']);
    expect(precisionsOf('soak', parseOptions([]))).toEqual(['float32']);
    for (const name of ['start', 'neighbours']) {
      expect(precisionsOf(name)).toEqual(['float32', 'bfloat16']);
      expect(precisionsOf(name, parseOptions(['--precisions', 'int8,float32']))).toEqual(['float32']);
    }
  });

  test('counts threads as the processors it is pinned to', () => {
    expect(parseOptions([]).threads).toBe(2);
    expect(parseOptions(['--pin', '0-3,8']).threads).toBe(5);
  });

  test.each([
    [['--only', 'speed'], /there is no speed; there is throughput/],
    [['--peers', 'caffe'], /there is no caffe/],
    [['--precisions', 'float16'], /there is no float16/],
    [['--soak-precision', 'float32,bfloat16'], /--soak-precision: expected one of float32/],
    [['--rounds', '0'], /--rounds: expected an integer from 1/],
    [['--rounds', 'many'], /received many/],
    [['--batches', '1,'], /--batches/],
    [['--seconds', '-1'], /--seconds/],
    [['--training-sizes', '16'], /--training-sizes: expected batch x pixels as 16x224, received 16/],
    [['--pin', '3-1'], /--pin/],
    [['--pin', 'all'], /--pin/],
    [['--unknown'], /Unknown option/],
  ])('%j is refused with a reason', (args, reason) => {
    expect(() => parseOptions(args as string[])).toThrow(reason as RegExp);
  });

  test('a subject with one network takes part in that one alone', () => {
    const subject = { takes: ['throughput'], only: { network: 'a' } };
    expect(takesPart(subject, 'throughput', { network: 'a', batch: 1 })).toBe(true);
    expect(takesPart(subject, 'throughput', { network: 'b', batch: 1 })).toBe(false);
    expect(takesPart(subject, 'latency', { network: 'a', batch: 1 })).toBe(false);
  });
});
