import { apply } from '../core/graph.js';
import { defineOp, float } from '../core/op.js';
import { constant } from './constant.js';
import { floatUnary } from './elementwise.js';
import { mul } from './mul.js';

/** x itself, whose gradient is multiplied by `factor` on its way back. */
export const scaleGradient = defineOp({
  name: 'scale_gradient',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { factor: float },
  traits: floatUnary.traits,
  infer: ({ x }) => ({ y: x }),
  grad: (_inputs, _outputs, { y: dy }, { factor }) => {
    const scalar = { types: [{ dtype: dy.dtype, shape: [] }] };
    const scale = dy.graph.add(constant, [], { values: [factor] }, scalar).outputs[0] as typeof dy;
    return { x: apply(mul, { x: dy, y: scale }, {}).z };
  },
});
