import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError, OutputError } from '../../../lib/errors.js';
import * as math from '../../../lib/slim/math.js';
import { constant, placeholder } from '../../../lib/slim/placeholder.js';
import { histogramOf } from '../../../lib/summaries/histogram.js';
import { SummaryWriter } from '../../../lib/summaries/index.js';
import { encodeSummary } from '../../../lib/summaries/messages.js';
import { readEvents } from '../../helpers/event_reader.js';
import { golden } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary_folder.js';

const folder = temporaryFolder('summaries');
let runs = 0;
const fresh = () => join(folder, `run${runs++}`);

/** Summaries that TensorFlow wrote (scripts/golden/make_summaries.py). */
const expected = golden<{
  readonly histograms: Readonly<Record<string, { readonly values: readonly number[]; readonly summary: string }>>;
  readonly scalar: string;
  readonly image: string;
}>('summaries.json');

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('the bytes are those of TensorFlow', () => {
  test.each(Object.entries(expected.histograms))('for the histogram of %s', (_, { values, summary }) => {
    expect(base64(encodeSummary('weights', { histogram: histogramOf(values) }))).toBe(summary);
  });

  test('for a scalar and an image', () => {
    expect(base64(encodeSummary('loss', { scalar: 0.1 }))).toBe(expected.scalar);
    const image = { encoded: Buffer.from('not really a png'), width: 3, height: 2 };
    expect(base64(encodeSummary('input/image/0', { image }))).toBe(expected.image);
  });
});

test('a histogram of values that are not finite is refused, with the place', () => {
  expect(() => histogramOf([1, Number.NaN])).toThrow(/cannot hold the value NaN \(at 1\)/);
  expect(() => histogramOf(Float32Array.of(Number.POSITIVE_INFINITY))).toThrow(ArgumentError);
});

test('what was written is read back in order, after the version', async () => {
  const before = Date.now() / 1000;
  const writer = await SummaryWriter.open(fresh());
  writer.scalar('loss', 2.5, 1);
  writer.scalar('loss', Number.NaN, 2);
  await writer.flush();
  writer.histogram('weights', Float32Array.of(1, 2, 3), 2);
  writer.image('input/image/0', { encoded: Buffer.from('png'), width: 3, height: 2 }, 2);
  await writer.close();
  const events = readEvents(readFileSync(writer.path));
  expect(events.map(({ step }) => step)).toEqual([0, 1, 2, 2, 2]);
  expect(events[0]?.fileVersion).toBe('brain.Event:2');
  expect(events.map(({ values }) => values[0]?.tag)).toEqual([undefined, 'loss', 'loss', 'weights', 'input/image/0']);
  expect([events[1]?.values[0]?.scalar, events[2]?.values[0]?.scalar]).toEqual([2.5, Number.NaN]);
  expect(events[3]?.values[0]?.histogram?.length).toBeGreaterThan(0);
  for (const { wallTime } of events) {
    expect(wallTime).toBeGreaterThanOrEqual(before);
    expect(wallTime).toBeLessThanOrEqual(Date.now() / 1000);
  }
});

test("a graph's nodes are written with their inputs", async () => {
  const graph = new Graph();
  graph.build(() => math.add(placeholder('float32', [2], { name: 'x' }), constant([1, 2])));
  const writer = await SummaryWriter.open(fresh());
  writer.graph(graph);
  await writer.close();
  const nodes = readEvents(readFileSync(writer.path))[1]?.graphNodes ?? [];
  expect(nodes.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
  expect(nodes.at(-1)?.inputs).toEqual(graph.nodes.at(-1)?.inputs.map(({ name }) => name));
});

test('a run that goes on says from which step, in a file of its own', async () => {
  const path = fresh();
  const first = await SummaryWriter.open(path);
  const second = await SummaryWriter.open(path, { startStep: 7, suffix: '.eval' });
  await Promise.all([first.close(), second.close()]);
  expect(readdirSync(path).length).toBe(2);
  expect(second.path).toMatch(/events\.out\.tfevents\.\d{10}\..*\.eval$/);
  expect(readEvents(readFileSync(second.path))[1]).toMatchObject({ step: 7, sessionStatus: 1 });
});

test('of a file that a kill has cut off anywhere, whole events are read', async () => {
  const writer = await SummaryWriter.open(fresh());
  for (let step = 1; step <= 3; step++) writer.scalar('loss', step, step);
  await writer.close();
  const bytes = readFileSync(writer.path);
  const counts = Array.from({ length: bytes.length + 1 }, (_, end) => readEvents(bytes.subarray(0, end)).length);
  expect(new Set(counts)).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(counts).toEqual([...counts].sort());
});

describe('where the file cannot be written', () => {
  test('flush and close say so, once a reason, and what comes later is dropped', async () => {
    const path = fresh();
    const writer = await SummaryWriter.open(path);
    await writer.flush();
    const failure = Object.assign(new Error('no'), { code: 'ENOSPC', syscall: 'write' });
    const other = await open(writer.path);
    const handle = jest.spyOn(Object.getPrototypeOf(other), 'appendFile').mockRejectedValueOnce(failure);
    await other.close();
    writer.scalar('loss', 1, 1);
    await expect(writer.flush()).rejects.toThrow(OutputError);
    await expect(writer.flush()).rejects.toThrow(/The event file cannot be written: no space is left on the device/);
    writer.scalar('loss', 1, 2);
    await expect(writer.close()).rejects.toThrow(OutputError);
    handle.mockRestore();
    expect(readEvents(readFileSync(writer.path)).length).toBe(1);
  });

  test('opening is an error at once', async () => {
    const path = fresh();
    writeFileSync(path, '');
    await expect(SummaryWriter.open(path)).rejects.toThrow(/No event file can be made/);
    rmSync(path);
  });
});

test.each([
  [(w: SummaryWriter) => w.scalar('', 1, 1), /expected a tag, received the string ""/],
  [(w: SummaryWriter) => w.scalar('a', 1, -1), /step/],
  [
    (w: SummaryWriter) => w.image('a', { encoded: 'x' as never, width: 1, height: 1 }, 1),
    /expected the bytes of a PNG/,
  ],
  [(w: SummaryWriter) => w.image('a', { encoded: Buffer.from('x'), width: 0, height: 1 }, 1), /width/],
])('%s is refused', async (write, message) => {
  const writer = await SummaryWriter.open(fresh());
  expect(() => write(writer)).toThrow(message);
  await writer.close();
  expect(() => writer.scalar('a', 1, 1)).toThrow(/closed/);
});
