/** The arithmetic that schedules are written in: once for numbers of JavaScript, once for tensors of a graph. */
import type { Tensor } from '../../core/graph.js';
import { add, cos, divide, floor, less, maximum, minimum, multiply, pow, subtract, where } from '../../slim/math.js';
import { constant } from '../../slim/placeholder.js';

/** Operations on float32 scalars. */
export interface Arithmetic<T> {
  number(value: number): T;
  add(x: T, y: T): T;
  sub(x: T, y: T): T;
  mul(x: T, y: T): T;
  div(x: T, y: T): T;
  pow(x: T, y: T): T;
  min(x: T, y: T): T;
  max(x: T, y: T): T;
  floor(x: T): T;
  cos(x: T): T;
  /** `then` where x < y, else `otherwise`. */
  ifLess(x: T, y: T, then: T, otherwise: T): T;
}

const f32 = Math.fround;

/** Numbers that are rounded to float32 after each operation, as the plan does: both give the same values. */
export const numbers: Arithmetic<number> = {
  number: f32,
  add: (x, y) => f32(x + y),
  sub: (x, y) => f32(x - y),
  mul: (x, y) => f32(x * y),
  div: (x, y) => f32(x / y),
  pow: (x, y) => f32(x ** y),
  min: Math.min,
  max: Math.max,
  floor: Math.floor,
  cos: (x) => f32(Math.cos(x)),
  ifLess: (x, y, then, otherwise) => (x < y ? then : otherwise),
};

/** Nodes of the graph that is being built. */
export const tensors: Arithmetic<Tensor> = {
  number: (value) => constant(value),
  add,
  sub: subtract,
  mul: multiply,
  div: divide,
  pow,
  min: minimum,
  max: maximum,
  floor: (x) => floor(x),
  cos: (x) => cos(x),
  ifLess: (x, y, then, otherwise) => where(less(x, y), then, otherwise),
};
