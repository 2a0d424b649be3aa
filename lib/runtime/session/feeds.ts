/** What goes into a run: arrays for the placeholders, with their shapes. */
import { allocate, type DType, describe, dtypes, holds, refuseDetached, type TypedArray } from '../../core/dtype.js';
import type { Tensor, Variable } from '../../core/graph.js';
import {
  accepts,
  type ConcreteShape,
  elementCount,
  limits,
  type Shape,
  shapeText,
  typeText,
} from '../../core/shape.js';
import { ArgumentError, ExecutionError, ShapeError } from '../../errors.js';

/** Row-major values: in one array, or in several that follow one another and are put together without a further copy. */
export type FeedValues = TypedArray | readonly TypedArray[];

/** An array with its shape. */
export interface ShapedFeed {
  readonly data: FeedValues;
  readonly shape: readonly number[];
  /** When given it must be the placeholder's. */
  readonly dtype?: DType;
}

/**
 * The value of a placeholder: row-major values in typed arrays of its dtype; `[a, b, c]` is a batch of what was made one by one.
 * Without a shape they take the placeholder's; one dimension that is unknown there follows from their length.
 */
export type Feed = FeedValues | ShapedFeed;

/** Values of placeholders by their names. */
export type Feeds = Readonly<Record<string, Feed>>;

/** A checked feed. */
export interface Input {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: ConcreteShape;
  readonly data: FeedValues;
}

/** The name under which a placeholder is fed. */
export function inputName(placeholder: Tensor): string {
  return placeholder.node.attrs.name as string;
}

/**
 * The feeds in the order of the placeholders.
 * @throws ArgumentError for missing and needless feeds and for arrays of the wrong kind or length; ShapeError for shapes that
 * the placeholder does not take
 */
export function checkFeeds(placeholders: readonly Tensor[], feeds: unknown): Input[] {
  if (feeds === null || typeof feeds !== 'object' || ArrayBuffer.isView(feeds) || Array.isArray(feeds)) {
    throw new ArgumentError(`Expected feeds by placeholder name, received ${describe(feeds)}.`, {
      hint: 'run({ images: pixels }, ...).',
    });
  }
  const given = feeds as Record<string, unknown>;
  const names = placeholders.map(inputName);
  const needless = Object.keys(given).find((name) => !names.includes(name));
  if (needless !== undefined) {
    throw new ArgumentError(
      `Input ${needless} is not needed for what is fetched; needed: ${names.join(', ') || 'none'}.`,
      { node: needless },
    );
  }
  return placeholders.map((placeholder) => {
    const name = inputName(placeholder);
    if (!Object.hasOwn(given, name) || given[name] === undefined) {
      const received = Object.keys(given).join(', ') || 'none';
      throw new ArgumentError(
        `Input ${name}: expected ${typeText(placeholder)}, but it is not among the feeds (${received}).`,
        { node: name },
      );
    }
    return checkFeed(name, placeholder, given[name]);
  });
}

/** @throws ArgumentError, ShapeError */
export function checkShapes(
  placeholders: readonly Tensor[],
  shapes: unknown,
): { name: string; shape: ConcreteShape }[] {
  if (shapes === null || typeof shapes !== 'object')
    throw new ArgumentError(`shapes: expected shapes by placeholder name, received ${describe(shapes)}.`);
  const given = shapes as Record<string, unknown>;
  const names = placeholders.map(inputName);
  const needless = Object.keys(given).find((name) => !names.includes(name));
  if (needless !== undefined) {
    throw new ArgumentError(
      `shapes: ${needless} is no input of what is fetched; inputs: ${names.join(', ') || 'none'}.`,
      { node: needless },
    );
  }
  return placeholders.map((placeholder) => {
    const name = inputName(placeholder);
    const shape = Object.hasOwn(given, name) ? checkShape(name, placeholder, given[name]) : known(placeholder.shape);
    if (shape === null) {
      throw new ArgumentError(`shapes: input ${name} (${typeText(placeholder)}) has unknown dimensions.`, {
        node: name,
        hint: `shapes: { ${name}: [...] }.`,
      });
    }
    return { name, shape };
  });
}

/** Inputs of zeros, of shapes that `checkShapes` has checked. @throws ExecutionError when there is no memory for them */
export function zeros(
  placeholders: readonly Tensor[],
  shapes: readonly { readonly name: string; readonly shape: ConcreteShape }[],
): Input[] {
  return shapes.map(({ name, shape }, i) => {
    const { dtype } = placeholders[i] as Tensor;
    try {
      return { name, dtype, shape, data: allocate(dtype, elementCount(shape)) };
    } catch (cause) {
      throw new ExecutionError(`Input ${name}: no memory for zeros of ${shapeText(shape)}.`, {
        code: 'ERR_MEMORY',
        node: name,
        cause,
      });
    }
  });
}

function known(shape: Shape): ConcreteShape | null {
  return elementCount(shape) === null ? null : (shape as ConcreteShape);
}

