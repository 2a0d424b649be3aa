import { Graph, nets, optimizers, placeholder, slim } from 'slimnet';

export const graph = new Graph({ seed: 1 });
export const trainOp = graph.build(() => {
  const images = placeholder('float32', [2, 64, 64, 3], { name: 'images' });
  const labels = placeholder('int32', [2], { name: 'labels' });
  const { net } = slim.argScope(nets.resnetArgScope(), () =>
    nets.resnetV1_50(images, { numClasses: 10, isTraining: true, spatialSqueeze: true }),
  );
  slim.losses.sparseSoftmaxCrossEntropy(net, labels);
  return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(0.01));
});
export const feeds = [{ images: new Float32Array(2 * 64 * 64 * 3), labels: new Int32Array([3, 7]) }];
