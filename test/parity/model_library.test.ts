/** The model library's line of the networks, chosen by options, against what its own code builds and computes. */
import type { Tensor } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import type { LongOutput, Statistics } from '../helpers/network_fixtures.js';
import { devices, evaluate, expectStatistics, generatedImages, generatedValues, largestDifference } from './numbers.js';
import { build, golden, images, smallResnet } from './support.js';

type Named = readonly [name: string, shape: readonly number[]];

interface GraphFacts {
  readonly network: nets.NetworkName;
  readonly inputShape: readonly number[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly output: Named;
  readonly endPoints: readonly Named[];
  readonly variables: number;
  readonly parameters: number;
  readonly updateOps: number;
  readonly regularizationLosses: number;
}

interface Values {
  readonly id: string;
  readonly useBoundedActivations?: boolean;
  readonly argScope?: { readonly useBatchNorm: boolean; readonly activationFn: 'relu6' };
  readonly options: slim.Options<nets.ResnetV1Options>;
  readonly inputShape: readonly [number, number, number, number];
  readonly output: LongOutput | { readonly name: string; readonly data: readonly number[] };
  readonly outputRange: number;
  readonly endPoints: readonly Statistics[];
}

const { graphs, values } = golden<{ graphs: readonly GraphFacts[]; values: readonly Values[] }>('model_library.json');

const named = ({ name, shape }: Tensor) => [name, shape];

test.each(graphs.map((facts) => [facts.network, JSON.stringify(facts.options), facts] as const))(
  '%s with %s is built as there',
  (name, _, facts) => {
    const { argScope, build: network } = nets.network(name);
    const { graph, value } = build(() =>
      slim.argScope(argScope(), () => network(images(facts.inputShape), facts.options)),
    );
    expect(named(value.net)).toEqual(facts.output);
    expect(Object.entries(value.endPoints).map(([point, { shape }]) => [point, shape])).toEqual(facts.endPoints);
    const sizes = [...graph.variables.values()].map(({ shape }) => elementCount(shape));
    expect(sizes).toHaveLength(facts.variables);
    expect(sizes.reduce((a, b) => a + b)).toBe(facts.parameters);
    expect(graph.getCollection(slim.GraphKeys.updateOps)).toHaveLength(facts.updateOps);
    expect(graph.getCollection(slim.GraphKeys.regularizationLosses)).toHaveLength(facts.regularizationLosses);
  },
);

const tolerances = { reference: 1e-5, cpu: 1e-4 } as const;

describe.each(devices)('on %s', (device) => {
  test.each(values.map((v) => [v.id, v] as const))('%s computes what it computes there', async (_, v) => {
    const { useBatchNorm = true, activationFn } = v.argScope ?? {};
    const scope = nets.resnetArgScope({
      useBatchNorm,
      ...(activationFn === undefined ? {} : { activationFn: slim[activationFn] }),
    });
    const useBoundedActivations = v.useBoundedActivations ?? false;
    const { graph, value } = build(() =>
      slim.argScope(scope, () =>
        slim.argScope([nets.bottleneckV1], { useBoundedActivations }, () =>
          smallResnet(images(v.inputShape), { ...v.options, isTraining: false }),
        ),
      ),
    );
    const { net, ...points } = await evaluate(
      graph,
      device,
      { net: value.net, ...value.endPoints },
      { feeds: { images: generatedImages(v.inputShape) }, values: generatedValues(graph) },
    );
    expect(value.net.name).toBe(v.output.name);
    if (v.output.data === null) expectStatistics(net?.data ?? [], v.output, 3 * tolerances[device]);
    else expect(largestDifference(net?.data ?? [], v.output.data)).toBeLessThan(tolerances[device] * v.outputRange);
    expect(Object.keys(points)).toEqual(v.endPoints.map(({ name }) => name));
    for (const expected of v.endPoints)
      expectStatistics(points[expected.name]?.data ?? [], expected, 3 * tolerances[device]);
  });
});
