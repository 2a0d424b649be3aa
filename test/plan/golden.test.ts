/**
 * What the compiler makes of whole networks, at one image of 224 pixels, on the null backend: the optimized plan of one depth of each
 * family, and of all others that they have no other steps, how many of each, and what memory they need. A change that alters a plan
 * shows here. UPDATE_GOLDEN=1 writes the files of golden/ anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { encode } from '../../lib/plan/encode.js';
import type { PlanPrecision } from '../../lib/plan/precision.js';
import { argScope } from '../../lib/slim/arg_scope.js';
import { type NetworkName, network, networkNames } from '../../lib/slim/nets/registry.js';
import { placeholder } from '../../lib/slim/placeholder.js';
import { addon } from '../helpers/run.js';

/** What is asserted of a plan besides its text. */
interface Expected {
  /** Steps that run each time: op and what it absorbed. */
  readonly steps: Readonly<Record<string, number>>;
  /** Bytes that the intermediate results of one image of 224 pixels need at the widest place. */
  readonly arenaBytes: number;
  /** Sums that are added into the memory of one of their operands. */
  readonly addsInPlace: number;
}

/** Slim's blocks subsample three shortcuts. */
const behindBlocks = { max_pool2d: 4, reduce_mean: 1, softmax: 1 };

/** A convolution is one step with all that follows it, the sum included. The stem is the widest place. */
function resnetV1(units: number): Expected {
  const steps = { 'conv2d+bias+relu': 1 + 2 * units, 'conv2d+bias+add+relu': units, 'conv2d+bias': 5, ...behindBlocks };
  return { steps, arenaBytes: 4_816_896, addsInPlace: units };
}

/**
 * Networks that stride in the first unit, where the shortcut is a convolution anyway. Widest is the stem for basic units, and for
 * bottleneck units the first of the second block: its input, its shortcut, and what its second convolution makes.
 */
function firstUnit(units: number, convolutions: 2 | 3, shortcuts: number): Expected {
  const steps = {
    'conv2d+bias+relu': 1 + (convolutions - 1) * units,
    'conv2d+bias+add+relu': units,
    'conv2d+bias': shortcuts + 1,
    ...behindBlocks,
    max_pool2d: 1,
  };
  return { steps, arenaBytes: convolutions === 2 ? 4_014_080 : 5_218_304, addsInPlace: units };
}

/**
 * A sum has two readers, so its batch norm is a step of its own, with the relu, where a convolution has one result. Widest are a sum of the first block, the norm of it
 * and what the first convolution makes of that.
 */
function resnetV2(units: number): Expected {
  const steps = {
    'conv2d+bias+relu': 2 * units,
    'conv2d+bias+add': units,
    'conv2d+bias': 6,
    'batch_norm+relu': units + 1,
    ...behindBlocks,
  };
  return { steps, arenaBytes: 7_225_344, addsInPlace: units };
}

function vgg(convolutions: number, arenaBytes: number): Expected {
  const steps = { 'conv2d+bias+relu': convolutions + 2, 'conv2d+bias': 1, max_pool2d: 5 };
  return { steps, arenaBytes, addsInPlace: 0 };
}

const expectations: Readonly<Record<NetworkName, Expected>> = {
  resnet_v1_50: resnetV1(16),
  resnet_v1_101: resnetV1(33),
  resnet_v1_152: resnetV1(50),
  resnet_v1_200: resnetV1(66),
  resnet_v2_50: resnetV2(16),
  resnet_v2_101: resnetV2(33),
  resnet_v2_152: resnetV2(50),
  resnet_v2_200: resnetV2(66),
  vgg_a: vgg(8, 16_056_320),
  vgg_16: vgg(13, 25_690_112),
  vgg_19: vgg(16, 25_690_112),
  resnet_18: firstUnit(8, 2, 3),
  resnet_34: firstUnit(16, 2, 3),
  resnet_50: firstUnit(16, 3, 4),
  resnet_101: firstUnit(33, 3, 4),
  resnet_152: firstUnit(50, 3, 4),
  keras_resnet_50: firstUnit(16, 3, 4),
  keras_resnet_101: firstUnit(33, 3, 4),
  keras_resnet_152: firstUnit(50, 3, 4),
};

