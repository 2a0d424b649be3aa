/** The client against the real server. */
import { classesOf, createClient, type InputTensor, type Picture, rowsOf } from '../../../lib/client/index.js';
import { startServer } from '../../../lib/server/index.js';
import { fakeModel } from '../../helpers/fake_model.js';
import { largestDifference } from '../../helpers/network_fixtures.js';
import { encoders, gradient } from '../../helpers/pictures.js';
import { labels, preprocessedPixels, type SmallServer, side, smallServer } from '../../helpers/small_server.js';

let small: SmallServer;
let picture: Buffer;
beforeAll(async () => {
  small = await smallServer({ token: 'a-token-of-this-server' });
  picture = await encoders.png.encode(gradient(20, 16));
});
afterAll(() => small[Symbol.asyncDispose]());

const client = () => createClient(small.url, { token: 'a-token-of-this-server' });
const bytes = () => new Uint8Array(picture);
const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
const pixels = (images: number): InputTensor => ({
  datatype: 'FP32',
  shape: [images, side, side, 3],
  data: preprocessedPixels(images),
});
/** A promise's rejection. */
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('a client', () => {
  test('asks whether the server lives and is ready, and what it and its models are', async () => {
    expect(await Promise.all([client().live(), client().ready(), client().modelReady('small')])).toEqual([
      true,
      true,
      true,
    ]);
    expect(await client().modelReady('small', { version: '1' })).toBe(true);
    expect((await client().server()).extensions).toContain('binary_tensor_data');
    const model = await client().model('small');
    expect(model.inputs).toEqual([{ name: 'images', datatype: 'FP32', shape: [-1, side, side, 3] }]);
    expect(model.versions).toEqual(['1']);
  });

  test('tells a server that is not there as one that does not live', async () => {
    const nobody = createClient('http://127.0.0.1:9');
    expect([await nobody.live(), await nobody.ready()]).toEqual([false, false]);
  });

  const forms: readonly [string, () => Picture][] = [
    ['a Uint8Array', bytes],
    ['an ArrayBuffer', () => bytes().buffer],
    ['a part of a larger array', () => new Uint8Array([1, 2, ...picture, 3]).subarray(2, 2 + picture.length)],
    ['a Blob', () => new Blob([bytes()], { type: 'image/png' })],
    ['a stream', () => streamOf(bytes().subarray(0, 100), bytes().subarray(100))],
  ];
  test.each(forms)('classifies a picture that is %s', async (_, form) => {
    const expected = await small.model.classify(picture, { topK: 2 });
    const { predictions, ...names } = await client().classify('small', form(), { topK: 2 });
    expect(names).toEqual({ modelName: 'small', modelVersion: '1' });
    expect(predictions.map(({ index, label }) => [index, label])).toEqual(
      expected.map(({ index, label }) => [index, label]),
    );
  });

  test.each([true, false])('infers from tensors, binary: %s', async (binary) => {
    const expected = await small.model.run(preprocessedPixels(2), { output: 'logits' });
    const result = await client().infer('small', pixels(2), { binary, id: 'x', version: '1' });
    expect(result).toMatchObject({ id: 'x', modelName: 'small', modelVersion: '1' });
    expect(Object.keys(result.outputs)).toEqual(['logits', 'predictions', 'features']);
    const rows = rowsOf(result.outputs.logits);
    expect(rows.map(({ length }) => length)).toEqual([3, 3]);
    expect(largestDifference(result.outputs.logits?.data as Float32Array, expected)).toBeLessThan(1e-4);
  });

  test.each([true, false])('infers from pictures, and reads classes with their labels, binary: %s', async (binary) => {
    const blob = new Blob([bytes()]);
    const { outputs } = await client().infer(
      'small',
      { pictures: [blob, bytes()] },
      {
        binary,
        outputs: [{ name: 'predictions', classification: 2 }, 'logits'],
      },
    );
    expect(outputs.logits?.shape).toEqual([2, 3]);
    const classes = classesOf(outputs.predictions);
    const [first] = await small.model.classify(picture);
    expect(classes.map((each) => each.length)).toEqual([2, 2]);
    for (const [best] of classes) expect(best).toMatchObject({ index: first?.index, label: labels[first?.index ?? 0] });
    expect(() => classesOf(outputs.logits)).toThrow('classification');
    expect(() => rowsOf(outputs.predictions)).toThrow('FP32');
  });

  test('tells the errors of the server in its words', async () => {
    expect(await failure(client().classify('none', bytes()))).toMatchObject({
      ...{ name: 'ServerError', code: 'ERR_SERVER', status: 404, message: 'There is no model "none".' },
    });
    expect(await failure(client().classify('small', new Uint8Array(10)))).toMatchObject({ status: 400 });
    expect(await failure(client().infer('small', { ...pixels(2), shape: [1, side, side, 3] }))).toMatchObject({
      status: 400,
      message: expect.stringContaining('expected 768 bytes'),
    });
    expect(await failure(createClient(small.url).classify('small', bytes()))).toMatchObject({
      status: 401,
      message: expect.stringContaining('Authorization: Bearer TOKEN'),
    });
    expect(await failure(createClient(small.url).modelReady('small'))).toMatchObject({ status: 401 });
  });

  test('reaches routes below a path', async () => {
    const asked: string[] = [];
    const fetched = async (url: string) => {
      asked.push(url);
      return new Response('{}');
    };
    await createClient('https://host/vision/', { fetch: fetched }).model('a b', { version: '2' });
    expect(asked).toEqual(['https://host/vision/v2/models/a%20b/versions/2']);
  });

  test.each([
    ['host:8000', {}, 'http://127.0.0.1:8000'],
    ['not a url', {}, 'expected the URL'],
    ['http://user:secret@host', {}, 'a name of a user'],
    ['http://host', { tokn: 'x' }, 'did you mean token'],
    ['http://host', { token: 'two words' }, 'without spaces'],
    ['http://host', { timeoutMs: 0 }, 'timeoutMs'],
  ])('refuses createClient(%j, %j)', (url, options, message) => {
    expect(() => createClient(url, options as object)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringMatching(message.replaceAll('.', '\\.')) }),
    );
  });

  test('refuses wrong options and pictures by name', async () => {
    const call = client();
    expect(await failure(call.classify('small', bytes(), { topk: 2 } as object))).toMatchObject({
      message: expect.stringContaining('topK'),
    });
    expect(await failure(call.classify('small', './photo.jpg' as never))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining('expected a Blob'),
    });
    expect(await failure(call.classify('', bytes()))).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(await failure(call.infer('small', pixels(1), { signal: 1 as never }))).toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  });
});

