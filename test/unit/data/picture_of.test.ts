/** Against TensorFlow's image summaries (scripts/golden/make_summaries.py). */
import { decodeImage, pictureOf } from '../../../lib/data/index.js';
import { toBytes } from '../../../lib/data/picture_of.js';
import { ArgumentError } from '../../../lib/errors.js';
import { golden } from '../../helpers/golden.js';

const { pictures } = golden<{
  readonly pictures: Readonly<
    Record<string, { readonly values: readonly (number | string)[]; readonly bytes: readonly number[] }>
  >;
}>('summaries.json');

test.each(Object.entries(pictures))('%s has the bytes of TensorFlow', async (_, { values, bytes }) => {
  const pixels = Float32Array.from(values, Number);
  expect([...toBytes(pixels)]).toEqual(bytes);
  const { encoded, width, height } = await pictureOf(pixels, 2, 2);
  expect([width, height]).toEqual([2, 2]);
  expect([...(await decodeImage(encoded)).data]).toEqual(bytes);
});

test('sizes that do not fit are refused', async () => {
  await expect(pictureOf(new Float32Array(12), 2, 3)).rejects.toThrow(ArgumentError);
  await expect(pictureOf(new Float32Array(12), 0, 3)).rejects.toThrow(/height/);
});
