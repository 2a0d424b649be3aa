import { Graph, nets, placeholder, Session } from 'slimnet';

export const blocks = [nets.resnetV1BasicBlock('block1', { baseDepth: 8, numUnits: 1, stride: 1 })];
export const pixels = new Float32Array(224 * 224 * 3);

// Weights for the network of one's own: mine.ckpt.
const graph = new Graph({ seed: 1 });
graph.build(() =>
  nets.resnetV1(placeholder('float32', [1, 64, 64, 3]), blocks, { numClasses: 3, isTraining: false, scope: 'mine' }),
);
const session = await Session.create(graph);
session.initialize();
await session.save('mine.ckpt');
