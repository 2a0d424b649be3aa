import { preprocessingFor } from '../../../lib/data/preprocessing.js';
import { ArgumentError, ImageError } from '../../../lib/errors.js';
import { ImagePreparation } from '../../../lib/model/image_preparation.js';
import { encoders, gradient, slowPicture } from '../../helpers/pictures.js';

const spec = preprocessingFor('vgg', 32);
const none = undefined;

describe('preparing images', () => {
  test('several calls at a time give each its own images, in order', async () => {
    const preparation = new ImagePreparation(spec, {});
    const pictures = [gradient(40, 50), gradient(60, 40), gradient(90, 33)];
    const bytes = await Promise.all(pictures.map((picture) => encoders.png.encode(picture)));
    const calls = await Promise.all(
      Array.from({ length: 6 }, (_, i) => preparation.pixels(i % 2 === 0 ? bytes : pictures, none)),
    );
    for (const call of calls) {
      expect(call.map((row) => row.length)).toEqual([3072, 3072, 3072]);
      expect(call).toEqual(calls[0]);
    }
  });

  test('leaves bad images out where somebody is told, else throws the error of the earliest', async () => {
    const preparation = new ImagePreparation(spec, {});
    const items = ['nowhere.png', gradient(40, 40), 5 as unknown as string].map((source) => preparation.own(source));
    const failed: [unknown, unknown][] = [];
    const prepared = await preparation.prepare(items, none, ({ source }, error) => failed.push([source, error]));
    expect(prepared.map(({ item }) => item)).toEqual([items[1]]);
    expect(failed.sort(([a], [b]) => Number(b === 'nowhere.png') - Number(a === 'nowhere.png'))).toEqual([
      ['nowhere.png', expect.any(ImageError)],
      [5, expect.any(ArgumentError)],
    ]);
    await expect(preparation.prepare(items, none)).rejects.toThrow(/nowhere\.png/);
  });

  test('an abort rejects at once, while the decoder that it cannot stop keeps its place', async () => {
    const preparation = new ImagePreparation(spec, { timeoutSeconds: 1 });
    const slow = slowPicture();
    const controller = new AbortController();
    let next = false;
    // More than there are places, however many cores the machine has.
    const calls = [1, 2, 3, 4].map(() => preparation.decode(slow, controller.signal));
    const waiting = preparation.decode(gradient(8, 8), none).then(() => {
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
});
