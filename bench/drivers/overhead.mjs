// Round trip of a run that computes next to nothing: JavaScript to the executor thread and back.

import { Graph, placeholder, Session, slim } from '../../dist/index.js';
import { task, timed } from './common.mjs';

const { seconds, threads } = task();
const graph = new Graph();
const y = graph.build(() => slim.relu(placeholder('float32', [1, 16], { name: 'x' })));
const session = await Session.create(graph, { device: 'cpu', threads });
const x = new Float32Array(16);
const times = await timed(seconds, () => session.run({ x }, { y }));
console.log(
  JSON.stringify({ times: times.sort((a, b) => a - b).filter((_, i) => i % Math.ceil(times.length / 1000) === 0) }),
);
process.exit(0);
