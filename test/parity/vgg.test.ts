/** What TF-Slim's vgg_test asserts, test by test under its own names; where the model library's tests differ, theirs follow. */
import type { Tensor, Variable } from '../../lib/core/graph.js';
import { ArgumentError, ShapeError } from '../../lib/errors.js';
import { Session } from '../../lib/runtime/session/session.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { usualCases } from '../helpers/thorough.js';
import { generatedImages } from './numbers.js';
import { build, images, inGraph } from './support.js';

type VggOptions = slim.Options<nets.VggOptions>;

/** How many convolutions stand before each pooling. */
const convolutions = { vgg_a: [1, 1, 2, 2, 2], vgg_16: [2, 2, 3, 3, 3], vgg_19: [2, 2, 4, 4, 4] } as const;

type Name = keyof typeof convolutions;
const names = Object.keys(convolutions) as Name[];

const builders: Readonly<Record<Name, (images: Tensor, options?: VggOptions) => nets.Network>> = {
  vgg_a: nets.vggA,
  vgg_16: nets.vgg16,
  vgg_19: nets.vgg19,
};

/** The values of all three are compared with TensorFlow's in test/model/networks.test.ts. */
const computed = usualCases('vgg with training and evaluation of the same weights', names, (name) => name === 'vgg_a');

/** Layers with variables, in order. */
function layers(name: Name): string[] {
  const blocks = convolutions[name].map((count, b) =>
    Array.from({ length: count }, (_, i) => `${name}/conv${b + 1}/conv${b + 1}_${i + 1}`),
  );
  return [...blocks.flat(), ...['fc6', 'fc7', 'fc8'].map((layer) => `${name}/${layer}`)];
}

describe.each(names)('%s', (name) => {
  const vgg = builders[name];
  const built = (shape: readonly number[], options: VggOptions = {}) => build(() => vgg(images(shape), options));

  test('testBuild', () => {
    const { net } = built([5, 224, 224, 3]).value;
    expect(net.name).toBe(`${name}/fc8/squeezed`);
    expect(net.shape).toEqual([5, 1000]);
  });

  test('testFullyConvolutional', () => {
    const { net } = built([1, 256, 256, 3], { spatialSqueeze: false }).value;
    expect(net.name).toBe(`${name}/fc8/BiasAdd`);
    expect(net.shape).toEqual([1, 2, 2, 1000]);
  });

  test('testGlobalPool', () => {
    const { net, endPoints } = built([1, 256, 256, 3], { spatialSqueeze: false, globalPool: true }).value;
    expect(net.name).toBe(`${name}/fc8/BiasAdd`);
    expect(net.shape).toEqual([1, 1, 1, 1000]);
    expect(endPoints.global_pool?.shape).toEqual([1, 1, 1, 4096]);
    expect(built([1, 256, 256, 3], { globalPool: true }).value.net.shape).toEqual([1, 1000]);
  });

  test.each([true, false])('testEndPoints, isTraining %p', (isTraining) => {
    const { net, endPoints } = built([5, 224, 224, 3], { isTraining }).value;
    const pools = [1, 2, 3, 4, 5].map((i) => `${name}/pool${i}`);
    expect(Object.keys(endPoints).sort()).toEqual([...layers(name), ...pools].sort());
    expect(endPoints[`${name}/fc8`]).toBe(net);
  });

  test.each([null, 0])('testNoClasses: %p', (numClasses) => {
    const { net, endPoints } = built([5, 224, 224, 3], { numClasses }).value;
    expect(Object.keys(endPoints)).not.toContain(`${name}/fc8`);
    expect(net.name.startsWith(`${name}/fc7`)).toBe(true);
    expect(net.shape).toEqual([5, 1, 1, 4096]);
    const pooled = built([1, 256, 256, 3], { numClasses, globalPool: true }).value;
    expect(pooled.net).toBe(pooled.endPoints.global_pool);
  });

  test('testModelVariables', () => {
    const { graph } = built([5, 224, 224, 3]);
    const model = graph.getCollection<Variable>(slim.GraphKeys.modelVariables).map((v) => v.name);
    expect(model).toEqual(layers(name).flatMap((layer) => [`${layer}/weights`, `${layer}/biases`]));
  });

  if (!computed.includes(name)) return;
  describe('computes', () => {
    const { graph, value } = build(() => {
      const [two, one] = [images([2, 224, 224, 3], 'two'), images([1, 256, 256, 3], 'one')];
      const training = vgg(two).net;
      return slim.variableScope(slim.getVariableScope(), { reuse: true }, () => {
        const evaluation = vgg(two, { isTraining: false }).net;
        const map = vgg(one, { isTraining: false, spatialSqueeze: false }).net;
        const logits = slim.reduceMean(map, [1, 2]);
        return { training, evaluation, map, class: slim.argMax(logits, 1), classes: slim.argMax(evaluation, 1) };
      });
    });
    let session: Session;
    beforeAll(async () => {
      session = await Session.create(graph, { device: 'cpu' });
      await session.initialize();
    });
    afterAll(() => session[Symbol.asyncDispose]());

    const feeds = { two: generatedImages([2, 224, 224, 3]), one: generatedImages([1, 256, 256, 3]) };

    test('testEvaluation', async () => {
      const { classes } = await session.run({ two: feeds.two }, { classes: value.classes });
      expect(value.evaluation.shape).toEqual([2, 1000]);
      expect(classes.shape).toEqual([2]);
    });

    test('testTrainEvalWithReuse', async () => {
      expect(graph.variables.size).toBe(2 * layers(name).length);
      expect([value.training.shape, value.map.shape]).toEqual([
        [2, 1000],
        [1, 2, 2, 1000],
      ]);
      await session.run({ two: feeds.two }, { training: value.training });
      const predicted = await session.run({ one: feeds.one }, { class: value.class });
      expect(predicted.class.shape).toEqual([1]);
    });

    test('testForward', async () => {
      const { evaluation } = await session.run({ two: feeds.two }, { evaluation: value.evaluation });
      expect((evaluation.data as Float32Array).some((x) => x !== 0)).toBe(true);
      expect((evaluation.data as Float32Array).every(Number.isFinite)).toBe(true);
    });
  });
});

