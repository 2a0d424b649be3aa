import { apply } from '../../../../lib/core/graph.js';
import { constant, Graph, placeholder, Session, slim, type Tensor } from '../../../../lib/index.js';
import * as ops from '../../../../lib/ops/index.js';

interface Net {
  readonly graph: Graph;
  readonly y: Tensor;
  readonly step: Tensor;
}

/** A step that changes a variable. */
function counted(): Tensor {
  const counter = slim.variable('counter', { shape: [], initializer: slim.zerosInitializer(), trainable: false });
  return apply(ops.assignAdd, { variable: counter.tensor, value: constant(1) }, {}).y;
}

/** A layer or two with batch norm, and what a step of training would change besides. */
function build(options: Parameters<typeof slim.batchNorm>[1] = {}, layers = 1): Net {
  const graph = new Graph();
  return graph.build(() => {
    let y: Tensor = placeholder('float32', [4, 3], { name: 'x' });
    for (let i = 0; i < layers; i++) y = slim.batchNorm(y, options);
    return { graph, y, step: counted() };
  });
}

/** The warnings while `work` runs. */
async function warningsOf(graph: Graph, work: (session: Session) => Promise<unknown>): Promise<string[]> {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    await using session = await Session.create(graph, { device: 'reference' });
    await session.initialize();
    await work(session);
    return warnings.mock.calls.map(([message]) => String(message));
  } finally {
    warnings.mockRestore();
  }
}

const feeds = { x: new Float32Array(12).map((_, i) => i) };

test('training mode without the updates is told once a session, with the way', async () => {
  const { graph, y } = build({}, 3);
  const [warning, ...more] = await warningsOf(graph, async (session) => {
    for (let i = 0; i < 3; i++) await session.run(feeds, { y });
  });
  expect(more).toEqual([]);
  expect(warning).toMatch(/^run: computed in training mode .*moving statistics: BatchNorm and 2 more\. /);
  expect(warning).toContain("pass updates: [...graph.getCollection('update_ops')]");
});

test('those who pass the updates, or have them forced, or infer, hear nothing', async () => {
  const { graph, y, step } = build();
  const updates = graph.getCollection<Tensor>('update_ops');
  expect(updates).toHaveLength(2);
  expect(await warningsOf(graph, (session) => session.run(feeds, { y }, { updates }))).toEqual([]);
  for (const options of [{ updatesCollections: null }, { isTraining: false }]) {
    const net = build(options);
    expect(await warningsOf(net.graph, (session) => session.run(feeds, { y: net.y }))).toEqual([]);
  }
  // Nothing of the layer is computed.
  expect(await warningsOf(graph, (session) => session.run({}, {}, { updates: [step] }))).toEqual([]);
});

test('where a run decides on the mode, one that changes variables is taken for training', async () => {
  const graph = new Graph();
  const net = graph.build(() => {
    const isTraining = placeholder('bool', [], { name: 'training' });
    const y = slim.batchNorm(placeholder('float32', [4, 3], { name: 'x' }), { isTraining });
    return { y, step: counted() };
  });
  const fed = (training: number) => ({ ...feeds, training: Uint8Array.of(training) });
  expect(await warningsOf(graph, (session) => session.run(fed(0), { y: net.y }))).toEqual([]);
  const told = await warningsOf(graph, (session) => session.run(fed(1), { y: net.y }, { updates: [net.step] }));
  expect(told).toHaveLength(1);
});
