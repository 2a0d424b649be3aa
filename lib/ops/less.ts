import { defineOp } from '../core/op.js';
import { comparison } from './elementwise.js';

const compared = comparison('less');

/** Whether x is less than y (bool), elementwise, for numbers; NaN is less than nothing. Shapes stretch as in `add`. */
export const less = defineOp({ ...compared, traits: { ...compared.traits, dtypes: 'number' }, grad: null });
