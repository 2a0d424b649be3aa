import { Graph, nets, placeholder, slim } from 'slimnet';

export const graph = new Graph({ seed: 1 });
graph.build(() =>
  slim.argScope(nets.resnetArgScope(), () =>
    nets.resnetV1_50(placeholder('float32', [1, 224, 224, 3]), { numClasses: 1000, isTraining: false }),
  ),
);
