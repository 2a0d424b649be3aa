import type { DefineCommand } from '../command.js';
import { bench } from './bench.js';
import { classify } from './classify.js';
import { completion } from './completion.js';
import { convert } from './convert.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { embed } from './embed.js';
import { evaluate } from './eval.js';
import { explain } from './explain.js';
import { inspect } from './inspect.js';
import { merge } from './merge.js';
import { plan } from './plan.js';
import { quantize } from './quantize.js';
import { quickstart } from './quickstart.js';
import { report } from './report.js';
import { serve } from './serve.js';
import { train } from './train.js';
import { weights } from './weights.js';

/** Every command, in the order of the help. */
export const commands: readonly DefineCommand[] = [
  demo,
  quickstart,
  classify,
  embed,
  explain,
  merge,
  serve,
  train,
  evaluate,
  report,
  quantize,
  weights,
  inspect,
  convert,
  bench,
  plan,
  doctor,
  completion,
];
