import { apply } from '../core/graph.js';
import { defineOp, float } from '../core/op.js';
import { requireFloating } from './checks.js';
import { constant } from './constant.js';
import { mul } from './mul.js';

/** x itself, whose gradient is multiplied by `factor` on its way back. */
export const scaleGradient = defineOp({
  name: 'scale_gradient',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { factor: float },
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
  grad: (_inputs, _outputs, { y: dy }, { factor }) => {
    const scalar = { types: [{ dtype: dy.dtype, shape: [] }] };
    const scale = dy.graph.add(constant, [], { values: [factor] }, scalar).outputs[0] as typeof dy;
    return { x: apply(mul, { x: dy, y: scale }, {}).z };
  },
});
