/** The Open Inference Protocol over HTTP, as clients that know nothing of slimnet speak it. */
import { readFileSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { imagesOf } from '../../../lib/server/inference/images.js';
import { largestDifference } from '../../helpers/network_fixtures.js';
import { encoders, gradient, paint } from '../../helpers/pictures.js';
import {
  binaryRequest,
  bytesElements,
  bytesOf,
  labels,
  preprocessedPixels,
  type SmallServer,
  side,
  smallServer,
} from '../../helpers/small_server.js';

const golden = join(__dirname, '..', '..', 'golden', 'server');

let small: SmallServer;
let picture: Buffer;
beforeAll(async () => {
  small = await smallServer();
  picture = await encoders.png.encode(gradient(20, 16));
});
afterAll(() => small[Symbol.asyncDispose]());

const get = (path: string, init: RequestInit = {}) => fetch(small.url + path, init);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  get(path, {
    method: 'POST',
    body: typeof body === 'string' || ArrayBuffer.isView(body) ? (body as Uint8Array) : JSON.stringify(body),
    headers,
  });
const inferPath = '/v2/models/small/infer';
const pixelTensor = (images: number) => ({
  name: 'images',
  datatype: 'FP32',
  shape: [images, side, side, 3],
  data: [...preprocessedPixels(images)],
});
interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: number[];
  readonly parameters?: { readonly binary_data_size: number };
}
interface Answer {
  readonly id?: string;
  readonly model_name: string;
  readonly model_version: string;
  readonly outputs: Output[];
  readonly error?: string;
}
const output = (answer: Answer, name: string) => answer.outputs.find((each) => each.name === name) as Output;

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
  expect(largestDifference(actual, expected)).toBeLessThan(1e-4);

describe('a server', () => {
  test('lives, is ready, and says what it is and has', async () => {
    for (const path of [
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/small/ready',
      '/v2/models/small/versions/1/ready',
    ])
      expect((await get(path)).status).toBe(200);
    expect(await (await get('/v2')).json()).toEqual({
      name: 'slimnet',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      extensions: ['binary_tensor_data', 'classification', 'model_configuration', 'statistics'],
    });
    const metadata = {
      name: 'small',
      versions: ['1'],
      platform: 'slimnet',
      inputs: [{ name: 'images', datatype: 'FP32', shape: [-1, side, side, 3] }],
      outputs: [
        { name: 'logits', datatype: 'FP32', shape: [-1, 3] },
        { name: 'predictions', datatype: 'FP32', shape: [-1, 3] },
        { name: 'features', datatype: 'FP32', shape: [-1, small.model.outputSize('features')] },
      ],
    };
    expect(await (await get('/v2/models/small')).json()).toEqual(metadata);
    expect(await (await get('/v2/models/small/versions/1')).json()).toEqual(metadata);
  });

  test.each([
    '/v2/models/none',
    '/v2/models/small/versions/2',
    '/v2/models/none/ready',
    '/nowhere',
    '/v2/models/..%2fx',
  ])('answers %s, which there is not, with 404 and an error', async (path) => {
    const response = await get(path);
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([404, ['error']]);
  });
});

