// What is measured, in the order in which it is measured and reported. A measurement has:
//
// - `name`, `title`, and `about`: a sentence for the report that says what was done
// - `metrics`: `{ key, title, unit, digits, scale?, better? }`; the first that says which direction is better is compared with slimnet
// - `across`: `{ key, from, per, against }`, one more table for each value of the group's key `per`: slimnet for each value of the key
//   `key`, compared with the subjects of `against` where that key is `from`
// - `cases(options)`: the groups within which subjects are compared
// - `rounds(options)`, `protocol(options)`: how often, and what else the report says of the procedure
// - `measure(drive, options, group)`: one value for each metric, `{ values, series? }`, or what the driver said instead
// - `plots`: `{ kind: 'bars' | 'lines', ... }` (report/plots.mjs)
// - `pictures`: begins with pictures, so what the subjects give the network is compared as well
// - `unchecked`: no logits are compared; `metricsAsRows`: the report's table has the subjects as columns
import { compile } from './compile.mjs';
import { labels } from './labels.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { neighbours } from './neighbours.mjs';
import { overhead } from './overhead.mjs';
import { overload } from './overload.mjs';
import { serve } from './serve.mjs';
import { soak } from './soak.mjs';
import { start } from './start.mjs';
import { throughput } from './throughput.mjs';
import { training } from './training.mjs';

export const measurements = [
  ...[throughput, latency, labels, serve, overload, start, memory, soak, neighbours, overhead, compile, training],
];
