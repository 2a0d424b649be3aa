// slimnet: the session that a library user makes, from a TensorFlow checkpoint.
import { answer } from './common.mjs';

await answer({
  order: 'nhwc',
  async load({ network, checkpoint, threads }) {
    const { Graph, Session, nets, placeholder, slim } = await import('../../dist/index.js');
    const graph = new Graph();
    const { net } = graph.build(() => {
      const images = placeholder('float32', [null, 224, 224, 3], { name: 'images' });
      return slim.argScope(nets.resnetArgScope(), () =>
        nets.network(network).build(images, { numClasses: 1000, isTraining: false }),
      );
    });
    const session = await Session.create(graph, { device: 'cpu', threads });
    await session.restore(checkpoint);
    return async (images) => (await session.run({ images }, { logits: net })).logits.data;
  },
});