test('vgg_d and vgg_e are other names', () => {
  expect(nets.vggD).toBe(nets.vgg16);
  expect(nets.vggE).toBe(nets.vgg19);
});

test('a second build with reuse has end points of its own, poolings under the name of its ops', () => {
  inGraph(() => {
    const x = images([1, 224, 224, 3]);
    const first = nets.vgg19(x);
    const second = slim.variableScope(slim.getVariableScope(), { reuse: true }, () => nets.vgg19(x) as nets.Network);
    expect(Object.keys(first.endPoints)).toHaveLength(24);
    expect(Object.keys(second.endPoints)).toHaveLength(24);
    expect(Object.keys(second.endPoints)).toContain('vgg_19_1/pool1');
    expect(Object.keys(second.endPoints)).toContain('vgg_19/conv1/conv1_1');
  });
});

test('fcConvPadding SAME keeps the size of the map', () => {
  const { net } = build(() =>
    nets.vgg16(images([1, 256, 256, 3]), { fcConvPadding: 'SAME', spatialSqueeze: false }),
  ).value;
  expect(net.shape).toEqual([1, 8, 8, 1000]);
});

test('vggArgScope regularizes weights, and nothing else', () => {
  const { graph } = build(() => slim.argScope(nets.vggArgScope(), () => nets.vggA(images([1, 224, 224, 3]))));
  const losses = graph.getCollection<Tensor>(slim.GraphKeys.regularizationLosses).map((t) => t.name);
  expect(losses).toHaveLength(11);
  expect(losses.filter((loss) => !loss.includes('/kernel/Regularizer/'))).toEqual([]);
  expect(nets.vggArgScope().of(slim.conv2d)).toMatchObject({ activationFn: slim.relu, padding: 'SAME' });
});

test.each([
  ['images of less than 224 pixels', [1, 223, 223, 3], {}, ShapeError, /fc6/],
  ['squeezing a map', [1, 256, 256, 3], {}, ShapeError, /squeeze/],
  ['images without a batch', [224, 224, 3], {}, ShapeError, /rank/],
  ['a negative number of classes', [1, 224, 224, 3], { numClasses: -1 }, ArgumentError, /vgg_16: numClasses/],
  ['a dropout that keeps nothing', [1, 224, 224, 3], { dropoutKeepProb: 0 }, ArgumentError, /keepProb/],
  ['another padding', [1, 224, 224, 3], { fcConvPadding: 'FULL' }, ArgumentError, /SAME or VALID/],
  ['a misspelled option', [1, 224, 224, 3], { keepProb: 0.5 } as never, ArgumentError, /dropoutKeepProb/],
] as const)('%s: an error', (_, shape, options, errorClass, message) => {
  const attempt = () => build(() => nets.vgg16(images(shape), options as VggOptions));
  expect(attempt).toThrow(errorClass as typeof ArgumentError);
  expect(attempt).toThrow(message);
});
