// Round trip of a run that computes next to nothing: JavaScript to the executor thread and back.
import { Graph, placeholder, Session, slim } from '../../dist/index.js';
import { reply, task } from './common.mjs';
import { timed } from './kinds/times.mjs';

const { seconds, threads } = task();
const graph = new Graph();
const y = graph.build(() => slim.relu(placeholder('float32', [1, 16], { name: 'x' })));
const session = await Session.create(graph, { device: 'cpu', threads });
const x = new Float32Array(16);
const times = await timed(seconds, () => session.run({ x }, { y }));
reply({ median: times.sort((a, b) => a - b)[times.length >> 1] });
