/** Calls of one model that meet: what they share, and what they keep to themselves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, ImageError, type SlimnetError } from '../../lib/errors.js';
import { type BatchingOptions, loadModel, type Model, type Outcome } from '../../lib/model/index.js';
import { largestDifference } from '../helpers/network_fixtures.js';
import { encoders, paint } from '../helpers/pictures.js';
import { writePlainCheckpoint } from '../helpers/plain_checkpoint.js';

const classes = 10;
const side = 32;
let folder: string;
let checkpoint: string;
let pictures: Buffer[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-batching-'));
  checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), classes);
  pictures = await Promise.all(
    Array.from({ length: 64 }, (_, i) =>
      encoders.png.encode(paint(48, 40, (x, y) => [(x * (i + 3)) % 256, (y * (67 - i)) % 256, (i * 4 + x + y) % 256])),
    ),
  );
});
afterAll(() => rm(folder, { recursive: true }));

function load(batching: BatchingOptions = {}): Promise<Model> {
  // Sums of bfloat16, which auto may choose, differ by more with the size of the batch.
  return loadModel('resnet_v1_50', { checkpoint, imageSize: side, batching, precision: 'float32' });
}

/** A call that keeps the network busy for a while: what is called after it waits. */
async function busy(model: Model, images = 32): Promise<{ readonly result: Promise<unknown> }> {
  const before = model.stats().batching.batches;
  const result = model.logits(Array.from({ length: images }, (_, i) => pictures[i % 64] as Buffer));
  result.catch(() => {});
  while (model.stats().batching.batches === before) await new Promise((resolve) => setImmediate(resolve));
  return { result };
}

const images = (model: Model) =>
  Object.values(model.stats().batching.imagesByBatchSize).reduce((sum, count) => sum + count, 0);

