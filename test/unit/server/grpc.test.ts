/** gRPC, by the library's own client over the published .proto file, and by bytes where no client would send them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Client,
  type ClientUnaryCall,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ExecutionError } from '../../../lib/errors.js';
import { type ServerOptions, startServer } from '../../../lib/server/index.js';
import type { Answered } from '../../../lib/server/monitor.js';
import { fakeModel } from '../../helpers/fake_model.js';

const definition = loadSync(join(__dirname, '..', '..', '..', 'examples', 'grpc', 'open_inference.proto'), {
  keepCase: true,
  longs: Number,
});
const { inference } = loadPackageDefinition(definition) as unknown as {
  inference: { GRPCInferenceService: new (address: string, secrets: unknown) => Client };
};
type Answer = Record<string, unknown>;
type Ask = (message: object, metadata?: Metadata, options?: object) => Promise<Answer> & { cancel(): void };

const clients: Client[] = [];
afterAll(() => {
  for (const client of clients) client.close();
});

async function start(options: Partial<ServerOptions> = {}, secrets = credentials.createInsecure()) {
  const fake = fakeModel();
  const answered: Answered[] = [];
  const server = await startServer({
    models: { fake: fake.model },
    ...{ port: 0, grpcPort: 0, drainDelayMs: 0, metrics: false },
    monitor: { answered: (request) => answered.push(request) },
    ...options,
  });
  const address = (server.grpcAddress as string).replace('127.0.0.1', 'localhost');
  const client = new inference.GRPCInferenceService(address, secrets);
  clients.push(client);
  const ask =
    (method: string): Ask =>
    (message, metadata = new Metadata(), callOptions = {}) => {
      let call: ClientUnaryCall | undefined;
      const answer = new Promise<Answer>((resolve, reject) => {
        const unary = (client as unknown as Record<string, (...args: unknown[]) => ClientUnaryCall>)[method];
        call = unary?.call(client, message, metadata, callOptions, (error: ServiceError | null, value: Answer) =>
          error === null ? resolve(value) : reject(error),
        );
      });
      return Object.assign(answer, { cancel: () => call?.cancel() });
    };
  /** Sends bytes as they are. */
  const sendBytes = (path: string, bytes: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(path, Buffer.from, Buffer.from, bytes, (error, value) =>
        error === null ? resolve(value as Buffer) : reject(error),
      ),
    );
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { fake, server, client, answered, infer: ask('ModelInfer'), ask, sendBytes, until };
}

const values = Float32Array.from({ length: 12 }, (_, i) => i - 6);
const head = { name: 'images', datatype: 'FP32', shape: [1, 2, 2, 3] };
const typed = {
  model_name: 'fake',
  inputs: [{ ...head, contents: { fp32_contents: [...values] } }],
  outputs: [{ name: 'logits' }],
};
const raw = {
  ...{ model_name: 'fake', id: 'seven', inputs: [head], outputs: [{ name: 'logits' }] },
  raw_input_contents: [Buffer.from(values.buffer)],
};
const path = '/inference.GRPCInferenceService/ModelInfer';
const failure = (code: keyof typeof status, details: unknown) => ({ code: status[code], details });

