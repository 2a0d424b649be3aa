import { ImageLoader } from '../../../lib/data/image_loader.js';
import { preprocessingFor } from '../../../lib/data/preprocessing.js';
import { ArgumentError, ImageError } from '../../../lib/errors.js';
import { encoders, gradient, slowPicture } from '../../helpers/pictures.js';

const spec = preprocessingFor('vgg', 32);
const none = undefined;

describe('loading images', () => {
  test('several calls at a time give each its own images, in order', async () => {
    const loader = new ImageLoader(spec);
    const pictures = [gradient(40, 50), gradient(60, 40), gradient(90, 33)];
    const bytes = await Promise.all(pictures.map((picture) => encoders.png.encode(picture)));
    const calls = await Promise.all(
      Array.from({ length: 6 }, (_, i) => loader.pixels(i % 2 === 0 ? bytes : pictures, none)),
    );
    for (const call of calls) {
      expect(call.map((row) => row.length)).toEqual([3072, 3072, 3072]);
      expect(call).toEqual(calls[0]);
    }
  });

  test('leaves bad images out where somebody is told, else throws the error of the earliest', async () => {
    const loader = new ImageLoader(spec);
    const items = ['nowhere.png', gradient(40, 40), 5 as unknown as string].map((source) => loader.own(source));
    const failed: [unknown, unknown][] = [];
    const prepared = await loader.prepare(items, none, ({ source }, error) => failed.push([source, error]));
    expect(prepared.map(({ item }) => item)).toEqual([items[1]]);
    expect(failed.sort(([a], [b]) => Number(b === 'nowhere.png') - Number(a === 'nowhere.png'))).toEqual([
      ['nowhere.png', expect.any(ImageError)],
      [5, expect.any(ArgumentError)],
    ]);
    await expect(loader.prepare(items, none)).rejects.toThrow(/nowhere\.png/);
  });

  test('opens no files where it may not, and says so in one sentence', async () => {
    const loader = new ImageLoader(spec, { files: false });
    for (const path of ['/etc/passwd', 'nowhere.png', '']) {
      const attempt = loader.decode(path, none);
      await expect(attempt).rejects.toThrow(ArgumentError);
      await expect(attempt).rejects.toThrow(
        'This model opens no files (files: false): expected the bytes or pixels of an image, received a path.',
      );
    }
    expect(await loader.decode(await encoders.png.encode(gradient(8, 8)), none)).toMatchObject({ width: 8 });
    expect(await loader.decode(gradient(8, 8), none)).toMatchObject({ width: 8 });
  });

  test('an abort rejects at once, while the decoder that it cannot stop keeps its place', async () => {
    const loader = new ImageLoader(spec, { decode: { timeoutSeconds: 1 }, workers: 4 });
    const slow = slowPicture();
    const controller = new AbortController();
    let next = false;
    // As many as there are places.
    const calls = [1, 2, 3, 4].map(() => loader.decode(slow, controller.signal));
    const waiting = loader.decode(gradient(8, 8), none).then(() => {
      next = true;
    });
    const began = performance.now();
    setTimeout(() => controller.abort('enough'), 20);
    for (const call of calls) await expect(call).rejects.toBe('enough');
    expect(performance.now() - began).toBeLessThan(900);
    expect(next).toBe(false);
    await waiting;
    expect(next).toBe(true);
  });

  test.each([1, 2])('with %p workers as many images are decoded at the same time, whoever asks', async (workers) => {
    const loader = new ImageLoader(spec, { workers });
    const bytes = await encoders.jpeg.encode(gradient(1200, 900));
    let ended = false;
    const large = loader.pixels([bytes], none).then(() => {
      ended = true;
    });
    await loader.decode(gradient(8, 8), none);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(workers === 1);
    await large;
  });

  test.each([0, 2.5, 1025, '2'])('%p is no number of workers', (workers) => {
    expect(() => new ImageLoader(spec, { workers: workers as number })).toThrow(
      /ImageLoader: workers: expected an integer from 1 to 1024/,
    );
  });
});
