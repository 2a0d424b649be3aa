// slimnet: the session that a library user makes, from a TensorFlow checkpoint.
import { buildNetwork } from '../network.mjs';
import { answer } from './common.mjs';

await answer({
  order: 'nhwc',
  async load({ network, checkpoint, threads }) {
    // Within the measured time of a start.
    const slimnet = await import('../../dist/index.js');
    const { graph, net } = buildNetwork(slimnet, network);
    const session = await slimnet.Session.create(graph, { device: 'cpu', threads });
    await session.restore(checkpoint);
    return async (images) => (await session.run({ images }, { logits: net })).logits.data;
  },
});