describe('inference', () => {
  test('data in fields and raw data give the same, each in its own form', async () => {
    const { fake, server, infer, answered, until } = await start();
    const first = infer(typed);
    (await fake.called(0)).finish();
    expect(await first).toMatchObject({
      ...{ model_name: 'fake', model_version: '1' },
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [1, 3], contents: { fp32_contents: [0.5, 0.5, 0.5] } }],
    });
    const second = infer(raw);
    (await fake.called(1)).finish();
    expect(await second).toMatchObject({
      id: 'seven',
      outputs: [{ name: 'logits' }],
      raw_output_contents: [Buffer.from(new Float32Array([0.5, 0.5, 0.5]).buffer)],
    });
    for (const { images } of fake.calls) expect(images).toEqual([{ preprocessed: values }]);
    const pixels = { ...head, datatype: 'UINT8', shape: [1, 1, 2, 3] };
    const third = infer({ ...typed, inputs: [{ ...pixels, contents: { uint_contents: [0, 1, 2, 3, 127, 255] } }] });
    (await fake.called(2)).finish();
    await third;
    expect(fake.calls[2]?.images).toMatchObject([{ width: 2, height: 1, channels: 3 }]);
    const files = { ...head, datatype: 'BYTES', shape: [2] };
    const bytes_contents = [Buffer.from('one'), Buffer.from('two')];
    const fourth = infer({ ...typed, inputs: [{ ...files, contents: { bytes_contents } }] });
    (await fake.called(3)).finish();
    await fourth;
    expect(fake.calls[3]?.images.map((image) => Buffer.from(image as Uint8Array))).toEqual(bytes_contents);
    await until(() => answered.length === 4);
    expect(answered[3]).toMatchObject({
      ...{ protocol: 'grpc', operation: 'infer', model: { name: 'fake' }, reason: null, status: 200, images: 2 },
    });
    await server.stop();
  });

  test('parameters: priority, timeout, classification; a deadline shortens the time limit', async () => {
    const { fake, server, infer } = await start({ limits: { timeoutMs: 60_000 } });
    const parameters = { priority: { uint64_param: 3 }, timeout: { int64_param: 5_000_000 } };
    const classes = { name: 'logits', parameters: { classification: { int64_param: 2 } } };
    const first = infer({ ...typed, parameters, outputs: [classes] });
    const call = await fake.called(0);
    call.finish();
    expect(call.options).toMatchObject({ priority: 3, timeoutMs: 5000 });
    const { outputs } = (await first) as { outputs: { contents: { bytes_contents: Buffer[] } }[] };
    expect(outputs[0]?.contents.bytes_contents.map(String)).toEqual(['0.5:0:a', '0.5:1:b']);
    const second = infer(typed, undefined, { deadline: Date.now() + 30_000 });
    const { options, finish } = await fake.called(1);
    finish();
    await second;
    expect(options.timeoutMs).toBeLessThanOrEqual(30_000);
    expect(options.timeoutMs).toBeGreaterThan(0);
    await server.stop();
  });

  test('a deadline that is over, and a client that cancels, take their call with them', async () => {
    const { fake, server, infer, answered, until } = await start();
    const late = infer(typed, undefined, { deadline: Date.now() + 300 });
    const call = await fake.called(0);
    await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await until(() => answered.length === 1);
    expect(call.options.signal?.aborted).toBe(true);
    const dropped = infer(typed);
    const other = await fake.called(1);
    dropped.cancel();
    await expect(dropped).rejects.toMatchObject({ code: status.CANCELLED });
    await until(() => answered.length === 2);
    expect(other.options.signal?.aborted).toBe(true);
    expect(answered.map(({ status }) => status)).toEqual([expect.any(Number), 499]);
    await server.stop();
  });
});

