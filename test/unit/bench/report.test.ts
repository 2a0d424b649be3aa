import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { report } from '../../../bench/report/page.mjs';
import { readResults } from '../../../bench/results.mjs';

const group = { network: 'resnet_v1_50', precision: 'float32', batch: 1 };
const environment = {
  kernel: '6',
  hugePages: 'madvise',
  loadBefore: 0.1,
  node: 'v20',
  pinned: '0,1',
  versions: { onnxruntime: '9.9' },
};
const entry = (measurement: string, rows: unknown[]) => ({
  measurement,
  date: '2026-01-01',
  commit: 'abc',
  environment,
  protocol: { rounds: 3, seconds: 1 },
  rows,
});
const page = (...entries: unknown[]) =>
  report([{ machine: { cpu: 'Chip', family: '1', model: '2', features: ['avx2'], cores: 2, memoryGiB: 4 }, entries }]);

describe('the page of the benchmarks', () => {
  test('has medians, ranges, and how much better slimnet is in each round', () => {
    const { page: text } = page(
      entry('throughput', [
        { subject: 'slimnet', group, metrics: { imagesPerSecond: [10, 20, 30] } },
        { subject: 'onnxruntime', group, metrics: { imagesPerSecond: [20, 20, 10] }, difference: 2e-6 },
      ]),
    );
    expect(text).toContain('| slimnet | 20.0 (10.0-30.0) |  |');
    expect(text).toContain('| onnxruntime-node | 20.0 (10.0-20.0) | 1.00 (0.50-3.00) |');
    expect(text).toContain('2026-01-01, commit abc; 3 rounds of 1 s');
    expect(text).toContain('logits agree to 2.0e-6 of their range');
  });

  test('where less is better, above 1 still means that slimnet is better', () => {
    const { page: text } = page(
      entry('memory', [
        { subject: 'slimnet', group, metrics: { peak: [2 ** 20] } },
        { subject: 'onnxruntime', group, metrics: { peak: [3 * 2 ** 20] } },
      ]),
    );
    expect(text).toContain('| onnxruntime-node | 3 | 3.00 |');
  });

  test('says why a subject is not there, also when it is slimnet', () => {
    const { page: text } = page(
      entry('throughput', [
        { subject: 'slimnet', group, unavailable: 'no such precision' },
        { subject: 'tfjs', group, unavailable: 'a | b' },
        { subject: 'onnxruntime', group, metrics: { imagesPerSecond: [5] } },
      ]),
      entry('neighbours', [
        { subject: 'slimnet', group, metrics: { 'delay-p50': [1] } },
        { subject: 'idle', group, unavailable: 'too idle' },
      ]),
    );
    expect(text).toContain('| slimnet | not available: no such precision |  |');
    expect(text).toContain('not available: a \\| b');
    expect(text).toContain('| onnxruntime-node | 5.0 |  |');
    expect(text).toContain('- idle process: not available: too idle');
  });

  test('says a reason once, for all cases that it holds for', () => {
    const { page: text } = page(
      entry('throughput', [
        { subject: 'slimnet', group, metrics: { imagesPerSecond: [5] } },
        { subject: 'tfjs', group, unavailable: 'gone' },
        { subject: 'tfjs', group: { ...group, batch: 32 }, unavailable: 'gone' },
      ]),
    );
    expect(text.match(/gone/g)).toHaveLength(1);
    expect(text).toContain(
      '| resnet_v1_50 | float32 | 1, 32 | TensorFlow.js, wasm (one thread) | not available: gone |  |',
    );
  });

  test('shows every drawing that it has, and has none of what was not measured', () => {
    const { page: text, drawings } = page(
      entry('throughput', [{ subject: 'slimnet', group, metrics: { imagesPerSecond: [5] } }]),
      entry('start', [{ subject: 'slimnet', group, unavailable: 'broken' }]),
    );
    expect([...drawings.keys()]).toEqual(['chip-1-2-2-cores-throughput-resnet_v1_50.svg']);
    for (const name of drawings.keys()) expect(text).toContain(`](benchmarks/${name})`);
  });

  test('names the command that makes it', () => {
    expect(page().page).toContain('npm run bench');
  });

  test('of this repository is what its result files say', () => {
    const root = join(__dirname, '../../..');
    const { page: text, drawings } = report(readResults(join(root, 'bench/results')));
    expect(readFileSync(join(root, 'docs/benchmarks.md'), 'utf8')).toBe(text);
    for (const [name, svg] of drawings) expect(readFileSync(join(root, 'docs/benchmarks', name), 'utf8')).toBe(svg);
  });
});

