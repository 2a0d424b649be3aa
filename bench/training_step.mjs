// One training step of a network of the registry, as the benchmarks run it: forward, backward, weight decay, gradient descent, moving averages.

/**
 * `slimnet` is the package. Gradient descent, because what a step costs besides its convolutions is the same for all optimizers, but for
 * the updates themselves.
 */
export function buildTrainingStep({ Graph, gradients, nets, placeholder, slim, apply, ops, vocabulary }, options) {
  const { network = 'resnet_v1_50', batch, side, classes = 1000, learningRate = 0.01 } = options;
  const { argScope, build } = nets.network(network);
  const graph = new Graph({ seed: 1 });
  return graph.build(() => {
    const images = placeholder('float32', [batch, side, side, 3], { name: 'images' });
    const labels = placeholder('int32', [batch], { name: 'labels' });
    const { net } = slim.argScope(argScope(), () =>
      build(images, { numClasses: classes, isTraining: true, spatialSqueeze: true }),
    );
    slim.losses.sparseSoftmaxCrossEntropy(net, labels);
    const loss = slim.losses.getTotalLoss();
    const variables = graph.getCollection('trainable_variables');
    const updates = gradients(loss, variables).map((gradient, i) => {
      const value = vocabulary.mul(gradient, -learningRate);
      return apply(ops.assignAdd, { variable: variables[i].tensor, value }, {}, `update_${i}`).y;
    });
    return { graph, loss, updates: [...updates, ...graph.getCollection('update_ops')] };
  });
}
