// From nothing to a compiled program with fresh weights: the graph, its plan, the passes, the kernels, the initial values.
import * as slimnet from '../../dist/index.js';
import { buildNetwork } from '../network.mjs';
import { reply, task } from './common.mjs';

const { network, threads } = task();
const start = performance.now();
const { graph, net } = buildNetwork(slimnet, network, 1);
const session = await slimnet.Session.create(graph, { device: 'cpu', threads });
const shapes = { images: [1, 224, 224, 3] };
await Promise.all([session.report({ logits: net }, { shapes }), session.initialize()]);
reply({ milliseconds: performance.now() - start });
