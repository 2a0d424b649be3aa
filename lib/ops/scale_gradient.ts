import { defineOp, float } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** x itself, whose gradient is multiplied by `factor` on its way back. */
export const scaleGradient = defineOp({
  name: 'scale_gradient',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { factor: float },
  traits: floatUnary.traits,
  infer: ({ x }) => ({ y: x }),
  grad: (v, { dy }, { factor }) => ({ x: v.mul(dy, factor) }),
});
