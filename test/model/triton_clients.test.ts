/** Clients of others for Python against the server, Triton's and that of the protocol's working group: nothing of ours is on their side. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRepository } from '../../lib/server/index.js';
import { clientsPython, runClient } from '../helpers/clients.js';
import { largestDifference } from '../helpers/network_fixtures.js';
import { encoders, gradient } from '../helpers/pictures.js';
import { labels, type SmallServer, side, smallModel, smallServer } from '../helpers/small_server.js';
import { temporaryFolder } from '../helpers/temporary_folder.js';

const folder = temporaryFolder('clients');
const python = clientsPython();

interface Setting {
  readonly small: SmallServer;
  readonly report: Record<string, unknown>;
  /** Logits of the two images that a client sends, and of its picture. */
  readonly expected: readonly number[][];
  readonly pictureLogits: readonly number[];
}

/** Runs a client's script against a server with a small model. */
async function withClient(script: string, look: (setting: Setting) => void): Promise<void> {
  if (python === null) return;
  const repository = new ModelRepository();
  repository.add({ name: 'small', version: '1', load: () => smallModel() });
  await repository.loadAll();
  await using small = await smallServer({ models: repository, modelControl: true, metrics: 'triton', grpcPort: 0 });
  const picture = join(folder, 'picture.png');
  const { width, height, data } = gradient(20, 16);
  writeFileSync(picture, await encoders.png.encode({ width, height, channels: 3, data }));
  const values = Float32Array.from({ length: 2 * side * side * 3 }, (_, i) => ((i * 37) % 101) - 50);
  const logits = await small.model.run(values);
  const expected = [[...logits.subarray(0, 3)], [...logits.subarray(3)]];
  const pictureLogits = [...(await small.model.logits({ width, height, channels: 3, data }))];
  const address = script.includes('grpc') ? (small.server.grpcAddress as string) : new URL(small.url).host;
  const told = await runClient(python, script, [address, 'small', String(side), picture, 'control']);
  look({ small, report: JSON.parse(told), expected, pictureLogits });
}

function expectNear(rows: unknown, wanted: readonly (readonly number[])[]): void {
  expect(largestDifference((rows as number[][]).flat(), wanted.flat())).toBeLessThan(1e-4);
}

/** The two largest of each row, as index and label. */
function topTwo(rows: readonly (readonly number[])[]) {
  return rows.map((row) =>
    [0, 1, 2]
      .sort((a, b) => (row[b] as number) - (row[a] as number))
      .slice(0, 2)
      .map((index) => [index, labels[index]]),
  );
}

function expectClasses(report: unknown, expected: readonly (readonly number[])[]): void {
  const told = (report as string[][]).map((row) =>
    row.map((text) => {
      const [, index, ...label] = text.split(':');
      return [Number(index), label.join(':')];
    }),
  );
  expect(told).toEqual(topTwo(expected));
}

/** Numbers are text where gRPC has 64 bits. */
function expectStatistics(report: unknown): void {
  interface Counts {
    count?: string | number;
    ns?: string | number;
  }
  const [model] = report as {
    inference_count: string;
    inference_stats: Record<string, Counts>;
    batch_stats: unknown[];
  }[];
  expect(model).toMatchObject({ name: 'small', version: '1' });
  const { success, queue, compute_input: input, compute_infer: run } = model?.inference_stats ?? {};
  expect(Number(success?.count)).toBeGreaterThan(5);
  for (const each of [success, queue, input, run]) expect(Number(each?.ns)).toBeGreaterThan(0);
  expect(Number(queue?.count)).toBe(Number(model?.inference_count));
  expect(model?.batch_stats.length).toBeGreaterThan(0);
}

test('tritonclient over HTTP: health, metadata, infer in JSON and binary, compression, classification, errors', async () => {
  await withClient('triton_http.py', ({ report, expected, pictureLogits }) => {
    expect(report).toMatchObject({
      ...{ live: true, ready: true, model_ready: true, version_ready: true, no_model_ready: false },
      server: { name: 'slimnet', extensions: expect.arrayContaining(['binary_tensor_data', 'classification']) },
      model: {
        name: 'small',
        versions: ['1'],
        inputs: [{ name: 'images', datatype: 'FP32', shape: [-1, side, side, 3] }],
      },
      id: 'seven',
      all_outputs: ['logits', 'predictions', 'features'],
      wrong_shape: ['400', expect.stringContaining('[2,7,8,3]')],
      wrong_output: ['400', expect.stringContaining('nothing')],
      index: [{ name: 'small', version: '1', state: 'READY', reason: '' }],
      after_unload: [false, ['503', expect.stringContaining('small')]],
      after_load: true,
      own_config: ['400', expect.stringContaining('configuration')],
      wrong_model: ['404', expect.stringContaining('none')],
    });
    expect(report.config).toMatchObject({
      ...{ name: 'small', platform: 'slimnet', backend: 'slimnet', max_batch_size: 64 },
      input: [{ name: 'images', data_type: 'TYPE_FP32', dims: [side, side, 3] }],
      output: expect.arrayContaining([{ name: 'logits', data_type: 'TYPE_FP32', dims: [3] }]),
      dynamic_batching: { preferred_batch_size: [4], max_queue_delay_microseconds: 0 },
      instance_group: [{ kind: 'KIND_CPU', count: 1 }],
    });
    expectStatistics(report.statistics);
    expect(report.all_statistics).toMatchObject([{ name: 'small', version: '1' }]);
    for (const kind of ['binary', 'json', 'gzip', 'deflate', 'version', 'options']) expectNear(report[kind], expected);
    expectNear(report.pictures, [pictureLogits, pictureLogits]);
    expect(report.concurrent).toHaveLength(8);
    for (const rows of report.concurrent as unknown[]) expectNear(rows, expected);
    for (const kind of ['classes', 'classes_json']) expectClasses(report[kind], expected);
  });
});

