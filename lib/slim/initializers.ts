import { allocate, type DType, describe, holds, isFloating, type TypedArray } from '../core/dtype.js';
import type { Draw, InitialValue } from '../core/graph.js';
import { type ConcreteShape, elementCount, sameShape, shapeText } from '../core/shape.js';
import { ArgumentError } from '../errors.js';
import { flatValues, type NestedValues } from './nested_values.js';
import { mergeOptions, type Options } from './options.js';
import { fillDraw, type StreamId, truncatedNormal, uniform as uniformDraw } from './random.js';

/** Which variable draws: the seed of its graph and its full name. */
export interface DrawingVariable {
  readonly graphSeed: number;
  readonly variable: string;
}

/** Draws the first value of a variable when a session asks for it. The same seeds give the same bits everywhere. */
export interface Initializer {
  /** The shape of the values, where they have one of their own. */
  readonly shape?: ConcreteShape;
  /** Refuses a variable that the values do not fit; called when the variable is made. @throws ArgumentError */
  check?(shape: ConcreteShape, dtype: DType, variable: string): void;
  /** Row-major values of `shape` in the array that carries `dtype`. */
  draw(shape: ConcreteShape, dtype: DType, drawing: DrawingVariable): TypedArray;
  /** The same values as a distribution, where they come from one: a session then draws them in native code. */
  distribution?(shape: ConcreteShape, drawing: DrawingVariable): Draw;
}

/** The first value of a variable, checked. @throws ArgumentError when an initializer of one's own gives something else */
export function initialValue(initializer: Initializer, own: ConcreteShape, drawing: DrawingVariable): InitialValue {
  const values = (shape: ConcreteShape, dtype: DType): TypedArray => {
    const drawn = initializer.draw(shape, dtype, drawing);
    if (holds(dtype, drawn) && drawn.length === elementCount(shape)) return drawn;
    throw new ArgumentError(
      `Variable ${drawing.variable}: its initializer must give ${elementCount(shape)} values of ${dtype}, it gave ${describe(drawn)}.`,
      { node: drawing.variable },
    );
  };
  const { distribution } = initializer;
  return distribution === undefined ? values : Object.assign(values, { draw: () => distribution(own, drawing) });
}

/** All zeros, in any dtype. */
export function zerosInitializer(): Initializer {
  return { draw: (shape, dtype) => allocate(dtype, elementCount(shape)) };
}

/** All ones. */
export function onesInitializer(): Initializer {
  return constantInitializer(1);
}

/**
 * One value everywhere, or values in a typed array or in nested lists, whose shape a variable may then take over.
 * @param options.shape shape of the values; that of the lists unless told
 * @throws ArgumentError for lists of different lengths and for what is no number, and when a variable is made whose shape or dtype does
 *   not fit
 */
export function constantInitializer(
  values: NestedValues,
  options: { readonly shape?: ConcreteShape } = {},
): Initializer {
  if (typeof values === 'number' || typeof values === 'bigint') {
    return {
      check: (_, dtype, variable) => refuseHalves(dtype, variable),
      draw: (shape, dtype) => filled(shape, dtype, () => values),
    };
  }
  const { list, shape } = flatValues('constantInitializer', values);
  const own = options.shape ?? shape;
  if (elementCount(own) !== list.length)
    throw new ArgumentError(`constantInitializer: ${shapeText(own)} does not hold ${list.length} values.`);
  return {
    shape: own,
    check(shape, dtype, variable) {
      refuseHalves(dtype, variable);
      if (!sameShape(shape, own)) {
        throw new ArgumentError(
          `Variable ${variable}: its shape is ${shapeText(shape)}, that of its initial values ${shapeText(own)}.`,
          { node: variable },
        );
      }
    },
    draw: (shape, dtype) => filled(shape, dtype, (i) => list[i] as number | bigint),
  };
}

function refuseHalves(dtype: DType, variable: string): void {
  if (dtype === 'float16' || dtype === 'bfloat16') {
    throw new ArgumentError(`Variable ${variable}: constants of ${dtype} are not made here.`, {
      node: variable,
      hint: 'keep the variable in float32; precision is an option of the session.',
    });
  }
}

function filled(shape: ConcreteShape, dtype: DType, at: (i: number) => number | bigint): TypedArray {
  const out = allocate(dtype, elementCount(shape));
  const big = dtype === 'int64' || dtype === 'uint64';
  for (let i = 0; i < out.length; i++)
    (out as { [i: number]: number | bigint })[i] = big ? BigInt(at(i)) : Number(at(i));
  return out;
}

/** Uniform values in [minval, maxval). */
export function randomUniformInitializer(
  options: Options<{ minval: number; maxval: number; seed: number | null }> = {},
): Initializer {
  const { minval, maxval, seed } = mergeOptions(
    'randomUniformInitializer',
    { minval: -0.05, maxval: 0.05, seed: null as number | null },
    options,
  );
  requireNumbers('randomUniformInitializer', { minval, maxval });
  checkSeed('randomUniformInitializer', seed);
  return random('randomUniformInitializer', seed, (_, id) => uniformDraw(minval, maxval, id));
}

