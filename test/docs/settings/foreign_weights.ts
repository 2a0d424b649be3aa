import { Graph, nets, placeholder, Session, slim } from 'slimnet';

const { argScope, build } = nets.network('resnet_50');
const graph = new Graph({ seed: 1 });
graph.build(() =>
  slim.argScope(argScope(), () =>
    build(placeholder('float32', [1, 64, 64, 3]), { numClasses: 1000, isTraining: false }),
  ),
);
export const session = await Session.create(graph);
