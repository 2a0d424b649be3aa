import fc from 'fast-check';
import { type Part, type PartOptions, partsOf, type Whole } from '../../../../lib/cli/batch/parts.js';
import type { Input } from '../../../../lib/cli/inputs/input.js';

/** A number stands for an image, a list for an archive. */
type Sketch = readonly (number | readonly number[])[];

function inputsOf(sketch: Sketch): Input[] {
  const image = (name: string) => ({ name, source: name });
  return sketch.map((each, i) =>
    typeof each === 'number'
      ? image(`${each}.jpg`)
      : {
          name: `${i}.tar`,
          images: async function* () {
            for (const name of each) yield image(`${i}.tar/${name}.jpg`);
          },
        },
  );
}

const isChanged = () => new Error('changed');

async function run(sketch: Sketch, options: Partial<PartOptions> = {}): Promise<{ parts: Part[]; whole: Whole }> {
  const { signal } = new AbortController();
  const shard = { index: 0, count: 1 };
  const generator = partsOf(inputsOf(sketch), { size: 3, shard, after: null, signal, changed: isChanged, ...options });
  const parts: Part[] = [];
  for (;;) {
    const { done, value } = await generator.next();
    if (done === true) return { parts, whole: value };
    parts.push(value);
  }
}

const namesOf = (parts: readonly Part[]) => parts.map(({ images }) => images.map(({ name }) => name));

test('so many images as run at once are a unit, and so is an archive, in which no images of others are', async () => {
  const { parts, whole } = await run([1, 2, 3, 4, [1, 2, 3, 4], [], 5]);
  expect(parts.map(({ unit, index, images }) => [unit, index, images.map(({ name }) => name).join(' ')])).toEqual([
    [0, 0, '1.jpg 2.jpg 3.jpg'],
    [1, 0, '4.jpg'],
    [2, 0, '4.tar/1.jpg 4.tar/2.jpg 4.tar/3.jpg'],
    [2, 1, '4.tar/4.jpg'],
    [4, 0, '5.jpg'],
  ]);
  expect(whole.units).toBe(5);
});

const sketches = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.nat(99) },
    fc.array(fc.nat(99), { maxLength: 8 }).map((list) => [...list]),
  ),
  { maxLength: 25 },
);

test('shards have each part once, the same parts as a single run, and see the same whole', async () => {
  await fc.assert(
    fc.asyncProperty(sketches, fc.integer({ min: 1, max: 5 }), async (sketch, count) => {
      const single = await run(sketch);
      const shards = await Promise.all(
        Array.from({ length: count }, (_, index) => run(sketch, { shard: { index, count } })),
      );
      for (const { whole } of shards) expect(whole).toEqual(single.whole);
      const all = shards.flatMap(({ parts }) => parts).sort((a, b) => a.unit - b.unit || a.index - b.index);
      expect(all).toEqual(single.parts);
    }),
    { numRuns: 100 },
  );
});

test('after any part come those that came after it', async () => {
  await fc.assert(
    fc.asyncProperty(sketches, fc.integer({ min: 1, max: 3 }), async (sketch, count) => {
      const shard = { index: 0, count };
      const { parts, whole } = await run(sketch, { shard });
      for (const [i, after] of parts.entries())
        expect(await run(sketch, { shard, after })).toEqual({ parts: parts.slice(i + 1), whole });
    }),
    { numRuns: 50 },
  );
});

test('other images before that part are noticed, and so are fewer of them', async () => {
  const sketch: Sketch = [1, 2, 3, [1, 2, 3, 4, 5, 6], 4, 5, 6];
  const { parts } = await run(sketch);
  expect(namesOf(parts)).toHaveLength(4);
  for (const other of [
    [0, 1, 2, 3, [1, 2, 3, 4, 5, 6], 4, 5, 6],
    [1, 2, 7, [1, 2, 3, 4, 5, 6], 4, 5, 6],
    [2, 1, 3, [1, 2, 3, 4, 5, 6], 4, 5, 6],
    [1, 2, 3],
    [],
  ] as Sketch[])
    for (const after of parts.slice(2)) await expect(run(other, { after })).rejects.toThrow('changed');
  for (const archive of [
    [1, 2, 3, 4],
    [1, 2, 3],
    [1, 2, 3, 4, 5, 7],
    [2, 2, 3, 4, 5, 6],
  ])
    await expect(run([1, 2, 3, archive, 4, 5, 6], { after: parts[2] as Part })).rejects.toThrow('changed');
  // What follows may change: it has not been seen.
  expect(namesOf((await run([1, 2, 3, [1, 2, 3, 4, 5, 6], 8], { after: parts[2] as Part })).parts)).toEqual([
    ['8.jpg'],
  ]);
});
