/** What holds for stacks of residual blocks and for strided convolutions of any size, stride and rate. */
import fc from 'fast-check';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { Session } from '../../lib/runtime/session/session.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { difference } from '../helpers/compare.js';
import { uniform } from '../helpers/generator.js';
import { availableBackends } from '../helpers/run.js';

const devices = availableBackends().flatMap(({ name }) => (name === 'null' ? [] : [name === 'onednn' ? 'cpu' : name]));
/** SLIMNET_FUZZ_SEED draws other cases. */
const runs = { numRuns: 12, seed: Number(process.env.SLIMNET_FUZZ_SEED ?? 1) };

type Results = Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Builds over an image whose size is known at the run alone, and runs once. */
async function evaluate(
  device: string,
  size: readonly [number, number, number, number],
  body: (x: Tensor) => Readonly<Record<string, Tensor>>,
): Promise<Results> {
  const graph = new Graph({ seed: 5 });
  const session = await Session.create(graph, { device });
  try {
    const open = [null, null, null, size[3]];
    const fetches = graph.build(() => body(slim.placeholder('float32', open, { name: 'x' })));
    await session.initialize();
    const data = Float32Array.from(
      uniform(
        size.reduce((a, b) => a * b, 1),
        1000,
        1,
        0,
      ),
    );
    return (await session.run({ x: { data, shape: size } }, fetches)) as Results;
  } finally {
    session.dispose();
  }
}

function expectSame(
  actual: Results[string] | undefined,
  expected: Results[string] | undefined,
  relative: number,
): void {
  expect(actual?.shape).toEqual(expected?.shape);
  expect(difference(actual?.data ?? [], expected?.data ?? [], { relative })).toBeNull();
}

const image = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  height: fc.integer({ min: 1, max: 23 }),
  width: fc.integer({ min: 1, max: 23 }),
});

const unit = (depth: number) =>
  fc.record({
    depth: fc.constant(depth),
    depthBottleneck: fc.integer({ min: 1, max: 4 }),
    stride: fc.constantFrom(1, 1, 2),
  });

const stack = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 })
  .chain((depths) => fc.tuple(...depths.map((depth) => fc.array(unit(depth), { minLength: 1, maxLength: 2 }))));

const unitFunctions = { v1: nets.bottleneckV1, v2: nets.bottleneckV2 } as const;

/** A stack of blocks in inference, as the networks build it. */
function built(
  x: Tensor,
  version: keyof typeof unitFunctions,
  blocks: readonly (readonly nets.Unit[])[],
  outputStride: number | null,
): Tensor {
  const list = blocks.map((units, i) => new nets.Block(`block${i + 1}`, unitFunctions[version], units));
  return slim.argScope(nets.resnetArgScope(), () =>
    slim.argScope([slim.batchNorm], { isTraining: false }, () => nets.stackBlocksDense(x, list, { outputStride })),
  );
}

const strideOf = (blocks: readonly (readonly nets.Unit[])[]) =>
  blocks.flat().reduce((product, { stride = 1 }) => product * stride, 1);

describe.each(devices)('on %s', (device) => {
  test('a strided convolution of conv2dSame is the dense one, subsampled', async () => {
    const convolution = fc.record({
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 4 }),
      rate: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(image, convolution, async ({ batch, height, width }, { kernel, stride, rate }) => {
        // A convolution with both a stride and a rate does not exist.
        const dilation = stride === 1 ? rate : 1;
        const { same, dense } = await evaluate(device, [batch, height, width, 3], (x) => ({
          same: nets.conv2dSame(x, 5, kernel, stride, { rate: dilation, scope: 'c' }),
          dense: slim.variableScope(slim.getVariableScope(), { reuse: true }, () =>
            nets.subsample(slim.conv2d(x, 5, kernel, { stride: 1, rate: dilation, scope: 'c' }), stride),
          ),
        }));
        expectSame(same, dense, 1e-5);
      }),
      runs,
    );
  });

  test('atrous features, subsampled, are the nominal ones', async () => {
    await fc.assert(
      fc.asyncProperty(image, stack, fc.constantFrom('v1', 'v2'), fc.nat(), async (size, blocks, version, choice) => {
        const nominal = strideOf(blocks);
        const strides = [1, 2, 4, 8, 16, 32, 64].filter((s) => s <= nominal);
        const outputStride = strides[choice % strides.length] as number;
        const { dense, plain } = await evaluate(device, [size.batch, size.height, size.width, 3], (x) => ({
          plain: built(x, version, blocks, null),
          dense: slim.variableScope(slim.getVariableScope(), { reuse: true }, () =>
            nets.subsample(built(x, version, blocks, outputStride), nominal / outputStride),
          ),
        }));
        expectSame(dense, plain, 1e-4);
      }),
      runs,
    );
  });

  test('shapes are those that were inferred, with and without knowing the size', async () => {
    await fc.assert(
      fc.asyncProperty(image, stack, fc.constantFrom('v1', 'v2'), async ({ batch, height, width }, blocks, version) => {
        const inferred = new Graph().build(() =>
          built(slim.placeholder('float32', [batch, height, width, 3]), version, blocks, null),
        );
        const { y } = await evaluate(device, [batch, height, width, 3], (x) => ({
          y: built(x, version, blocks, null),
        }));
        const stride = strideOf(blocks);
        expect(y?.shape).toEqual(inferred.shape);
        expect(y?.shape.slice(0, 3)).toEqual([batch, Math.ceil(height / stride), Math.ceil(width / stride)]);
        expect(y?.data).toHaveLength((y?.shape ?? []).reduce((a, b) => a * b, 1));
      }),
      runs,
    );
  });
});

test('every device computes a stack as the reference does', async () => {
  await fc.assert(
    fc.asyncProperty(image, stack, fc.constantFrom('v1', 'v2'), async ({ batch, height, width }, blocks, version) => {
      const run = (device: string) =>
        evaluate(device, [batch, height, width, 3], (x) => ({ y: built(x, version, blocks, null) }));
      const expected = await run('reference');
      for (const device of devices.filter((d) => d !== 'reference'))
        expectSame((await run(device)).y, expected.y, 1e-4);
    }),
    runs,
  );
});