describe('calls at the same time', () => {
  test('give what they give one by one, in few batches', async () => {
    await using model = await load();
    const alone: Float32Array[] = [];
    for (const picture of pictures) alone.push(await model.logits(picture));
    const before = model.stats().batching;
    expect(before).toMatchObject({ requests: 64, batches: 64, imagesByBatchSize: { 1: 64 }, waiting: 0 });
    const [labels, together] = await Promise.all([
      Promise.all(pictures.map((picture) => model.classify(picture, { topK: 1 }))),
      Promise.all(pictures.map((picture) => model.logits(picture))),
    ]);
    together.forEach((row, i) => {
      expect(largestDifference(row, alone[i] as Float32Array)).toBeLessThan(1e-4);
      expect(labels[i]?.[0]?.index).toBe(row.indexOf(Math.max(...row)));
    });
    expect(new Set(together.map((row) => row.join())).size).toBe(64);
    const { requests, batches, waiting, meanPreparationMs } = model.stats().batching;
    expect({ requests, waiting, images: images(model) }).toEqual({ requests: 192, waiting: 0, images: 192 });
    expect(batches - 64).toBeLessThanOrEqual(40);
    expect(meanPreparationMs).toBeGreaterThan(0);
  });

  test('wait for the batch that runs and go together into the next one', async () => {
    await using model = await load({ maxBatchSize: 8 });
    await model.warmup({ outputs: ['logits'] });
    const { result } = await busy(model, 8);
    // Pixels need no decoder: they are ready long before the first batch has ended.
    const pixels = Array.from({ length: 8 }, (_, i) => paint(side, side, (x, y) => [x * i, y * i, 9 * i]));
    await Promise.all(pixels.map((image) => model.logits(image)));
    await result;
    expect(images(model)).toBe(16);
    expect(model.stats().batching.batches).toBeLessThanOrEqual(4);
  });

  test('outputs do not mix, arrays and single images do', async () => {
    await using model = await load({ maxBatchSize: 4 });
    const rows = await Promise.all([
      model.logits(pictures.slice(0, 3)),
      model.embed(pictures[0] as Buffer),
      model.logits(pictures[3] as Buffer),
      model.embed(pictures.slice(1, 3)),
      model.classify(pictures[4] as Buffer, { topK: 2 }),
    ]);
    expect(rows[0].map((row) => row.length)).toEqual([classes, classes, classes]);
    expect(rows[1]).toHaveLength(2048);
    expect(rows[2]).toHaveLength(classes);
    expect(rows[3].map((row) => row.length)).toEqual([2048, 2048]);
    expect(rows[4]).toHaveLength(2);
    expect(largestDifference(rows[2], await model.logits(pictures[3] as Buffer))).toBeLessThan(1e-4);
    expect(model.stats().batching.requests).toBe(6);
  });

  test('one that leaves does not touch the others', async () => {
    await using model = await load();
    const { result } = await busy(model);
    const controller = new AbortController();
    const reason = new Error('closed the page');
    const calls = pictures.slice(0, 6).map((picture, i) => {
      return model.classify(picture, i === 2 ? { signal: controller.signal } : {});
    });
    controller.abort(reason);
    const ends = await Promise.allSettled(calls);
    expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true, true]);
    expect(ends[2]).toEqual({ status: 'rejected', reason });
    await result;
    expect(images(model)).toBe(32 + 5);
  });

  test('one that takes too long is dropped, one that would have to is refused at once and never run', async () => {
    await using model = await load({ timeoutMs: 1 });
    const patient = { timeoutMs: 60_000 };
    // An idle network takes any.
    await expect(model.classify(pictures[0] as Buffer)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      message: 'The request took longer than timeoutMs, 1 ms.',
    });
    const list = () => model.logits(pictures.slice(0, 32), patient);
    await list();
    const before = images(model);
    const busy = list();
    await expect(model.classify(pictures[0] as Buffer)).rejects.toMatchObject({
      code: 'ERR_QUEUE_FULL',
      retryAfterMs: expect.any(Number),
    });
    expect(await busy).toHaveLength(32);
    expect(await model.classify(pictures[1] as Buffer, patient)).toHaveLength(5);
    expect(images(model) - before).toBe(33);
    expect(model.stats().batching).toMatchObject({ timedOut: 1, rejected: 1, requests: 4 });
  });

  test('a time limit holds for the whole of an array', async () => {
    await using model = await load({ maxBatchSize: 2 });
    const call = model.logits(
      Array.from({ length: 400 }, (_, i) => pictures[i % 64] as Buffer),
      { timeoutMs: 100 },
    );
    // On a slow machine the first batches show, before the time is up, that it will not do: the rest is then refused at once.
    const { code, message } = await call.then(
      () => ({ code: 'none', message: '' }),
      (error: SlimnetError) => error,
    );
    const { timedOut, rejected, requests, waiting } = model.stats().batching;
    expect({ requests, waiting }).toEqual({ requests: 1, waiting: 0 });
    expect(['ERR_ABORTED', 'ERR_QUEUE_FULL']).toContain(code);
    expect(code === 'ERR_ABORTED' ? timedOut : rejected).toBeGreaterThan(0);
    expect(message).toMatch(/100 ms/);
    expect(images(model)).toBeLessThan(400);
  });

  test('more than may wait are refused', async () => {
    await using model = await load({ maxBatchSize: 32, queueLimit: 3 });
    const { result } = await busy(model, 3);
    const ends = await Promise.allSettled(pictures.slice(0, 5).map((picture) => model.classify(picture)));
    expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(1);
    for (const end of ends) {
      if (end.status === 'rejected')
        expect(end.reason).toMatchObject({ code: 'ERR_QUEUE_FULL', name: 'ExecutionError' });
    }
    await result;
    const { rejected } = model.stats().batching;
    expect(rejected).toBe(ends.filter(({ status }) => status === 'rejected').length);
    // A list that was accepted is served whole, however long it is.
    expect(await model.logits(pictures.slice(0, 10))).toHaveLength(10);
  });

  test('a bad image fails its own call alone', async () => {
    await using model = await load();
    const { result } = await busy(model, 8);
    const calls = [
      pictures[0] as Buffer,
      Buffer.from('no picture'),
      pictures[1] as Buffer,
      join(folder, 'missing.png'),
    ];
    const ends = await Promise.allSettled(calls.map((image) => model.classify(image)));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(ImageError);
    await result;
    expect(images(model)).toBe(10);
  });

  test('a signal that many calls share has one listener', async () => {
    await using model = await load();
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    await Promise.all(pictures.slice(0, 20).map((picture) => model.classify(picture, { signal })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('a stream', () => {
  test('has two batches in memory at most, however slowly it is read, and lets calls in between', async () => {
    await using model = await load({ maxBatchSize: 4 });
    const sources = Array.from({ length: 60 }, (_, i) => pictures[i] as Buffer);
    const got: Outcome<unknown, Float32Array>[] = [];
    let single: Promise<unknown> | undefined;
    for await (const outcome of model.stream(sources, 'logits')) {
      got.push(outcome);
      if (got.length === 5) single = model.classify(pictures[0] as Buffer);
      if (got.length % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(images(model) - got.length).toBeLessThanOrEqual(12);
      expect(model.stats().batching.waiting).toBeLessThanOrEqual(8 + 1);
      if (got.length === 40) await single;
    }
    expect(got.map(({ item }) => item)).toEqual(sources);
    const { imagesByBatchSize, requests } = model.stats().batching;
    expect(requests).toBe(2);
    expect(imagesByBatchSize[4]).toBeGreaterThanOrEqual(48);
  });

  test('ends when its reader stops, and leaves nothing behind', async () => {
    await using model = await load({ maxBatchSize: 4 });
    for await (const { result } of model.stream(pictures, 'logits')) {
      expect(result).toHaveLength(classes);
      break;
    }
    expect(model.stats().batching.waiting).toBe(0);
    expect(images(model)).toBeLessThan(24);
  });

  test('reads an asynchronous iterable as the work goes', async () => {
    await using model = await load({ maxBatchSize: 4 });
    let given = 0;
    const source = async function* () {
      for (; given < 60; given++) yield pictures[given % pictures.length] as Buffer;
    };
    const rows: Float32Array[] = [];
    for await (const { item, result } of model.stream(source(), 'logits')) {
      expect(item).toBe(pictures[rows.length % pictures.length]);
      rows.push(result);
      if (rows.length % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      // Two batches, the one that is handed out, and what makes the next.
      expect(given - rows.length).toBeLessThanOrEqual(4 * 4);
    }
    expect(rows).toHaveLength(60);
    expect(model.stats().batching.imagesByBatchSize[4]).toBeGreaterThanOrEqual(48);
    const [expected] = await model.logits([pictures[7] as Buffer]);
    expect(rows[7]).toEqual(expected);
  });

  test('copies what it is given when a batch begins, not before', async () => {
    await using model = await load({ maxBatchSize: 2 });
    const grey = (level: number) =>
      ({ data: new Uint8Array(48).fill(level), width: 4, height: 4, channels: 3 }) as const;
    const sources = Array.from({ length: 30 }, () => grey(10));
    const rows: Float32Array[] = [];
    for await (const { result } of model.stream(sources, 'logits')) {
      if (rows.length === 0) sources.at(-1)?.data.fill(200);
      rows.push(result);
    }
    expect(rows.at(-1)).not.toEqual(rows[0]);
    expect(rows.at(-2)).toEqual(rows[0]);
  });

  test('of what the iterable throws, and of a single image, one hears', async () => {
    await using model = await load({ maxBatchSize: 2 });
    const source = async function* () {
      yield pictures[0] as Buffer;
      throw new Error('the line went dead');
    };
    const seen: unknown[] = [];
    await expect(async () => {
      for await (const { result } of model.stream(source(), 'logits')) seen.push(result);
    }).rejects.toThrow('the line went dead');
    expect(seen).toHaveLength(1);
    for (const wrong of ['a.jpg', pictures[0], null, 3, {}]) {
      const attempt = model.stream(wrong as never, 'logits').next();
      await expect(attempt).rejects.toThrow(
        /^stream: expected a list or an iterable of images, received .* Hint: one image is \[image\]\.$/,
      );
    }
  });

  test('refuses what is wrong before it reads anything', async () => {
    await using model = await load();
    const first = (output: string, options: object) => model.stream(pictures, output as 'logits', options).next();
    await expect(first('classes', {})).rejects.toThrow(/output: expected logits, predictions, features/);
    await expect(first('logits', { timeoutMs: 5 })).rejects.toThrow(/stream has no option timeoutMs/);
    await expect(first('logits', { signal: 5 })).rejects.toThrow(/stream: signal/);
  });
});

describe('the end of a model', () => {
  test('dispose rejects what runs and what waits', async () => {
    const model = await load({ maxBatchSize: 2 });
    const { result } = await busy(model, 2);
    const calls = [result, ...pictures.slice(0, 6).map((picture) => model.classify(picture))];
    model.dispose();
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await expect(model.classify(pictures[0] as Buffer)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await expect(model.warmup()).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await expect(model.stream(pictures, 'logits').next()).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  test('asynchronous disposal lets what was accepted finish, lists to their end', async () => {
    const model = await load({ maxBatchSize: 2 });
    const calls = [model.logits(pictures.slice(0, 9)), ...pictures.slice(0, 5).map((picture) => model.logits(picture))];
    const disposing = model[Symbol.asyncDispose]();
    await expect(model.classify(pictures[0] as Buffer)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect((await Promise.all(calls)).map((rows) => rows.length)).toEqual([9, ...new Array(5).fill(classes)]);
    await disposing;
  });

  test('asynchronous disposal does not wait for a reader of a stream that never goes on', async () => {
    const model = await load({ maxBatchSize: 2 });
    const stream = model.stream(pictures, 'logits');
    await stream.next();
    await model[Symbol.asyncDispose]();
    await expect(async () => {
      for await (const { result } of stream) expect(result).toHaveLength(classes);
    }).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});

describe('warmup', () => {
  test('makes every program that calls will need', async () => {
    await using model = await load({ maxBatchSize: 3 });
    await model.warmup();
    expect(model.stats()).toMatchObject({ programs: 9, runs: 9 });
    await Promise.all([
      model.classify(pictures.slice(0, 6)),
      model.embed(pictures.slice(0, 5)),
      model.logits(pictures[0] as Buffer),
    ]);
    expect(model.stats().programs).toBe(9);
    expect(model.stats().batching).toMatchObject({ requests: 3, rejected: 0 });
  });

  test('of some sizes and outputs makes no others', async () => {
    await using model = await load({ maxBatchSize: 8 });
    await model.warmup({ batchSizes: [1, 8, 1], outputs: ['predictions'] });
    expect(model.stats()).toMatchObject({ programs: 2, runs: 2 });
    await model.classify(pictures[0] as Buffer);
    expect(model.stats().programs).toBe(2);
  });

  test.each<[object, RegExp]>([
    [{ batchSizes: [3] }, /batchSizes: expected some of 1, 2, 4, 8/],
    [{ batchSizes: [] }, /batchSizes: expected some of/],
    [{ batchSizes: 4 }, /batchSizes: expected some of 1, 2, 4, 8, received 4/],
    [{ outputs: ['classes'] }, /outputs: expected some of logits, predictions, features/],
    [{ sizes: [1] }, /warmup has no option sizes/],
    [{ signal: 1 }, /warmup: signal/],
  ])('refuses %j', async (options, message) => {
    await using model = await load({ maxBatchSize: 8 });
    const attempt = model.warmup(options);
    await expect(attempt).rejects.toThrow(ArgumentError);
    await expect(attempt).rejects.toThrow(message);
    expect(model.stats().programs).toBe(0);
  });

  test('ends with the reason of its signal', async () => {
    await using model = await load();
    await expect(model.warmup({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });
});

describe('infer', () => {
  test('gives several outputs of one run, those that the calls for one output give', async () => {
    await using model = await load({ maxBatchSize: 4 });
    const [first, second] = pictures as [Buffer, Buffer];
    const rows = await model.infer([first, second]);
    expect(model.stats().batching.batches).toBe(1);
    expect(rows.map((row) => Object.keys(row).sort())).toEqual([
      ['features', 'logits', 'predictions'],
      ['features', 'logits', 'predictions'],
    ]);
    expect(largestDifference(rows[1]?.logits ?? [], await model.logits(second))).toBeLessThan(1e-4);
    expect(largestDifference(rows[0]?.features ?? [], await model.embed(first))).toBeLessThan(1e-4);
    expect(rows[0]?.features).toHaveLength(model.outputSize('features'));
    const [some] = await model.infer([first], { outputs: ['logits', 'features'] });
    expect(Object.keys(some ?? {}).sort()).toEqual(['features', 'logits']);
    await expect(model.infer([first], { outputs: [] })).rejects.toThrow(ArgumentError);
    await expect(model.infer([first], { priority: 0 })).rejects.toThrow('priority');
    expect(await model.infer([])).toEqual([]);
  });

  test('is ready at once after a warm-up for the same outputs', async () => {
    await using model = await load({ maxBatchSize: 2 });
    await model.warmup({ outputs: [model.outputs] });
    const { programs } = model.stats();
    await model.infer(pictures.slice(0, 3));
    expect(model.stats().programs).toEqual(programs);
  });

  test('takes what preprocess gives, among pictures, and no other length', async () => {
    await using model = await load();
    const [first, second] = pictures as [Buffer, Buffer];
    const preprocessed = await model.preprocess([first]);
    const [a, b, c] = await model.logits([{ preprocessed }, second, first]);
    expect([a, c].map((row) => row?.join())).toEqual([c, a].map((row) => row?.join()));
    expect(b?.join()).not.toBe(a?.join());
    const promise = model.logits({ preprocessed });
    const expected = await model.logits(first);
    preprocessed.fill(0);
    expect(largestDifference(await promise, expected)).toBeLessThan(1e-4);
    await expect(model.logits({ preprocessed: preprocessed.subarray(1) })).rejects.toThrow('32 x 32 x 3');
    await expect(model.logits({ preprocessed: new Float64Array(3072) as never })).rejects.toThrow(ArgumentError);
  });
});