test('tritonclient over gRPC: health, metadata, infer, compression, classification, repository, errors', async () => {
  await withClient('triton_grpc.py', ({ small, report, expected, pictureLogits }) => {
    expect(report).toMatchObject({
      ...{ live: true, ready: true, model_ready: true, version_ready: true },
      no_model_ready: ['StatusCode.NOT_FOUND', expect.stringContaining('none')],
      server: { name: 'slimnet', extensions: expect.arrayContaining(['classification']) },
      model: {
        name: 'small',
        versions: ['1'],
        platform: 'slimnet',
        inputs: [{ name: 'images', datatype: 'FP32', shape: ['-1', `${side}`, `${side}`, '3'] }],
        outputs: expect.arrayContaining([{ name: 'logits', datatype: 'FP32', shape: ['-1', '3'] }]),
      },
      id: 'seven',
      all_outputs: ['logits', 'predictions', 'features'],
      wrong_shape: ['StatusCode.INVALID_ARGUMENT', expect.stringContaining('[2,7,8,3]')],
      wrong_output: ['StatusCode.INVALID_ARGUMENT', expect.stringContaining('nothing')],
      wrong_model: ['StatusCode.NOT_FOUND', expect.stringContaining('none')],
      index: { models: [{ name: 'small', version: '1', state: 'READY' }] },
      after_unload: [false, ['StatusCode.UNAVAILABLE', expect.stringContaining('small')]],
      after_load: true,
      own_config: ['StatusCode.INVALID_ARGUMENT', expect.stringContaining('configuration')],
    });
    expect(report.config).toMatchObject({
      ...{ name: 'small', platform: 'slimnet', backend: 'slimnet', max_batch_size: 64 },
      input: [{ name: 'images', data_type: 'TYPE_FP32', dims: [`${side}`, `${side}`, '3'] }],
      output: expect.arrayContaining([{ name: 'logits', data_type: 'TYPE_FP32', dims: ['3'] }]),
      dynamic_batching: { preferred_batch_size: [4] },
      instance_group: [{ kind: 'KIND_CPU', count: 1 }],
    });
    expectStatistics(report.statistics);
    for (const kind of ['raw', 'gzip', 'deflate', 'version', 'options']) expectNear(report[kind], expected);
    expectNear(report.pictures, [pictureLogits, pictureLogits]);
    expect(report.concurrent).toHaveLength(8);
    for (const rows of report.concurrent as unknown[]) expectNear(rows, expected);
    expectClasses(report.classes, expected);
    expect(
      small.answered.filter(({ protocol, reason }) => protocol === 'grpc' && reason === 'bad_tensor'),
    ).toHaveLength(2);
  });
});

test('the client of the working group finds every answer as the protocol describes it', async () => {
  await withClient('protocol_client.py', ({ report, expected }) => {
    expect(report).toMatchObject({
      server: { name: 'slimnet', version: expect.any(String), extensions: expect.any(Array) },
      model: { name: 'small', versions: ['1'], platform: 'slimnet' },
      answer: { id: 'seven', model_name: 'small', outputs: [{ name: 'logits', datatype: 'FP32', shape: [2, 3] }] },
      all: ['logits', 'predictions', 'features'],
      none: [404, { error: expect.stringContaining('none') }],
      short: [400, { error: expect.stringContaining('384') }],
    });
    expectNear((report.answer as { outputs: { data: number[] }[] }).outputs[0]?.data, expected);
  });
});

test('metrics count what clients did, under names of ours and of Triton', async () => {
  await using small = await smallServer({ metrics: 'triton' });
  const { width, height, data } = gradient(20, 16);
  const picture = new Uint8Array(await encoders.png.encode({ width, height, channels: 3, data }));
  const classify = (name: string) =>
    fetch(`${small.url}/v1/models/${name}:classify`, { method: 'POST', body: picture });
  await classify('small');
  await classify('small');
  await classify('none');
  const metric = async (line: RegExp) => Number(line.exec(await (await fetch(`${small.url}/metrics`)).text())?.[1]);
  // An answer is counted once its connection has it.
  while ((await metric(/slimnet_refusals_total\{reason="not_found"\} (\d+)/)) < 1);
  const expected: readonly (readonly [RegExp, number])[] = [
    [/slimnet_requests_total\{protocol="http",operation="classify",model="small",version="1",status="200"\} (\d+)/, 2],
    [/slimnet_requests_total\{protocol="http",operation="classify",model="",version="",status="404"\} (\d+)/, 1],
    [/slimnet_refusals_total\{reason="overloaded"\} (\d+)/, 0],
    [/slimnet_images_total\{model="small",version="1"\} (\d+)/, 2],
    [/slimnet_request_duration_seconds_count\{operation="classify",model="small",version="1"\} (\d+)/, 2],
    [/slimnet_model_ready\{model="small",version="1"\} (\d+)/, 1],
    [/slimnet_queue_images\{model="small",version="1"\} (\d+)/, 0],
    [/slimnet_requests_in_progress (\d+)/, 0],
    [/nv_inference_request_success\{model="small",version="1"\} (\d+)/, 2],
    [/nv_inference_count\{model="small",version="1"\} (\d+)/, 2],
    [/nv_inference_pending_request_count\{model="small",version="1"\} (\d+)/, 0],
  ];
  for (const [line, value] of expected) expect([line, await metric(line)]).toEqual([line, value]);
});