describe('infer', () => {
  test('gives all outputs of preprocessed values, in JSON, with the id', async () => {
    const response = await post(inferPath, { id: 'a "b"', inputs: [pixelTensor(2)] });
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Answer;
    expect({ ...answer, outputs: answer.outputs.map(({ name, shape, datatype }) => [name, datatype, shape]) }).toEqual({
      id: 'a "b"',
      model_name: 'small',
      model_version: '1',
      outputs: [
        ['logits', 'FP32', [2, 3]],
        ['predictions', 'FP32', [2, 3]],
        ['features', 'FP32', [2, small.model.outputSize('features')]],
      ],
    });
    const pixels = preprocessedPixels(2);
    const expected = await small.model.run(pixels, { output: 'logits' });
    near(output(answer, 'logits').data, expected);
    const sum = output(answer, 'predictions')
      .data.slice(0, 3)
      .reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 5);
  });

  test('takes data as lists in lists, and gives only the outputs that are asked for', async () => {
    const flat = preprocessedPixels(1);
    const nested = [
      Array.from({ length: side }, (_, y) =>
        Array.from({ length: side }, (_, x) => [...flat.subarray(3 * (y * side + x), 3 * (y * side + x) + 3)]),
      ),
    ];
    const ask = async (data: unknown) =>
      (await (
        await post(inferPath, { inputs: [{ ...pixelTensor(1), data }], outputs: [{ name: 'logits' }] })
      ).json()) as Answer;
    const [a, b] = [await ask(nested), await ask([...flat])];
    expect(a.outputs.map(({ name }) => name)).toEqual(['logits']);
    expect(a).toEqual(b);
    expect(a.id).toBeUndefined();
  });

  test('takes and gives tensors in binary form, some of them or all', async () => {
    const pixels = preprocessedPixels(2);
    const input = {
      ...{ name: 'images', datatype: 'FP32', shape: [2, side, side, 3] },
      parameters: { binary_data_size: pixels.byteLength },
    };
    const some = binaryRequest(
      { inputs: [input], outputs: [{ name: 'predictions' }, { name: 'logits', parameters: { binary_data: true } }] },
      bytesOf(pixels),
    );
    const response = await post(inferPath, some.body, some.headers);
    expect(response.status).toBe(200);
    const length = Number(response.headers.get('inference-header-content-length'));
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = JSON.parse(bytes.subarray(0, length).toString()) as Answer;
    expect(answer.outputs.map(({ name, parameters }) => [name, parameters])).toEqual([
      ['predictions', undefined],
      ['logits', { binary_data_size: 24 }],
    ]);
    expect(bytes.length).toBe(length + 24);
    const expected = await small.model.run(pixels);
    for (let i = 0; i < 6; i++) expect(bytes.readFloatLE(length + 4 * i)).toBeCloseTo(expected[i] as number, 4);
    const all = binaryRequest({ inputs: [input], parameters: { binary_data_output: true } }, bytesOf(pixels));
    const whole = await post(inferPath, all.body, all.headers);
    const header = Number(whole.headers.get('inference-header-content-length'));
    expect((await whole.arrayBuffer()).byteLength).toBe(header + 4 * 2 * (3 + 3 + small.model.outputSize('features')));
  });

  test('decodes pictures that come as BYTES, in binary form and as base64, as the model itself does', async () => {
    const [expected] = await small.model.logits([picture]);
    const input = { name: 'images', datatype: 'BYTES', shape: [2] };
    const section = bytesElements(picture, picture);
    const binary = binaryRequest(
      { inputs: [{ ...input, parameters: { binary_data_size: section.length } }], outputs: [{ name: 'logits' }] },
      section,
    );
    const first = (await (await post(inferPath, binary.body, binary.headers)).json()) as Answer;
    const base64 = picture.toString('base64');
    const second = (await (
      await post(inferPath, {
        inputs: [{ ...input, data: [base64, base64], parameters: { content_type: 'base64' } }],
        outputs: [{ name: 'logits' }],
      })
    ).json()) as Answer;
    for (const answer of [first, second])
      near(output(answer, 'logits').data, [...(expected ?? []), ...(expected ?? [])]);
  });

  test('preprocesses pixels that come as UINT8, of any size', async () => {
    const { data, width, height } = gradient(20, 16);
    const expected = await small.model.logits({ data, width, height, channels: 3 });
    const { body, headers } = binaryRequest(
      {
        inputs: [
          {
            ...{ name: 'images', datatype: 'UINT8', shape: [1, height, width, 3] },
            parameters: { binary_data_size: data.length },
          },
        ],
      },
      data,
    );
    const answer = (await (await post(inferPath, body, headers)).json()) as Answer;
    near(output(answer, 'logits').data, expected);
  });

  test('gives the largest values with index and label for the parameter classification', async () => {
    const answer = (await (
      await post(inferPath, {
        inputs: [pixelTensor(2)],
        outputs: [
          { name: 'predictions', parameters: { classification: 2 } },
          { name: 'logits', parameters: { classification: 99 } },
        ],
      })
    ).json()) as { outputs: { name: string; datatype: string; shape: number[]; data: string[] }[] };
    expect(answer.outputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
      ['predictions', 'BYTES', [2, 2]],
      ['logits', 'BYTES', [2, 3]],
    ]);
    const pixels = preprocessedPixels(2);
    const logits = await small.model.run(pixels);
    const values = answer.outputs[1]?.data as string[];
    for (const [row, from] of [
      [logits.subarray(0, 3), 0],
      [logits.subarray(3, 6), 3],
    ] as const) {
      const order = [0, 1, 2].sort((a, b) => (row[b] as number) - (row[a] as number));
      order.forEach((index, i) => {
        const [value, shownIndex, ...label] = (values[from + i] as string).split(':');
        expect(Number(value)).toBeCloseTo(row[index] as number, 4);
        expect([Number(shownIndex), label.join(':')]).toEqual([index, labels[index]]);
      });
    }
  });

  test.each(['gzip', 'deflate'] as const)(
    'takes bodies that are packed with %s, and packs long answers',
    async (encoding) => {
      const pack = encoding === 'gzip' ? gzipSync : deflateSync;
      const body = pack(JSON.stringify({ inputs: [pixelTensor(40)] }));
      const response = await post(inferPath, body, { 'content-encoding': encoding, 'accept-encoding': encoding });
      expect([response.status, response.headers.get('content-encoding')]).toEqual([200, encoding]);
      expect(((await response.json()) as Answer).outputs[0]?.shape).toEqual([40, 3]);
    },
  );

  test('reads and writes long JSON in a thread of its own, with the same result', async () => {
    const images = 60;
    const long = { ...pixelTensor(images), data: [...preprocessedPixels(images)].map((value) => value + 1 / 3) };
    expect(JSON.stringify(long).length).toBeGreaterThan(256 * 1024 * 0.7);
    const data = long.data;
    const answer = (await (
      await post(inferPath, `${JSON.stringify({ inputs: [long] })}${' '.repeat(256 * 1024)}`)
    ).json()) as Answer;
    const expected = await small.model.run(Float32Array.from(data));
    const difference = Math.max(...output(answer, 'logits').data.map((v, i) => Math.abs(v - (expected[i] as number))));
    expect(difference).toBeLessThan(1e-3);
    const wrong = await post(
      inferPath,
      `{"inputs":[{"name":"images","datatype":"FP32","shape":[1],"data":["x"]}]}${' '.repeat(300_000)}`,
    );
    expect([wrong.status, ((await wrong.json()) as Answer).error]).toEqual([400, expect.stringContaining('images')]);
  });

  test('looks at the values of a large tensor a part at a time, and at all of them', async () => {
    const count = 2000;
    const values = new Float32Array(count * side * side * 3).fill(0.5);
    values[values.length - 1] = Number.NaN;
    const input = { name: 'images', datatype: 'FP32' as const, shape: [count, side, side, 3], data: values };
    let turns = 0;
    let done = false;
    const turn = () => {
      turns++;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    await expect(imagesOf(input, { height: side, width: side }, count)).rejects.toThrow('NaN or infinite');
    done = true;
    expect(turns).toBeGreaterThan(0);
    values[values.length - 1] = Number.NEGATIVE_INFINITY;
    await expect(imagesOf(input, { height: side, width: side }, count)).rejects.toThrow('NaN or infinite');
    values[values.length - 1] = 0;
    expect(await imagesOf(input, { height: side, width: side }, count)).toHaveLength(count);
  });

  const tensor = { name: 'images', datatype: 'FP32', shape: [1, side, side, 3] };
  const tooLong = { inputs: [{ ...tensor, parameters: { binary_data_size: 4 } }] };
  test.each([
    ['no JSON', '{', {}, 'no JSON'],
    ['no inputs', '{}', {}, 'inputs'],
    ['an empty body', '', {}, 'body'],
    ['another input', { inputs: [{ ...tensor, name: 'other', data: [] }] }, {}, 'other'],
    ['another shape', { inputs: [{ ...tensor, shape: [1, 4, 4, 3], data: new Array(48).fill(0) }] }, {}, '[1,4,4,3]'],
    ['too few values', { inputs: [{ ...tensor, data: [1, 2] }] }, {}, '192'],
    ['text for a number', { inputs: [{ ...tensor, data: new Array(192).fill('1') }] }, {}, 'element 0'],
    ['a number out of range', { inputs: [{ ...tensor, data: new Array(192).fill(1e39) }] }, {}, 'element 0'],
    ['lists of another form', { inputs: [{ ...tensor, data: [[1]] }] }, {}, 'shape'],
    ['an unknown type', { inputs: [{ ...tensor, datatype: 'FP31', data: [] }] }, {}, 'datatype'],
    [
      'a type that the model does not take',
      { inputs: [{ ...tensor, datatype: 'INT8', data: new Array(192).fill(0) }] },
      {},
      'INT8',
    ],
    ['a shape of endless size', { inputs: [{ ...tensor, shape: [1e9, 1e9], data: [] }] }, {}, 'elements'],
    ['a shape that is negative', { inputs: [{ ...tensor, shape: [-1, 8, 8, 3], data: [] }] }, {}, 'shape'],
    ['no image', { inputs: [{ ...tensor, shape: [0, 8, 8, 3], data: [] }] }, {}, 'at least one'],
    ['an unknown output', { inputs: [pixelTensor(1)], outputs: [{ name: 'nothing' }] }, {}, 'nothing'],
    [
      'classes of features',
      { inputs: [pixelTensor(1)], outputs: [{ name: 'features', parameters: { classification: 1 } }] },
      {},
      'features',
    ],
    ['a size without the header', tooLong, {}, 'Inference-Header-Content-Length'],
    ['a header that is no number', tooLong, { 'inference-header-content-length': '4x' }, 'number of bytes'],
    ['a header beyond the body', tooLong, { 'inference-header-content-length': '4000' }, '4000'],
    [
      'a file name for an image',
      { inputs: [{ name: 'images', datatype: 'BYTES', shape: [1], data: ['/etc/passwd'] }] },
      {},
      '',
    ],
    [
      'a URL for an image',
      { inputs: [{ name: 'images', datatype: 'BYTES', shape: [1], data: ['file:///etc/passwd'] }] },
      {},
      '',
    ],
    ['a broken package', 'abc', { 'content-encoding': 'gzip' }, 'Content-Encoding'],
  ])('answers %s with 400 and says what is wrong', async (_, body, headers, words) => {
    const response = await post(inferPath, body, headers as Record<string, string>);
    const { error } = (await response.json()) as Answer;
    expect([response.status, typeof error]).toEqual([400, 'string']);
    expect(error).toContain(words);
    expect(error).not.toMatch(/root:/);
  });

  test.each([
    ['too little', 767],
    ['too much', 769],
  ])('wants sections that add up to the byte: %s', async (_, length) => {
    const input = { ...tensor, parameters: { binary_data_size: 768 } };
    const { body, headers } = binaryRequest({ inputs: [input] }, new Uint8Array(length));
    expect((await post(inferPath, body, headers)).status).toBe(400);
    const own = binaryRequest(
      { inputs: [{ ...tensor, parameters: { binary_data_size: length } }] },
      new Uint8Array(length),
    );
    expect((await post(inferPath, own.body, own.headers)).status).toBe(400);
  });

  test.each(['br', 'constructor', '__proto__', 'gzip, gzip'])(
    'an encoding that it does not know is 415: %s',
    async (name) => {
      expect((await post(inferPath, 'x', { 'content-encoding': name })).status).toBe(415);
      const answer = await post(
        inferPath,
        { inputs: [pixelTensor(40)] },
        { 'accept-encoding': `${name.split(',')[0]};q=0.5` },
      );
      expect([answer.status, answer.headers.get('content-encoding')]).toEqual([
        200,
        name.startsWith('gzip') ? 'gzip' : null,
      ]);
    },
  );
});