describe('refusals', () => {
  test('have the words that HTTP has, and the code of gRPC', async () => {
    const { fake, server, infer, answered, until } = await start();
    const fail = async (error: unknown) => {
      const number = fake.calls.length;
      const answer = infer(typed);
      (await fake.called(number)).fail(error);
      return answer.catch(({ code, details, metadata }: ServiceError) => ({
        ...{ code, details, pushback: metadata.get('grpc-retry-pushback-ms') },
      }));
    };
    const full = new ExecutionError('Full.', { code: 'ERR_QUEUE_FULL', retryAfterMs: 1200 });
    expect(await fail(full)).toEqual({ ...failure('UNAVAILABLE', 'Full.'), pushback: ['1200'] });
    expect(await fail(new ExecutionError('Late.', { code: 'ERR_ABORTED' }))).toMatchObject(
      failure('DEADLINE_EXCEEDED', 'Late.'),
    );
    expect(await fail(new Error('ENOENT /secret/path'))).toMatchObject(
      failure('INTERNAL', expect.not.stringContaining('secret')),
    );
    await expect(infer({ ...typed, model_name: 'n\u{1f600}ne' })).rejects.toMatchObject(
      failure('NOT_FOUND', 'There is no model "n\u{1f600}ne".'),
    );
    await until(() => answered.length === 4);
    expect(answered.map(({ reason }) => reason)).toEqual(['overloaded', 'timeout', 'failed', 'not_found']);
    await server.stop();
  });

  test('of overload come from the headers, before there is a message', async () => {
    const { fake, server, client, answered, until } = await start({ limits: { maxConcurrent: 1 } });
    const open = () => {
      let say = (_: ServiceError | null) => {};
      const answer = new Promise<ServiceError | null>((resolve) => {
        say = resolve;
      });
      const call = client.makeClientStreamRequest(path, Buffer.from, Buffer.from, (error) => say(error));
      return { answer, call };
    };
    fake.refusal = new ExecutionError('The queue is full.', { code: 'ERR_QUEUE_FULL', retryAfterMs: 2300 });
    expect(await open().answer).toMatchObject(failure('UNAVAILABLE', 'The queue is full.'));
    fake.refusal = null;
    const first = open();
    const second = open();
    const busy = await Promise.race([first.answer, second.answer]);
    expect(busy).toMatchObject(failure('UNAVAILABLE', expect.stringContaining('the limit is 1')));
    first.call.cancel();
    second.call.cancel();
    await until(() => answered.length === 3);
    expect(answered.map(({ reason }) => reason)).toEqual(['overloaded', 'busy', 'client_gone']);
    await server.stop();
  });

  test('of messages that are too long, or do not come', async () => {
    const { server, client, infer, answered, until } = await start({
      limits: { maxBodyBytes: 1000, requestTimeoutMs: 100 },
    });
    await expect(infer({ ...raw, id: 'x'.repeat(2000) })).rejects.toMatchObject(
      failure('RESOURCE_EXHAUSTED', 'The body is larger than 1000 bytes.'),
    );
    const slow = await new Promise((resolve) => {
      client.makeClientStreamRequest(path, Buffer.from, Buffer.from, resolve);
    });
    expect(slow).toMatchObject(failure('DEADLINE_EXCEEDED', 'The request did not come in time.'));
    await until(() => answered.length === 2);
    expect(answered.map(({ reason }) => reason)).toEqual(['too_large', 'slow_request']);
    await server.stop();
  });

  const field = (number: number, bytes: Uint8Array) => [(number << 3) | 2, bytes.length, ...bytes];
  const input = (more: number[] = [], shape = [1, 2, 2, 3]) =>
    field(
      5,
      Uint8Array.from([
        ...field(1, Buffer.from('images')),
        ...field(2, Buffer.from('FP32')),
        ...field(3, Uint8Array.from(shape)),
        ...more,
      ]),
    );
  const named = field(1, Buffer.from('fake'));
  test.each<readonly [string, readonly number[], string]>([
    ['nothing', [], 'inputs'],
    ['no protocol buffer', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'no message'],
    ['a field that goes beyond the end', [...named, 0x2a, 0x7f, 0x0a], 'no message'],
    ['a group without end', [0x0b, 0x0b, 0x0b], 'no message'],
    ['text that is not UTF-8', field(3, Uint8Array.from([0xff, 0xfe])), 'no message'],
    ['a field of the wrong type', [0x08, 0x01], 'wire type'],
    ['more inputs than there may be', [...named, ...new Array(40).fill([0x2a, 0x00]).flat()], 'inputs'],
    ['an input without data', [...named, ...input()], 'expected 12 elements'],
    [
      'a shape that is too large for memory',
      [...named, ...input([], [0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f])],
      'too many elements',
    ],
    ['a negative size', [...named, ...input([], [...new Array(9).fill(0xff), 0x01])], 'sizes of dimensions'],
    ['a number that JavaScript has not', [...named, ...input([], [...new Array(8).fill(0xff), 0x7f])], 'too large'],
    [
      'data in the field of another type',
      [
        ...named,
        ...input(
          field(5, Uint8Array.from([...field(4, Uint8Array.from([1])), ...new Array(12).fill([0x78, 0]).flat()])),
        ),
      ],
      'not uint_contents',
    ],
    [
      'floats of three bytes',
      [...named, ...input(field(5, Uint8Array.from(field(6, new Uint8Array(15)))))],
      'multiple of 4',
    ],
    ['too few floats', [...named, ...input(field(5, Uint8Array.from(field(6, new Uint8Array(16)))))], 'received 4'],
    [
      'raw data beside others',
      [...named, ...input(field(5, new Uint8Array(0))), ...field(7, new Uint8Array(48))],
      'both',
    ],
    [
      'two raw data for one input',
      [...named, ...input(), ...field(7, new Uint8Array(48)), ...field(7, new Uint8Array(48))],
      'expected one for each',
    ],
    ['raw data of the wrong length', [...named, ...input(), ...field(7, new Uint8Array(47))], 'expected 48 bytes'],
    [
      'a parameter without value',
      [...named, ...field(4, Uint8Array.from(field(1, Buffer.from('priority'))))],
      'has no value',
    ],
  ])('of %s say what is wrong', async (_, bytes, words) => {
    const { fake, server, sendBytes } = await shared();
    await expect(sendBytes(path, Uint8Array.from(bytes))).rejects.toMatchObject(
      failure('INVALID_ARGUMENT', expect.stringContaining(words)),
    );
    expect(fake.calls).toHaveLength(0);
    expect(server.grpcAddress).not.toBeNull();
  });
  let running: ReturnType<typeof start> | undefined;
  const shared = () => {
    running ??= start();
    return running;
  };
  afterAll(async () => {
    await (await running)?.server.stop();
  });
});

