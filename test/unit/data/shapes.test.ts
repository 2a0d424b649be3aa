/** P10 in TypeScript against scripts/golden/shapes.py. */
import { createHash } from 'node:crypto';
import { shapeClasses, shapeImage } from '../../../lib/data/index.js';
import { ArgumentError } from '../../../lib/errors.js';
import { golden } from '../../helpers/golden.js';

interface HashedImages {
  /** 64 bits, in decimal digits. */
  readonly seed: string;
  readonly first: number;
  readonly count: number;
  readonly sha256: string;
}

const { classes, hashes } = golden<{ readonly classes: readonly string[]; readonly hashes: readonly HashedImages[] }>(
  'trained/shapes.json',
);

test('there are the classes that the networks were trained on', () => {
  expect(shapeClasses).toEqual(classes);
});

test.each(hashes)('$count images from $first on of seed $seed have the bytes that Python draws', (images) => {
  const hash = createHash('sha256');
  for (let i = 0; i < images.count; i++)
    hash.update(shapeImage({ seed: BigInt(images.seed), index: images.first + i }).data);
  expect(hash.digest('hex')).toBe(images.sha256);
});

test('an image has 64 x 64 RGB pixels and the label of its number', () => {
  const { data, ...rest } = shapeImage({ seed: 1, index: 37 });
  expect(rest).toEqual({ width: 64, height: 64, channels: 3, label: 7 });
  expect(data).toHaveLength(64 * 64 * 3);
});

test('a seed is the same image as a number and as a bigint; another seed and another number are other images', () => {
  const { data } = shapeImage({ seed: 5, index: 3 });
  expect(shapeImage({ seed: 5n, index: 3 }).data).toEqual(data);
  expect(shapeImage({ seed: 5n + (1n << 32n), index: 3 }).data).not.toEqual(data);
  expect(shapeImage({ seed: 5, index: 3 + 10 * 2 ** 32 }).data).not.toEqual(data);
});

test.each([
  [{ seed: -1, index: 0 }, /seed: expected an integer from 0 to 2\^64 - 1, received -1\./],
  [{ seed: 1n << 64n, index: 0 }, /seed: .* received 18446744073709551616\./],
  [{ seed: 2 ** 60, index: 0 }, /seed: .*Hint: give it as a bigint\./],
  [{ seed: 1.5, index: 0 }, /seed: /],
  [{ index: 0 }, /seed: .* received undefined/],
  [{ seed: 1 }, /index: expected an integer from 0 to 9007199254740991, received undefined/],
  [{ seed: 1, index: -1 }, /index: /],
  [{ seed: 1, index: 0.5 }, /index: /],
  [{ seed: 1, index: 0, size: 32 }, /has no option size; it has seed, index/],
  [null, /expected an object of options, received null/],
])('%p is refused', (options, message) => {
  const draw = () => shapeImage(options as unknown as { seed: number; index: number });
  expect(draw).toThrow(ArgumentError);
  expect(draw).toThrow(message);
});
