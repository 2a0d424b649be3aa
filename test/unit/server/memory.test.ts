/** What requests bring is given back when they are answered: the event loop has no heap to go through for it. */
import { request } from 'node:http';
import { encoders, gradient } from '../../helpers/pictures.js';
import { binaryRequest, type SmallServer, smallServer } from '../../helpers/small_server.js';

const size = 224;
const requests = 40;
/** A request of either kind brings more than a MiB, bodies, pixels and copies together. */
const mostKept = 8 * 2 ** 20;

let small: SmallServer;
beforeAll(async () => {
  small = await smallServer({}, { imageSize: size });
});
afterAll(() => small[Symbol.asyncDispose]());

/** Sends a body, of which the client keeps no copy. */
function send(path: string, body: Buffer, headers: Record<string, string | number>): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${small.url}${path}`,
      { method: 'POST', headers: { 'content-length': body.byteLength, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
      },
    );
    call.on('error', reject).end(body);
  });
}

/** Sends the same request again and again. @returns by how much memory outside of the heap was more than at first, at most */
async function growth(path: string, body: Buffer, headers: Record<string, string>): Promise<number> {
  const answer = await send(path, body, headers);
  const { external } = process.memoryUsage();
  let most = 0;
  for (let i = 0; i < requests; i++) {
    expect(await send(path, body, headers)).toBe(answer);
    most = Math.max(most, process.memoryUsage().external - external);
  }
  return most;
}

describe('memory of requests', () => {
  test('for pictures', async () => {
    const picture = await encoders.jpeg.encode(gradient(500, 375));
    expect(await growth('/v1/models/small:classify', picture, {})).toBeLessThan(mostKept);
  });

  // The second name moves the tensor by one to three bytes from where numbers may lie.
  test.each(['images', 'padding'])('for tensors in binary form, behind the parameter %s', async (name) => {
    const tensor = new Float32Array(size * size * 3).fill(0.5);
    const { body, headers } = binaryRequest(
      {
        inputs: [
          {
            ...{ name: 'images', datatype: 'FP32', shape: [1, size, size, 3] },
            parameters: { binary_data_size: tensor.byteLength, [name]: 1 },
          },
        ],
        outputs: [{ name: 'predictions' }],
      },
      new Uint8Array(tensor.buffer),
    );
    expect(await growth('/v2/models/small/infer', body, headers)).toBeLessThan(mostKept);
  });

  test('for long JSON, which another thread reads', async () => {
    const tensor = new Float32Array(size * size * 3).fill(0.5);
    const json = Buffer.from(
      JSON.stringify({ inputs: [{ name: 'images', datatype: 'FP32', shape: [1, size, size, 3], data: [...tensor] }] }),
    );
    expect(await growth('/v2/models/small/infer', json, {})).toBeLessThan(mostKept);
  });
});
