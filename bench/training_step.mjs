// One training step of a network of the registry, as the benchmarks run it: forward, backward, weight decay, momentum, moving averages.

/** What all subjects train with. */
export const training = { learningRate: 1e-3, momentum: 0.9, weightDecay: 1e-4, classes: 1000 };

/** `slimnet` is the package. @returns the graph, and the loss whose fetching is a step */
export function buildTrainingStep({ Graph, nets, optimizers, placeholder, slim }, options) {
  const { network, batch, side, learningRate = training.learningRate } = options;
  const { argScope, build } = nets.network(network);
  const graph = new Graph({ seed: 1 });
  const loss = graph.build(() => {
    const images = placeholder('float32', [batch, side, side, 3], { name: 'images' });
    const labels = placeholder('int32', [batch], { name: 'labels' });
    const { net } = slim.argScope(argScope({ weightDecay: training.weightDecay }), () =>
      build(images, { numClasses: training.classes, isTraining: true, spatialSqueeze: true }),
    );
    slim.losses.sparseSoftmaxCrossEntropy(net, labels);
    const optimizer = optimizers.momentum(learningRate, training.momentum);
    return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizer);
  });
  return { graph, loss };
}

/** Labels of a batch: the same for every subject. */
export function labelsOf(batch) {
  return Int32Array.from({ length: batch }, (_, i) => (i * 37) % training.classes);
}
