// A checkpoint with drawn weights whose logits react to a change of the input as those of a trained network do.
import { decodeImage, Graph, nets, placeholder, preprocessImage, Session, slim } from '../dist/index.js';

/**
 * Writes a checkpoint of a residual network with drawn weights, as if it had seen one batch: its batch normalizations have the
 * statistics of these pictures. With the initial ones the values of an untrained residual network grow from block to block,
 * until one class has the probability 1 whatever the picture.
 * @param name a `resnet_...` of the registry
 * @param pictures paths
 * @param path prefix of the checkpoint
 */
export async function writeUntrained(name, seed, pictures, path) {
  const { imageSize, numClasses, preprocessing, build } = nets.network(name);
  const graph = new Graph({ seed });
  const net = graph.build(() => {
    const images = placeholder('float32', [pictures.length, imageSize, imageSize, 3], { name: 'images' });
    const scope = nets.resnetArgScope({ batchNormDecay: 0 });
    return slim.argScope(scope, () => build(images, { numClasses, isTraining: true })).net;
  });
  const session = await Session.create(graph);
  try {
    await session.initialize();
    const images = [];
    for (const picture of pictures) {
      const options = { preprocessing, height: imageSize, width: imageSize };
      images.push(await preprocessImage(await decodeImage(picture), options));
    }
    await session.run({ images }, { net }, { updates: graph.getCollection(slim.GraphKeys.updateOps) });
    await session.save(path);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}