test('health, for probes and for load balancers', async () => {
  const { fake, server, ask, sendBytes, infer } = await start({ drainDelayMs: 3000 });
  const check = '/grpc.health.v1.Health/Check';
  const service = Buffer.concat([Buffer.from([0x0a, 30]), Buffer.from('inference.GRPCInferenceService')]);
  expect([...(await sendBytes(check, Buffer.alloc(0)))]).toEqual([8, 1]);
  expect([...(await sendBytes(check, service))]).toEqual([8, 1]);
  await expect(sendBytes(check, Buffer.from([0x0a, 1, 0x61]))).rejects.toMatchObject({ code: status.NOT_FOUND });
  await expect(ask('RepositoryIndex')({})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  const accepted = infer(typed);
  await fake.called(0);
  const stopped = server.stop();
  expect([...(await sendBytes(check, Buffer.alloc(0)))]).toEqual([8, 2]);
  expect(await ask('ServerReady')({})).toEqual({ ready: false });
  expect(await ask('ServerLive')({})).toEqual({ live: true });
  const late = infer(typed);
  (await fake.called(1)).finish();
  await late;
  for (const call of fake.calls) call.finish();
  expect(await accepted).toMatchObject({ model_name: 'fake' });
  expect(await stopped).toBe(true);
  await expect(infer(typed)).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test('health can be watched until the server stops', async () => {
  const { server, client, answered, until } = await start({ drainDelayMs: 300 });
  const watch = (request: Uint8Array) => {
    const stream = client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      Buffer.from,
      (bytes: Buffer) => [...bytes],
      request,
    );
    const told: number[][] = [];
    stream.on('data', (message: number[]) => told.push(message));
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    return { stream, told, ended };
  };
  const [all, unknown, leaving] = [Buffer.alloc(0), Buffer.from([0x0a, 1, 0x61]), Buffer.alloc(0)].map(watch) as [
    ReturnType<typeof watch>,
    ReturnType<typeof watch>,
    ReturnType<typeof watch>,
  ];
  await until(() => [all, unknown, leaving].every(({ told }) => told.length === 1));
  leaving.stream.cancel();
  expect(await leaving.ended).toMatchObject({ code: status.CANCELLED });
  await until(() => answered.length === 1);
  const stopped = server.stop();
  for (const { ended } of [all, unknown]) expect(await ended).toMatchObject({ code: status.UNAVAILABLE });
  expect(await stopped).toBe(true);
  expect(all.told).toEqual([
    [8, 1],
    [8, 2],
  ]);
  expect(unknown.told).toEqual([[8, 3]]);
});

test('what takes longer than the grace is given up', async () => {
  const { fake, server, infer } = await start({ graceMs: 50 });
  const never = infer(typed);
  never.catch(() => {});
  await fake.called(0);
  expect(await server.stop()).toBe(false);
  await expect(never).rejects.toMatchObject({ code: expect.any(Number) });
});

test('token and TLS are those of HTTP', async () => {
  const token = 'a-token-of-sufficient-length';
  const [cert, key] = ['cert.pem', 'key.pem'].map((file) =>
    readFileSync(join(__dirname, '..', '..', 'golden', 'server', file)),
  ) as [Buffer, Buffer];
  const tls = { cert, key };
  const { server, ask, sendBytes } = await start({ token, tls }, credentials.createSsl(cert));
  expect(await ask('ServerLive')({})).toEqual({ live: true });
  expect([...(await sendBytes('/grpc.health.v1.Health/Check', Buffer.alloc(0)))]).toEqual([8, 1]);
  const wrong = new Metadata();
  wrong.set('authorization', 'Bearer something-else-altogether');
  for (const metadata of [undefined, wrong])
    await expect(ask('ModelReady')({ name: 'fake' }, metadata)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  const right = new Metadata();
  right.set('authorization', `Bearer ${token}`);
  expect(await ask('ModelReady')({ name: 'fake' }, right)).toEqual({ ready: true });
  await server.stop();
});

test('a port that is taken is an error that says so', async () => {
  const { fake, server } = await start();
  const grpcPort = Number(server.grpcAddress?.split(':').at(-1));
  await expect(startServer({ models: { fake: fake.model }, port: 0, grpcPort, metrics: false })).rejects.toThrow(
    `port ${grpcPort}: another program`,
  );
  await server.stop();
});
