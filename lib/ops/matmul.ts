import type { Tensor } from '../core/graph.js';
import { defineOp } from '../core/op.js';
import { shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { requireRank } from './checks.js';
import { ordinary } from './traits.js';

/** x [..., K] times y [K, M]: z [..., M]. */
export const matmul = defineOp({
  name: 'matmul',
  inputs: ['x', 'y'],
  outputs: ['z'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'float', batchwise: 'rows', product: true, lowPrecision: 'own_scale' },
  infer: ({ x, y }) => {
    requireRank('y', y, 2);
    if (x.shape.length < 1 || x.shape[x.shape.length - 1] !== y.shape[0] || y.shape[0] === null) {
      throw new ShapeError(`Cannot multiply ${shapeText(x.shape)} by ${shapeText(y.shape)}.`);
    }
    return { z: { dtype: x.dtype, shape: [...x.shape.slice(0, -1), y.shape[1] as number | null] } };
  },
  grad: (v, { x, y, dz }) => {
    const rows = (t: Tensor) => (t.shape.length === 2 ? t : v.reshape(t, [-1, t.shape[t.shape.length - 1] as number]));
    return { x: v.matmul(dz, v.transpose(y, [1, 0])), y: v.matmul(v.transpose(rows(x), [1, 0]), rows(dz)) };
  },
});
