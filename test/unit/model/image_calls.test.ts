/** The way of images through a model, with a network that fails. */
import { type CallParts, ImageCalls } from '../../../lib/model/image_calls.js';

test('pixels that wait behind a batch that fails are given back', async () => {
  const pixels = Array.from({ length: 3 }, () => new Float32Array(8192));
  const parts = {
    batching: { maxBatchSize: 1, maxQueueDelayMs: 0, queueLimit: 8 },
    images: {
      own: (source: string) => ({ source, owned: null, error: null }),
      prepare: async (items: readonly object[]) =>
        items.map((item, i) => ({ item, pixels: pixels[i], borrowed: false })),
    },
    network: { rows: () => Promise.reject(new Error('the network failed')) },
    runsAtOnce: 1,
  } as unknown as CallParts;
  await expect(new ImageCalls(parts).alone(['a', 'b', 'c'], 'logits', undefined)).rejects.toThrow('the network failed');
  expect(pixels.map(({ length }) => length)).toEqual([0, 0, 0]);
});