/** Normal values; those further than two standard deviations from the mean do not occur. */
export function truncatedNormalInitializer(
  options: Options<{ mean: number; stddev: number; seed: number | null }> = {},
): Initializer {
  const { mean, stddev, seed } = mergeOptions(
    'truncatedNormalInitializer',
    { mean: 0, stddev: 1, seed: null as number | null },
    options,
  );
  requireNumbers('truncatedNormalInitializer', { mean, stddev });
  checkSeed('truncatedNormalInitializer', seed);
  return random('truncatedNormalInitializer', seed, (_, id) => truncatedNormal(mean, stddev, id));
}

export type FanMode = 'FAN_IN' | 'FAN_OUT' | 'FAN_AVG';

/** Options of `varianceScalingInitializer`. */
export interface VarianceScalingOptions {
  factor: number;
  mode: FanMode;
  /** Uniform in [-L, L) with L = sqrt(3 factor / n) instead of truncated normal. */
  uniform: boolean;
  seed: number | null;
  /** Must be floating point. The variable's own dtype is what is drawn. */
  dtype: DType;
}

/**
 * Values whose variance is factor / n, n being the fan in, the fan out or their mean (He et al., 2015).
 * The truncated normal form has the nominal deviation sqrt(1.3 factor / n), since cutting at two deviations narrows it.
 * @throws ArgumentError for another mode, for a dtype that is not floating point, for numbers that are not finite
 */
export function varianceScalingInitializer(options: Options<VarianceScalingOptions> = {}): Initializer {
  const defaults: VarianceScalingOptions = { factor: 2, mode: 'FAN_IN', uniform: false, seed: null, dtype: 'float32' };
  const { factor, mode, uniform, seed, dtype } = mergeOptions('varianceScalingInitializer', defaults, options);
  if (!['FAN_IN', 'FAN_OUT', 'FAN_AVG'].includes(mode)) {
    throw new ArgumentError(
      `varianceScalingInitializer: mode: expected FAN_IN, FAN_OUT or FAN_AVG, received ${describe(mode)}.`,
    );
  }
  if (!isFloating(dtype))
    throw new ArgumentError(
      `varianceScalingInitializer: cannot create initializer for a dtype that is not floating point: ${describe(dtype)}.`,
    );
  requireNumbers('varianceScalingInitializer', { factor });
  checkSeed('varianceScalingInitializer', seed);
  return random('varianceScalingInitializer', seed, (shape, id) => {
    const n = fan(shape, mode);
    const limit = Math.sqrt((3 * factor) / n);
    return uniform ? uniformDraw(-limit, limit, id) : truncatedNormal(0, Math.sqrt((1.3 * factor) / n), id);
  });
}

/** Glorot and Bengio (2010): factor 1 over the mean of fan in and fan out; uniform unless told. */
export function xavierInitializer(
  options: Options<Pick<VarianceScalingOptions, 'uniform' | 'seed' | 'dtype'>> = {},
): Initializer {
  const defaults = { uniform: true, seed: null as number | null, dtype: 'float32' as DType };
  return varianceScalingInitializer({
    factor: 1,
    mode: 'FAN_AVG',
    ...mergeOptions('xavierInitializer', defaults, options),
  });
}

/** Fans of a weight: kernels [..., in, out], vectors [n], scalars. */
function fan(shape: ConcreteShape, mode: FanMode): number {
  const last = shape[shape.length - 1] ?? 1;
  const receptive = elementCount(shape.slice(0, -2));
  const fanIn = (shape.length >= 2 ? (shape[shape.length - 2] as number) : last) * receptive;
  const fanOut = last * receptive;
  const n = mode === 'FAN_IN' ? fanIn : mode === 'FAN_OUT' ? fanOut : (fanIn + fanOut) / 2;
  // A weight without elements draws nothing; its fan must not divide by zero.
  return Math.max(n, 1);
}

function random(name: string, seed: number | null, drawOf: (shape: ConcreteShape, id: StreamId) => Draw): Initializer {
  const distribution = (shape: ConcreteShape, { graphSeed, variable }: DrawingVariable): Draw =>
    drawOf(shape, { graphSeed, name: variable, ownSeed: seed });
  return {
    check(_, dtype, variable) {
      if (dtype !== 'float32' && dtype !== 'float64') {
        const why = isFloating(dtype)
          ? 'draws float32 and float64 alone'
          : 'cannot create initializer for a dtype that is not floating point';
        throw new ArgumentError(`${name}: ${why}; variable ${variable} is ${dtype}.`, { node: variable });
      }
    },
    draw(shape, dtype, drawing) {
      const out = dtype === 'float64' ? new Float64Array(elementCount(shape)) : new Float32Array(elementCount(shape));
      fillDraw(out, distribution(shape, drawing));
      return out;
    },
    distribution,
  };
}

function requireNumbers(where: string, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new ArgumentError(`${where}: ${name}: expected a finite number, received ${describe(value)}.`);
  }
}

/** Checks a seed. @throws ArgumentError */
export function checkSeed(where: string, seed: unknown): void {
  if (seed !== null && !Number.isSafeInteger(seed))
    throw new ArgumentError(`${where}: seed: expected an integer or null, received ${describe(seed)}.`);
}
