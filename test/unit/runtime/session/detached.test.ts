import {
  ArgumentError,
  checkpoint,
  decodeImage,
  Graph,
  loadLabels,
  placeholder,
  preprocessImage,
  Session,
  slim,
} from '../../../../lib/index.js';

/** The array after its memory was transferred to somebody else. */
function detached<T extends ArrayBufferView>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

const floats = () => detached(new Float32Array(6));
const bytes = () => detached(new Uint8Array(12));

async function session(shape: (number | null)[]) {
  const graph = new Graph();
  const y = graph.build(() => {
    slim.variable('v', { shape: [6] });
    return slim.relu(placeholder('float32', shape, { name: 'x' }));
  });
  return { session: await Session.create(graph, { device: 'reference' }), y };
}

const message = /the array's buffer is detached\. Hint: it was transferred elsewhere; hand over a copy\.$/;

test.each([[[null, 3]], [[2, 3]], [[null]]])(
  'a detached feed of %j is an error before and after the first compile',
  async (shape) => {
    const { session: s, y } = await session(shape);
    for (let round = 0; round < 2; round++) {
      for (const x of [
        floats(),
        [new Float32Array(3), floats()],
        { data: floats(), shape: [2, 3].slice(0, shape.length) },
      ]) {
        for (const options of [{}, { borrowed: true }]) {
          const attempt = s.run({ x }, { y }, options);
          await expect(attempt).rejects.toThrow(ArgumentError);
          await expect(attempt).rejects.toThrow(message);
          await expect(attempt).rejects.toThrow(/^Input x/);
        }
      }
      const empty = { data: new Float32Array(0), shape: [0, 3] };
      if (shape.length === 2 && shape[0] === null) expect((await s.run({ x: empty }, { y })).y.shape).toEqual([0, 3]);
      await s.run({ x: new Float32Array(6) }, { y });
    }
    s.dispose();
  },
);

test.each<[string, () => unknown]>([
  ['a variable', async () => (await session([1])).session.write('v', floats())],
  ['a constant', () => new Graph().build(() => slim.constant(floats()))],
  ['an initializer', () => slim.constantInitializer([floats()])],
  ['an image', () => decodeImage(bytes())],
  ['pixels', () => preprocessImage({ data: bytes(), width: 2, height: 2, channels: 3 }, { preprocessing: 'vgg' })],
  ['labels', () => loadLabels(bytes(), 3)],
  ['a checkpoint', () => checkpoint.openCheckpoint(bytes())],
])('so is %s in a detached buffer', async (_, work) => {
  const attempt = (async () => work())();
  await expect(attempt).rejects.toThrow(ArgumentError);
  await expect(attempt).rejects.toThrow(message);
});
