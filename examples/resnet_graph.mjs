// A network as TF-Slim writes it, run below the level of models. Usage: node examples/resnet_graph.mjs [CHECKPOINT]
import { Graph, nets, placeholder, Session, slim } from '../dist/index.js';

// Scopes are synchronous callbacks: inside argScope every conv2d is followed by batch norm and relu, as in the paper.
const graph = new Graph({ seed: 1 });
const { net, endPoints } = graph.build(() => {
  const images = placeholder('float32', [null, 97, 97, 3], { name: 'images' });
  // Dense prediction: no pooling, features at a sixteenth of the image's size, 21 classes at each place.
  return slim.argScope(nets.resnetArgScope(), () =>
    nets.resnetV1_50(images, { numClasses: 21, isTraining: false, globalPool: false, outputStride: 16 }),
  );
});
console.log(`${graph.variables.size} variables, the first is ${graph.variables.keys().next().value}`);

const session = await Session.create(graph, { device: 'cpu' });
const checkpoint = process.argv[2];
// A published checkpoint has 1000 classes: its last layer stays out, and is drawn instead.
await session.initialize();
if (checkpoint !== undefined) await session.restore(checkpoint, { excludeScopes: ['resnet_v1_50/logits'] });

// Any number of images at once; end points are fetched by Slim's names.
const images = new Float32Array(2 * 97 * 97 * 3).map((_, i) => Math.sin(i / 100) * 100);
const { logits, block4 } = await session.run({ images }, { logits: net, block4: endPoints['resnet_v1_50/block4'] });
console.log(`logits ${logits.dtype} [${logits.shape}], block4 [${block4.shape}]`);

// What the compiler made of it: convolutions with their bias, relu and sum fused in.
const { steps } = await session.report({ logits: net }, { shapes: { images: [2, 97, 97, 3] } });
console.log(`${steps.length} steps; the first: ${steps[0].op} ${steps[0].node} (${steps[0].implementation})`);
await session[Symbol.asyncDispose]();
