// A process that computes nothing: what the other subjects' neighbours are compared with.
import { setTimeout } from 'node:timers/promises';
import { answer } from './common.mjs';

await answer({ version: process.version, order: 'nhwc', load: async () => () => setTimeout(50) });
