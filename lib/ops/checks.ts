import { accepts, type Shape, sameShape, shapeText, type TensorType, typeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';

/** @throws ShapeError unless the port has this rank */
export function requireRank(port: string, { shape }: TensorType, rank: number): void {
  if (shape.length !== rank) throw new ShapeError(`${port}: expected rank ${rank}, received ${shapeText(shape)}.`);
}

/** @throws ShapeError unless the port is a vector of `length` elements (null: any) */
export function requireVector(port: string, { shape }: TensorType, length: number | null): void {
  if (shape.length !== 1 || (length !== null && shape[0] !== null && shape[0] !== length)) {
    throw new ShapeError(`${port}: expected [${length ?? '?'}], received ${shapeText(shape)}.`);
  }
}

/** The last dimension. @throws ShapeError when the rank is 0 or the dimension is unknown */
export function lastDimension(port: string, shape: Shape): number {
  const last = shape[shape.length - 1];
  if (last === undefined || last === null)
    throw new ShapeError(`${port}: the last dimension of ${shapeText(shape)} must be known.`);
  return last;
}

/** @throws ShapeError unless the value may take the variable's place */
export function requireAssignable(variable: TensorType, value: TensorType): void {
  if (!sameShape(variable.shape, value.shape))
    throw new ShapeError(`The variable is ${shapeText(variable.shape)}, the value ${shapeText(value.shape)}.`);
}

/** The shape of indices (integers) into the rows of x. @throws ShapeError unless there is one for each row */
export function requireIndices(port: string, indices: TensorType, x: TensorType): Shape {
  const rows = x.shape.slice(0, -1);
  if (x.shape.length === 0 || !accepts(rows, indices.shape)) {
    throw new ShapeError(
      `${port}: expected one index for each row of ${shapeText(x.shape)}, received ${shapeText(indices.shape)}.`,
    );
  }
  return rows.map((d, i) => d ?? (indices.shape[i] as number | null));
}

/** @throws ShapeError unless `dy` may be the gradient of a result of this type */
export function requireGradientOf(y: TensorType, dy: TensorType): void {
  if (dy.dtype !== y.dtype || !accepts(y.shape, dy.shape))
    throw new ShapeError(`dy: expected ${typeText(y)}, received ${typeText(dy)}.`);
}

/**
 * The types that an update by a gradient gives: those of the variable and its slots, in order.
 * @throws ShapeError unless slots and gradient have the variable's shape and all else is a scalar
 */
export function updated<const S extends readonly string[]>(
  types: Readonly<Record<string, TensorType>>,
  slots: S,
): { readonly [K in 'variable' | S[number] as `new_${K}`]: TensorType } {
  const { variable } = types as { readonly variable: TensorType };
  const alike = new Set<string>(['variable', ...slots, 'gradient']);
  for (const [port, { shape }] of Object.entries(types)) {
    const expected = alike.has(port) ? variable.shape : [];
    if (!sameShape(expected, shape))
      throw new ShapeError(`${port}: expected ${shapeText(expected)}, received ${shapeText(shape)}.`);
  }
  const results = ['variable', ...slots].map((port) => [`new_${port}`, types[port]]);
  return Object.fromEntries(results) as { readonly [K in 'variable' | S[number] as `new_${K}`]: TensorType };
}
