import { defineOp, string } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** x itself. A run in which an element is NaN or infinite is an ExecutionError that begins with `message`, and changes no variable. */
export const checkNumerics = defineOp({
  ...floatUnary,
  name: 'check_numerics',
  attrs: { message: string },
  traits: { ...floatUnary.traits, batchwise: 'never', elementwise: false },
  grad: (_, { dy }) => ({ x: dy }),
});