describe('classify', () => {
  test('takes a picture as the body, whatever type it claims', async () => {
    const expected = await small.model.classify(picture);
    for (const type of ['image/png', 'application/x-www-form-urlencoded', 'application/json']) {
      const response = await post('/v1/models/small:classify', picture, { 'content-type': type });
      expect([response.status, await response.json()]).toEqual([
        200,
        { model_name: 'small', model_version: '1', predictions: expected },
      ]);
    }
    const one = await post('/v1/models/small/versions/1:classify?top_k=1', picture);
    expect(await one.json()).toMatchObject({ predictions: [expected[0]] });
  });

  test.each([
    ['what is no picture', '/v1/models/small:classify', 'text', 400],
    ['no body', '/v1/models/small:classify', '', 400],
    ['too many classes', '/v1/models/small:classify?top_k=4', 'x', 400],
    ['a number of classes that is none', '/v1/models/small:classify?top_k=1e3', 'x', 400],
    ['a verb that there is not', '/v1/models/small:destroy', 'x', 404],
    ['a model that there is not', '/v1/models/none:classify', 'x', 404],
  ])('refuses %s', async (_, path, body, status) => {
    const response = await post(path, body);
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([status, ['error']]);
  });
});

describe('calls that meet', () => {
  test('share batches, whatever outputs they want', async () => {
    await using other = await smallServer({}, { batching: { maxBatchSize: 4, maxQueueDelayMs: 2000 } });
    const ask = (name: string) =>
      fetch(`${other.url}${inferPath}`, {
        method: 'POST',
        body: JSON.stringify({ inputs: [pixelTensor(1)], outputs: [{ name }] }),
      });
    const responses = await Promise.all([ask('logits'), ask('features'), ask('predictions'), ask('logits')]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(other.model.stats().batching.imagesByBatchSize).toEqual({ 4: 4 });
  });
});

describe('limits', () => {
  test('bodies that are too large are refused from their headers, packed ones once they are', async () => {
    await using tight = await smallServer({ limits: { maxBodyBytes: 2000, maxBufferedBytes: 4000, maxImages: 2 } });
    const send = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
      fetch(`${tight.url}${inferPath}`, { method: 'POST', body, headers });
    expect((await send('x'.repeat(2001))).status).toBe(413);
    expect((await send(gzipSync(Buffer.alloc(100_000)), { 'content-encoding': 'gzip' })).status).toBe(413);
    const chunked = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(500));
      },
    });
    const endless = fetch(`${tight.url}${inferPath}`, { method: 'POST', body: chunked, duplex: 'half' } as RequestInit);
    await endless.then(
      ({ status }) => expect(status).toBe(413),
      // The connection ends before all was sent, and some clients see only that.
      (error: unknown) => expect(error).toBeInstanceOf(Error),
    );
    const { body, headers } = binaryRequest(
      { inputs: [{ name: 'images', datatype: 'BYTES', shape: [3], parameters: { binary_data_size: 12 } }] },
      bytesElements(Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)),
    );
    expect((await send(body, headers)).status).toBe(413);
    const reasons = () => tight.answered.map(({ reason }) => reason);
    while (reasons().length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reasons().sort()).toEqual(['too_large', 'too_large', 'too_large', 'too_many_images']);
  });

  test('a picture of more pixels than the model takes is refused', async () => {
    await using tight = await smallServer({}, { decode: { maxPixels: 100 } });
    const body = await encoders.png.encode(paint(20, 20, () => [1, 2, 3]));
    const response = await fetch(`${tight.url}/v1/models/small:classify`, { method: 'POST', body });
    const { error } = (await response.json()) as Answer;
    expect([response.status, error]).toEqual([400, expect.stringContaining('pixel limit')]);
    // Clients have no options of the server.
    expect(error).not.toContain('Hint');
  });

  test('a request that stops half-way is ended with 408', async () => {
    await using tight = await smallServer({ limits: { requestTimeoutMs: 300, headersTimeoutMs: 300 } });
    const { port } = new URL(tight.url);
    const answers = await Promise.all(
      ['POST /v2/models/small/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc', 'POST /v2/mod'].map(
        (text) =>
          new Promise<string>((resolve) => {
            let received = '';
            const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
            socket.on('data', (data) => {
              received += data;
            });
            socket.on('close', () => resolve(received));
          }),
      ),
    );
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 .*\{"error":/s);
  });

  test('what is no HTTP is answered with 400', async () => {
    const { port } = new URL(small.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('\u0001\u0002 nonsense\r\n\r\n'));
      socket.on('data', (data) => resolve(data.toString()));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\{"error":/s);
  });

  test('a token is wanted of all but probes', async () => {
    const token = 'secret-of-sixteen';
    await using locked = await smallServer({ token });
    const status = async (path: string, authorization?: string) =>
      (await fetch(locked.url + path, { headers: authorization === undefined ? {} : { authorization } })).status;
    expect(await status('/v2/health/live')).toBe(200);
    expect(await status('/v2/health/ready')).toBe(200);
    for (const wrong of [undefined, 'Bearer', `Bearer ${token}x`, `Basic ${token}`, 'Bearer secret'])
      expect(await status('/v2/models/small', wrong)).toBe(401);
    expect(await status('/v2/models/small', `Bearer ${token}`)).toBe(200);
  });

  test('TLS is served with the certificate that is given, and nothing else at that port', async () => {
    // Made by openssl req -x509 for localhost; its key is no secret.
    const [cert, key] = ['cert.pem', 'key.pem'].map((file) => readFileSync(join(golden, file))) as [Buffer, Buffer];
    await using secure = await smallServer({ tls: { cert, key } });
    expect(secure.url).toMatch(/^https:/);
    const body = await new Promise<string>((resolve, reject) => {
      httpsGet(`${secure.url}/v2`, { ca: cert }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).on('error', reject);
    });
    expect(JSON.parse(body).name).toBe('slimnet');
    await expect(fetch(secure.url.replace('https', 'http'))).rejects.toThrow();
  });

  test('a client that waits for leave to send its body hears no before it sends', async () => {
    await using tight = await smallServer({ limits: { maxBodyBytes: 2000 } });
    const { port } = new URL(tight.url);
    const talk = (length: number, path: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () =>
          socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`),
        );
        socket.once('data', (data) => {
          resolve(data.toString());
          socket.destroy();
        });
      });
    expect(await talk(5000, inferPath)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await talk(50, '/v2/models/none/infer')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await talk(50, inferPath)).toMatch(/^HTTP\/1\.1 100 /);
  });
});