/** The network that is on record of each family; the others have the same units, only more or fewer of them. */
const families: Readonly<Partial<Record<NetworkName, readonly NetworkName[]>>> = {
  resnet_v1_50: ['resnet_v1_101', 'resnet_v1_152', 'resnet_v1_200'],
  resnet_v2_50: ['resnet_v2_101', 'resnet_v2_152', 'resnet_v2_200'],
  vgg_16: ['vgg_a', 'vgg_19'],
  resnet_18: ['resnet_34'],
  resnet_50: ['resnet_101', 'resnet_152'],
  keras_resnet_50: ['keras_resnet_101', 'keras_resnet_152'],
};
const onRecord = Object.keys(families) as NetworkName[];
const others = Object.entries(families).flatMap(([record, names]) =>
  names.map((name) => [name, record as NetworkName] as const),
);

const compiled = new Map<string, string>();

/** The optimized plan of a network. */
function compile(name: NetworkName, isTraining = false, precision: PlanPrecision['precision'] = 'float32'): string {
  const key = `${name} ${isTraining} ${precision}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { build, argScope: scope } = network(name);
  const graph = new Graph();
  const { net, endPoints } = graph.build(() => {
    const images = placeholder('float32', [null, 224, 224, 3], { name: 'images' });
    return argScope(scope(), () => build(images, { numClasses: 1000, isTraining }));
  });
  const plan = encode({
    graph,
    fetches: new Map([
      ['logits', net],
      ...(endPoints.predictions === undefined ? [] : [['predictions', endPoints.predictions] as const]),
    ]),
    updates: isTraining ? graph.getCollection<Tensor>('update_ops') : [],
    shapes: new Map([['images', [1, 224, 224, 3]]]),
    precision: { precision, ranges: precision === 'int8' ? madeUpRanges(graph) : {} },
  });
  const text = addon().transform(plan.text, { backend: 'null' });
  compiled.set(key, text);
  return text;
}

/** A range for every value: a relu's is not negative. */
function madeUpRanges(graph: Graph): Record<string, [number, number]> {
  return Object.fromEntries(graph.nodes.map(({ name, op }) => [name, op.name === 'relu' ? [0, 1] : [-1, 1]]));
}

/** The steps that run each time: op and what it absorbed, in order. */
function stepsOf(plan: string): string[] {
  const lines = plan.slice(plan.indexOf('main:\n')).split('\n');
  return lines.flatMap((line) => {
    const op = /^%[^=]+ = (\w+)\(/.exec(line)?.[1];
    if (op === undefined || ['input', 'variable', 'constant'].includes(op) || line.includes(' alias[')) return [];
    const absorbed = /\} post\[(.*?)\] @/.exec(line)?.[1] ?? '';
    return [[op, ...(absorbed.match(/bias|scale|add|relu6?|result/g) ?? [])].join('+')];
  });
}

function countsOf(steps: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const step of steps) counts[step] = (counts[step] ?? 0) + 1;
  return counts;
}

/** Each kind of step, prologue included: everything that a line says but for numbers of values, names of nodes, and where it lies. */
function kindsOf(plan: string): Set<string> {
  const lines = plan.split('\n').filter((line) => line.startsWith('%'));
  return new Set(
    lines.map((line) =>
      line
        .replace(/%\d+/g, '%')
        .replace(/"[^"]*"/g, '""')
        .replace(/(arena|constant)\[\d+\+/g, '$1[+'),
    ),
  );
}

test('every network is on record, or of the family of one that is', () => {
  expect([...onRecord, ...others.map(([name]) => name)].sort()).toEqual([...networkNames].sort());
});

test.each(others)('%s has no other kinds of steps than %s', (name, record) => {
  const known = kindsOf(readFileSync(join(__dirname, 'golden', `${record}.plan`), 'utf8'));
  expect([...kindsOf(compile(name))].filter((kind) => !known.has(kind))).toEqual([]);
});

test.each(onRecord)('%s compiles to the plan on record', (name) => {
  const path = join(__dirname, 'golden', `${name}.plan`);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, compile(name));
  // Not toBe: the difference of two texts of half a megabyte takes Jest minutes to draw.
  const expected = readFileSync(path, 'utf8').split('\n');
  const actual = compile(name).split('\n');
  const first = actual.findIndex((line, i) => line !== expected[i]);
  expect({ line: first + 1, text: actual[first] }).toEqual({ line: first + 1, text: expected[first] });
  expect(actual).toHaveLength(expected.length);
});

describe.each(networkNames)('%s', (name) => {
  const expected = expectations[name];

  test('is one step for each convolution', () => {
    expect(countsOf(stepsOf(compile(name)))).toEqual(expected.steps);
  });

  test('adds in place, and needs no more memory than its widest place', () => {
    const plan = compile(name);
    expect(plan.match(/add\(%\d+, in_place\)/g) ?? []).toHaveLength(expected.addsInPlace);
    const ends = [...plan.matchAll(/arena\[(\d+)\+(\d+)\]/g)].map(
      ([, offset, bytes]) => Number(offset) + Number(bytes),
    );
    expect(Math.max(...ends)).toBe(expected.arenaBytes);
  });
});

test.each([
  ['resnet_v1_50', 60],
  ['resnet_v2_50', 77],
  ['vgg_16', 21],
] as const)('%s takes %d steps an image', (name, steps) => {
  expect(stepsOf(compile(name))).toHaveLength(steps);
});

describe('resnet_v1_50 in training mode', () => {
  const steps = (): string[] => stepsOf(compile('resnet_v1_50', true));

  test('keeps the batch normalizations and updates both moving averages of each', () => {
    const counts = countsOf(steps());
    const norms = ['', '+relu', '+add+relu'].map((tail) => counts[`batch_norm_training${tail}`]);
    expect(norms).toEqual([4, 33, 16]);
    expect(counts.assign_moving_average).toBe(106);
  });

  test('makes the new moving averages right behind the statistics, in memory of their own', () => {
    const all = steps();
    const norms = all.flatMap((step, i) => (step.startsWith('batch_norm_training') ? [i] : []));
    expect(norms).toHaveLength(53);
    for (const i of norms) expect(all.slice(i + 1, i + 3)).toEqual(['assign_moving_average', 'assign_moving_average']);
    expect(compile('resnet_v1_50', true).match(/ spare\[\d+\]$/gm)).toHaveLength(106);
  });
});

/** Of the norms of sums, those that are made by a convolution join it: all but the one behind the stem. */
function joinedNorms(steps: Readonly<Record<string, number>>): Record<string, number> {
  const { 'batch_norm+relu': norms = 0, 'conv2d+bias+add': sums = 0, ...others } = steps;
  if (norms === 0) return others;
  return { ...others, 'batch_norm+relu': norms - sums, 'conv2d+bias+add+result+scale+bias+relu': sums };
}

describe.each(['bfloat16', 'int8'] as const)('in %s', (precision) => {
  test.each(['resnet_v1_50', 'resnet_v2_50', 'vgg_16', 'resnet_50'] as const)(
    '%s takes the steps of float32, converts its input and joins the norms of sums',
    (name) => {
      const { steps, addsInPlace } = expectations[name];
      const plan = compile(name, false, precision);
      expect(countsOf(stepsOf(plan))).toEqual({ ...joinedNorms(steps), reorder: 1 });
      expect(plan.match(/add\(%\d+, in_place\)/g) ?? []).toHaveLength(addsInPlace);
    },
  );

  test.each(['resnet_v1_50', 'resnet_v2_50'] as const)(
    '%s leaves nothing in float32 but its logits and softmax',
    (name) => {
      const plan = compile(name, false, precision);
      const main = plan.slice(plan.indexOf('main:\n')).split('\n');
      const float32 = main.filter(
        (line) => line.startsWith('%') && !/ = input\(| as(?: |\(%\d+: )(bfloat16|u?int8)/.test(line),
      );
      expect(float32.map((line) => /= (\w+)\(/.exec(line)?.[1])).toEqual(['conv2d', 'softmax']);
    },
  );

  test('stores unsigned what a relu made, and signed what it did not', () => {
    const plan = compile('resnet_v1_50', false, precision);
    const stored = (what: string) => plan.split('\n').filter((line) => line.includes(` as ${what}`)).length;
    expect({ bfloat16: stored('bfloat16'), uint8: stored('uint8'), int8: stored('int8') }).toEqual(
      precision === 'bfloat16' ? { bfloat16: 59, uint8: 0, int8: 0 } : { bfloat16: 0, uint8: 53, int8: 6 },
    );
  });
});