function checkFeed(name: string, placeholder: Tensor, feed: unknown): Input {
  if (ArrayBuffer.isView(feed) || (Array.isArray(feed) && feed.every(ArrayBuffer.isView))) {
    const data = checkData(name, placeholder, feed);
    return { name, dtype: placeholder.dtype, data, shape: shapeOf(name, placeholder, lengthOf(data)) };
  }
  if (feed === null || typeof feed !== 'object' || !('data' in feed)) {
    throw new ArgumentError(
      `Input ${name}: expected ${dtypes[placeholder.dtype].array.name}, several of them in an array, or { data, shape }, received ${describe(feed)}.`,
      { node: name },
    );
  }
  const {
    data: values,
    shape: dimensions,
    dtype,
    ...rest
  } = feed as { data: unknown; shape?: unknown; dtype?: unknown };
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw new ArgumentError(`Input ${name} has no field ${unknown}; it has data, shape, dtype.`, { node: name });
  if (dtype !== undefined && dtype !== placeholder.dtype) {
    throw new ArgumentError(`Input ${name}: expected dtype ${placeholder.dtype}, received ${describe(dtype)}.`, {
      node: name,
    });
  }
  const data = checkData(name, placeholder, values);
  const shape =
    dimensions === undefined ? shapeOf(name, placeholder, lengthOf(data)) : checkShape(name, placeholder, dimensions);
  if (elementCount(shape) !== lengthOf(data)) {
    throw new ShapeError(
      `Input ${name}: shape ${shapeText(shape)} has ${elementCount(shape)} elements, received ${lengthOf(data)}.`,
      { node: name },
    );
  }
  return { name, dtype: placeholder.dtype, data, shape };
}

function lengthOf(values: FeedValues): number {
  return Array.isArray(values)
    ? values.reduce((sum: number, { length }: TypedArray) => sum + length, 0)
    : (values as TypedArray).length;
}

function checkData(name: string, placeholder: Tensor, data: unknown): FeedValues {
  if (!Array.isArray(data)) return checkArray(name, placeholder, data);
  return data.map((part, i) => checkArray(`${name}[${i}]`, placeholder, part));
}

function checkArray(name: string, placeholder: Tensor, data: unknown): TypedArray {
  if (holds(placeholder.dtype, data)) {
    refuseDetached(`Input ${name} (${typeText(placeholder)})`, data);
    return data;
  }
  throw new ArgumentError(
    `Input ${name}: expected ${dtypes[placeholder.dtype].array.name} for ${typeText(placeholder)}, received ${describe(data)}.`,
    { node: name },
  );
}

function checkShape(name: string, placeholder: Tensor, shape: unknown): ConcreteShape {
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0 && d <= limits.dimension)) {
    throw new ShapeError(
      `Input ${name}: expected a shape such as ${shapeText(placeholder.shape)}, received ${describe(shape)}.`,
      { node: name },
    );
  }
  if (!accepts(placeholder.shape, shape)) {
    throw new ShapeError(`Input ${name}: expected ${typeText(placeholder)}, received shape ${shapeText(shape)}.`, {
      node: name,
    });
  }
  return [...(shape as number[])];
}

/** The placeholder's shape, with its one unknown dimension from the number of elements. */
function shapeOf(name: string, placeholder: Tensor, length: number): ConcreteShape {
  const open = placeholder.shape.filter((d) => d === null).length;
  if (open > 1) {
    throw new ArgumentError(
      `Input ${name}: ${typeText(placeholder)} has ${open} unknown dimensions, so its shape must be given.`,
      {
        node: name,
        hint: `feed { data, shape: [...] }.`,
      },
    );
  }
  const unit = placeholder.shape.reduce<number>((product, d) => product * (d ?? 1), 1);
  const fits = open === 0 ? length === unit : unit > 0 && length % unit === 0;
  if (!fits) {
    const expected = open === 0 ? `${unit} elements` : `a multiple of ${unit} elements`;
    throw new ShapeError(`Input ${name}: expected ${expected} for ${typeText(placeholder)}, received ${length}.`, {
      node: name,
    });
  }
  return placeholder.shape.map((d) => d ?? length / unit);
}

/** Checks what a variable is to hold. @throws ArgumentError, ShapeError that name it */
export function checkValues({ name, dtype, shape }: Variable, values: TypedArray): void {
  if (!holds(dtype, values)) {
    throw new ArgumentError(
      `Variable ${name}: expected ${dtypes[dtype].array.name} for ${typeText({ dtype, shape })}, received ${describe(values)}.`,
      { node: name },
    );
  }
  refuseDetached(`Variable ${name}`, values);
  if (values.length !== elementCount(shape)) {
    throw new ShapeError(
      `Variable ${name}: ${shapeText(shape)} has ${elementCount(shape)} elements, received ${values.length}.`,
      { node: name },
    );
  }
}
