import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** log(1 + x), elementwise; exact for small x too. */
export const log1p = defineOp({
  name: 'log1p',
  ...floatUnary,
  grad: (v, { x, dy }) => ({ x: v.div(dy, v.add(x, 1)) }),
});