describe('a busy server', () => {
  /** A `fetch` that answers with what stands in a list, one after the other. */
  function answers(...list: (Response | Error)[]) {
    const sent: unknown[] = [];
    const fetch = async (_: string, { body }: RequestInit) => {
      sent.push(body);
      const next = list.shift();
      if (next instanceof Response) return next;
      throw next ?? new Error('nobody is asked so often');
    };
    return { sent, client: createClient('http://host', { fetch, retries: 2 }) };
  }
  const busy = (after = '0', status = 503) =>
    new Response('{"error":"The queue is full."}', { status, headers: { 'Retry-After': after } });
  const done = () => Response.json({ model_name: 'm', model_version: '1', predictions: [] });
  const refused = () => new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });

  test('is asked again with the same body, a stream too', async () => {
    const { sent, client } = answers(busy(), refused(), done());
    await client.classify('m', streamOf(bytes()));
    expect(sent).toEqual([bytes(), bytes(), bytes()]);
  });

  test('is asked no more often than was said', async () => {
    const all = answers(busy(), busy('0', 429), busy('0.001'));
    expect(await failure(all.client.classify('m', bytes()))).toMatchObject({
      ...{ status: 503, message: 'The queue is full.', retryAfterMs: 1 },
    });
    expect(all.sent).toHaveLength(3);
    const once = answers(refused());
    expect(await failure(once.client.classify('m', bytes(), { retries: 0 }))).toMatchObject({
      ...{ name: 'ConnectionError', code: 'ERR_CONNECTION', message: 'http://host cannot be reached: ECONNREFUSED.' },
    });
  });

  test('that wants more time than there is left is an error at once', async () => {
    const { sent, client } = answers(busy('1000000'));
    expect(await failure(client.classify('m', bytes()))).toMatchObject({ status: 503, retryAfterMs: 1e9 });
    expect(sent).toHaveLength(1);
  });

  test('is left alone when the signal says so, in the middle of a pause', async () => {
    const stop = new AbortController();
    const { client } = answers(busy('20'));
    const call = failure(client.classify('m', bytes(), { signal: stop.signal }));
    setTimeout(() => stop.abort('enough'), 5);
    expect(await call).toBe('enough');
  });

  test('other errors are not tried again', async () => {
    const { sent, client } = answers(new Response('<html>', { status: 502, headers: { 'Content-Type': 'text/html' } }));
    expect(await failure(client.classify('m', bytes()))).toMatchObject({ status: 502, message: 'HTTP 502' });
    expect(sent).toHaveLength(1);
  });

  const binary = (length: string | null, body: string | Uint8Array<ArrayBuffer>) =>
    new Response(body, {
      headers: {
        'Content-Type': 'application/octet-stream',
        ...(length === null ? {} : { 'Inference-Header-Content-Length': length }),
      },
    });
  const tensor = (more: object) => JSON.stringify({ outputs: [{ name: 'a', datatype: 'FP32', shape: [2], ...more }] });
  const section = tensor({ parameters: { binary_data_size: 8 } });
  test.each<[string, () => Response]>([
    ['is no JSON', () => new Response('<p>')],
    ['is a list', () => new Response('[]')],
    ['has no outputs', () => new Response('{}')],
    ['has too few numbers', () => new Response(tensor({ data: [1] }))],
    ['has text for numbers', () => new Response(tensor({ data: ['1', '2'] }))],
    ['has an unknown type', () => new Response(tensor({ datatype: 'FP8', data: [1, 2] }))],
    ['has a negative shape', () => new Response(tensor({ shape: [-2], data: [1, 2] }))],
    ['is cut off', () => binary(String(section.length), `${section}1234`)],
    ['has something behind it', () => binary(String(section.length), `${section}123456789`)],
    ['lies about the length of its JSON', () => binary('9999', section)],
    ['does not tell the length of its JSON', () => binary(null, `${section}12345678`)],
    [
      'has elements that do not add up',
      () => {
        const text = tensor({ datatype: 'BYTES', parameters: { binary_data_size: 8 } });
        return binary(String(text.length), `${text}\xff\xff\xff\xff1234`);
      },
    ],
  ])('whose answer %s is told as that', async (_, response) => {
    const { client } = answers(response());
    expect(await failure(client.infer('m', pixels(1)))).toMatchObject({
      code: 'ERR_SERVER',
      message: expect.stringContaining('is not what the protocol says'),
    });
  });
});

