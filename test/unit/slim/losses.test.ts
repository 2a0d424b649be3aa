/** What the compiler knows of losses and metrics, and collections of losses. */
import { Graph } from '../../../lib/core/graph.js';
import * as slim from '../../../lib/slim/index.js';

const { losses, metrics } = slim;

/** Never called: its body need only compile. */
function typesOnly(): void {
  const x = slim.placeholder('float32', [2, 3]);
  losses.softmaxCrossEntropy(x, x, { weights: x, labelSmoothing: 0.1, reduction: 'mean', scope: 'loss' });
  losses.meanSquaredError(x, x, { weights: undefined });
  // @ts-expect-error: weights is what it is called
  losses.softmaxCrossEntropy(x, x, { weight: 1 });
  // @ts-expect-error: weights are never null
  losses.meanSquaredError(x, x, { weights: null });
  // @ts-expect-error: no such reduction
  losses.logLoss(x, x, { reduction: 'average' });
  // @ts-expect-error: regression has no smoothing
  losses.absoluteDifference(x, x, { labelSmoothing: 0.1 });
  // @ts-expect-error: the axis must be given
  losses.cosineDistance(x, x);
  // @ts-expect-error: the axis must be given
  losses.cosineDistance(x, x, { weights: 1 });
  // @ts-expect-error: nothing is weighted here
  losses.hingeLoss(x, x, { weights: 1 });
  // @ts-expect-error: what a scope sets for addLoss is checked too
  slim.argScope([losses.addLoss], { collection: null }, () => {});
  const { values } = metrics.aggregateMetricMap({ accuracy: metrics.streamingAccuracy(x, x) });
  values.accuracy.shape.at(0);
  // @ts-expect-error: the names are those of the metrics
  values.recall.shape.at(0);
  // @ts-expect-error: the number of classes must be given
  metrics.confusionMatrix(x, x);
}

test('option typos do not compile', () => {
  expect(typesOnly).toBeInstanceOf(Function);
});

test('losses stand in the graph that they were made in, in their order', () => {
  const graphs = [new Graph(), new Graph()];
  for (const graph of graphs) {
    graph.build(() => {
      const x = slim.placeholder('float32', [null, 3]);
      slim.nameScope('tower', () => losses.meanSquaredError(x, x));
      losses.absoluteDifference(x, x);
    });
  }
  expect(graphs[0]?.build(() => losses.getLosses().map((loss) => loss.name))).toEqual([
    'tower/mean_squared_error/value',
    'absolute_difference/value',
  ]);
  expect(graphs[1]?.build(() => losses.getLosses('tower/'))).toHaveLength(1);
});

test('an unreduced loss has the shape of its elements and is collected nowhere', () => {
  const graph = new Graph();
  const loss = graph.build(() => {
    const x = slim.placeholder('float32', [null, 3, 4]);
    return losses.meanSquaredError(x, x, { weights: slim.placeholder('float32', [null]), reduction: 'none' });
  });
  expect(loss.shape).toEqual([null, 3, 4]);
  expect(graph.getCollection('losses')).toEqual([]);
});