describe('the second table, of what a precision gains', () => {
  const rate = (
    subject: string,
    precision: string,
    batch: number,
    imagesPerSecond: number[],
    network = group.network,
  ) => ({
    subject,
    group: { network, precision, batch },
    metrics: { imagesPerSecond },
  });
  const rows = [
    rate('slimnet', 'float32', 1, [10, 20]),
    rate('onnxruntime', 'float32', 1, [5, 20]),
    rate('slimnet', 'float32', 32, [8, 8]),
    rate('slimnet', 'bfloat16', 1, [20, 80]),
    { subject: 'onnxruntime', group: { ...group, precision: 'bfloat16' }, unavailable: 'no bfloat16' },
    rate('slimnet', 'bfloat16', 32, [16, 16]),
  ];

  test('has ratios round by round against float32 of the same batch, and none where there is nobody to compare with', () => {
    const { page: text } = page(entry('throughput', rows));
    const after = text.slice(text.indexOf('resnet_v1_50, slimnet against float32:')).split('\n');
    expect(after.slice(2, 9)).toEqual([
      '| batch | precision | subject | images/s | times better than onnxruntime-node in float32 | times better than slimnet in float32 |',
      '| --- | --- | --- | --- | --- | --- |',
      '| 1 | float32 | slimnet | 15.0 (10.0-20.0) | 1.50 (1.00-2.00) |  |',
      '| 1 | bfloat16 | slimnet | 50.0 (20.0-80.0) | 4.00 (4.00-4.00) | 3.00 (2.00-4.00) |',
      '| 32 | float32 | slimnet | 8.0 (8.0-8.0) |  |  |',
      '| 32 | bfloat16 | slimnet | 16.0 (16.0-16.0) |  | 2.00 (2.00-2.00) |',
      '',
    ]);
  });

  test('is one for each network, but none for a network in a single precision', () => {
    const other = [rate('slimnet', 'float32', 1, [1], 'a'), rate('slimnet', 'int8', 1, [2], 'a')];
    const { page: text } = page(entry('throughput', [...rows, ...other, rate('slimnet', 'float32', 1, [9], 'b')]));
    expect(text.match(/^.*, slimnet against float32:$/gm)).toEqual([
      'resnet_v1_50, slimnet against float32:',
      'a, slimnet against float32:',
    ]);
  });

  test('counts less as better where the measurement does', () => {
    const time = (precision: string, p50: number[]) => ({
      subject: 'slimnet',
      group: { ...group, precision },
      metrics: { p50 },
    });
    const { page: text } = page(entry('latency', [time('float32', [8, 8]), time('int8', [2, 4])]));
    expect(text).toContain('| 1 | int8 | slimnet | 3.0 (2.0-4.0) |  | 3.00 (2.00-4.00) |');
  });

  test('is not there for measurements that have no precisions side by side', () => {
    const peak = (precision: string) => ({
      subject: 'slimnet',
      group: { ...group, precision },
      metrics: { peak: [1] },
    });
    expect(page(entry('memory', [peak('float32'), peak('bfloat16')])).page).not.toContain('against float32');
  });
});

test('drawings of the same measurement in several precisions are several files', () => {
  const row = (precision: string) => ({
    subject: 'slimnet',
    group: { ...group, precision },
    metrics: { 'delay-p50': [1] },
    series: {
      delay: [
        [50, 1],
        [100, 2],
      ],
    },
  });
  const { drawings } = page(entry('neighbours', [row('float32'), row('bfloat16')]));
  expect([...drawings.keys()]).toEqual([
    'chip-1-2-2-cores-neighbours-delay-resnet_v1_50-float32-1.svg',
    'chip-1-2-2-cores-neighbours-delay-resnet_v1_50-bfloat16-1.svg',
  ]);
});
