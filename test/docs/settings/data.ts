import { Graph, imageFolder, optimizers, placeholder, Session, slim } from 'slimnet';

export const photos = await imageFolder('photos/');
export const graph = new Graph({ seed: 1 });
export const trainOp = graph.build(() => {
  const pooled = slim.reduceMean(placeholder('float32', [8, 224, 224, 3], { name: 'images' }), [1, 2]);
  slim.losses.sparseSoftmaxCrossEntropy(
    slim.fullyConnected(pooled, 2, { activationFn: null }),
    placeholder('int32', [8], { name: 'labels' }),
  );
  return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(0.01));
});
export const session = await Session.create(graph);
session.initialize();

export const [startStep, step, loss] = [0, 1, 0.5];
export const weights = new Float32Array(64);
export const images = [new Float32Array(224 * 224 * 3)];