describe('a call', () => {
  async function slowServer() {
    const fake = fakeModel();
    const reasons: unknown[] = [];
    const monitor = { answered: ({ reason }: { reason: unknown }) => void reasons.push(reason) };
    const server = await startServer({
      models: { fake: fake.model },
      port: 0,
      drainDelayMs: 0,
      metrics: false,
      monitor,
    });
    return { fake, server, reasons, client: createClient(server.url) };
  }

  test('ends with the reason of its signal, and the server drops its work', async () => {
    const { fake, server, reasons, client } = await slowServer();
    const stop = new AbortController();
    const call = failure(client.classify('fake', bytes(), { signal: stop.signal }));
    const { options } = await fake.called(0);
    stop.abort(new Error('not needed any more'));
    expect(await call).toMatchObject({ message: 'not needed any more' });
    while (options.signal?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 2));
    await server.stop();
    expect(reasons).toEqual(['client_gone']);
    expect(await failure(client.classify('fake', bytes(), { signal: AbortSignal.abort('before') }))).toBe('before');
  });

  test('ends when its time is over', async () => {
    const { server, client } = await slowServer();
    expect(await failure(client.classify('fake', bytes(), { timeoutMs: 30 }))).toMatchObject({
      ...{ name: 'ExecutionError', code: 'ERR_ABORTED', message: 'The server did not answer within 30 ms.' },
    });
    await server.stop();
  });

  test('whose picture is a stream that fails, or that comes to no end, ends too', async () => {
    const { server, client } = await slowServer();
    const failing = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('disk')) });
    expect(await failure(client.classify('fake', failing))).toMatchObject({ message: 'disk' });
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      cancel: () => {
        cancelled = true;
      },
    });
    expect(await failure(client.classify('fake', endless, { timeoutMs: 30 }))).toMatchObject({ code: 'ERR_ABORTED' });
    expect(cancelled).toBe(true);
    await server.stop();
  });

  test('is refused as the server refuses it, until it is not', async () => {
    const { fake, server, client } = await slowServer();
    fake.refusal = Object.assign(new Error('full'), { code: 'ERR_QUEUE_FULL', retryAfterMs: 1 });
    expect(await failure(client.classify('fake', bytes(), { retries: 0 }))).toMatchObject({
      status: 503,
      retryAfterMs: 1000,
    });
    const call = client.classify('fake', bytes());
    fake.refusal = null;
    (await fake.called(0)).finish();
    expect((await call).predictions).toHaveLength(1);
    await server.stop();
  });
});
