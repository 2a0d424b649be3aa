// What a driver may be asked for, by the name in the task.
import { check } from './check.mjs';
import { input } from './input.mjs';
import { labels } from './labels.mjs';
import { memory } from './memory.mjs';
import { neighbours } from './neighbours.mjs';
import { overload, serve } from './serve.mjs';
import { soak } from './soak.mjs';
import { start } from './start.mjs';
import { times } from './times.mjs';
import { training } from './training.mjs';

/** Each is called with (subject, task, pixels of a batch) and gives what the driver prints. */
export const kinds = { check, input, labels, memory, neighbours, overload, serve, soak, start, times, training };
