import { ArgumentError, ShapeError } from '../errors.js';
import { type DType, describe, isDType } from './dtype.js';
import type { Node, Tensor } from './graph.js';
import { type TensorType, typeText } from './shape.js';
import { checkDTypes, type Traits } from './traits.js';
import type { Vocabulary } from './vocabulary.js';

/** Kinds of attributes; each is one field of the generated C++ struct. */
export type AttrKind =
  | { readonly kind: 'int' }
  | { readonly kind: 'float' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'string' }
  | { readonly kind: 'dtype' }
  | { readonly kind: 'ints'; readonly count?: number }
  | { readonly kind: 'floats' }
  | { readonly kind: 'oneOf'; readonly values: readonly string[]; readonly graphOnly: true };

export const int = { kind: 'int' } as const;
export const float = { kind: 'float' } as const;
export const bool = { kind: 'bool' } as const;
export const string = { kind: 'string' } as const;
export const dtype = { kind: 'dtype' } as const;
export const floats = { kind: 'floats' } as const;
/** A list of integers, of exactly `count` when given. */
export function ints<const N extends number | undefined = undefined>(
  count?: N,
): { readonly kind: 'ints'; readonly count?: number } {
  return count === undefined ? { kind: 'ints' } : { kind: 'ints', count };
}
/** A choice that means something while the graph is built and is gone from the plan (`resolve` replaces it). */
export function oneOf<const V extends readonly string[]>(...values: V) {
  return { kind: 'oneOf', values, graphOnly: true } as const;
}

export type AttrValue = number | boolean | string | readonly number[];
export type AttrSchema = Readonly<Record<string, AttrKind>>;

type ValueOf<K extends AttrKind> = K extends { kind: 'int' | 'float' }
  ? number
  : K extends { kind: 'bool' }
    ? boolean
    : K extends { kind: 'dtype' }
      ? DType
      : K extends { kind: 'oneOf'; values: readonly (infer V)[] }
        ? V
        : K extends { kind: 'string' }
          ? string
          : readonly number[];

/** The attributes of an op as an object, typed from its schema. */
export type AttrsOf<S extends AttrSchema> = { readonly [K in keyof S]: ValueOf<S[K]> };

type PortTypes<P extends readonly string[]> = { readonly [K in P[number]]: TensorType };
type PortTensors<P extends readonly string[]> = { readonly [K in P[number]]: Tensor };

/** Gradients of the results, each under the name of its port behind a `d`. Of several results, those that nobody used have none. */
type ResultGradients<O extends readonly string[]> = O extends readonly [infer Only extends string]
  ? { readonly [K in `d${Only}`]: Tensor }
  : { readonly [K in O[number] as `d${K}`]?: Tensor };

/** Gradients of the inputs; an input that is left out gets none. */
type InputGradients<I extends readonly string[]> = { readonly [K in I[number]]?: Tensor | undefined };

/** What an op is: its ports, attributes, shapes, and gradient. How it is computed is each backend's business. */
export interface OpSpec<I extends readonly string[], O extends readonly string[], A extends AttrSchema> {
  /** snake_case, unique; the name in plans and of the file in each backend. */
  readonly name: string;
  readonly inputs: I;
  readonly outputs: O;
  readonly attrs: A;
  readonly traits: Traits<I[number]>;
  /** Output types from input types, whose dtypes are those of the traits. Unknown dimensions may occur. Throws ShapeError. */
  infer(inputs: PortTypes<I>, attrs: AttrsOf<A>): PortTypes<O>;
  /** Replaces graph-only attributes once all shapes are known, e.g. SAME by explicit pads. */
  resolve?(inputs: PortTypes<I>, attrs: AttrsOf<A>): AttrsOf<A>;
  /**
   * Gradients of the inputs out of those of the results; null: the gradient stops here; text: why there is none, which the
   * GradientError says to whoever asks. `tensors` holds inputs and results by port, and the gradients of the results as `dy`, `dz`, ...
   */
  readonly grad:
    | null
    | string
    | ((
        v: Vocabulary,
        tensors: PortTensors<I> & PortTensors<O> & ResultGradients<O>,
        attrs: AttrsOf<A>,
      ) => InputGradients<I>);
  /**
   * Input ports of which only type and shape matter. A plan does not read them: it has an attribute `<port>_shape` in their place, so
   * nothing is computed or kept for them.
   */
  readonly shapeOnly?: readonly I[number][];
  /** Input ports that name variables which this op changes. Output i is the new value of the i-th of them. */
  readonly updates?: readonly I[number][];
  /** Where values enter a plan: the output type is written in the plan and not inferred there. */
  readonly source?: boolean;
  /** Only the compiler makes this op; a plan from outside may not hold it. */
  readonly internal?: boolean;
  /** The encoder puts something else in its place: no plan holds this op, and no backend knows of it. */
  readonly graphOnly?: boolean;
}

/** An op with its types erased: what the graph, the encoder and the generator handle. */
export interface Op {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: AttrSchema;
  readonly traits: Traits;
  readonly updates: readonly string[];
  readonly shapeOnly: readonly string[];
  readonly source: boolean;
  readonly internal: boolean;
  readonly graphOnly: boolean;
  readonly differentiable: 'yes' | 'stops' | 'no';
  /** Why the op has no gradient, where it has none. */
  readonly withoutGradient: string | null;
  infer(inputs: readonly TensorType[], attrs: Readonly<Record<string, AttrValue>>, where: string): TensorType[];
  resolve(
    inputs: readonly TensorType[],
    attrs: Readonly<Record<string, AttrValue>>,
  ): Readonly<Record<string, AttrValue>>;
  /**
   * Gradients by input port, out of those by output port.
   * @param value what stands for an input or a result that the gradient reads; it is asked for those alone
   */
  grad(
    v: Vocabulary,
    node: Node,
    dOutputs: readonly (Tensor | undefined)[],
    value: (tensor: Tensor) => Tensor,
  ): (Tensor | undefined)[];
}

/** An op that can be applied: `op(inputs, attrs, name)` adds a node to the inputs' graph. */
export interface AppliedOp<I extends readonly string[], O extends readonly string[], A extends AttrSchema> extends Op {
  readonly spec: OpSpec<I, O, A>;
}

/** Declares an op. The object is all there is to say about it on this side of the seam. */
export function defineOp<
  const I extends readonly string[],
  const O extends readonly string[],
  const A extends AttrSchema,
>(spec: OpSpec<I, O, A>): AppliedOp<I, O, A> {
  const zip = <T>(names: readonly string[], values: readonly T[]) =>
    Object.fromEntries(names.map((n, i) => [n, values[i]]));
  return {
    spec,
    name: spec.name,
    inputs: spec.inputs,
    outputs: spec.outputs,
    attrs: spec.attrs,
    traits: spec.traits,
    updates: spec.updates ?? [],
    shapeOnly: spec.shapeOnly ?? [],
    source: spec.source ?? false,
    internal: spec.internal ?? false,
    graphOnly: spec.graphOnly ?? false,
    differentiable: typeof spec.grad === 'string' ? 'no' : spec.grad === null ? 'stops' : 'yes',
    withoutGradient: typeof spec.grad === 'string' ? spec.grad : null,
    infer(inputs, attrs, where) {
      if (inputs.length !== spec.inputs.length) {
        throw new ShapeError(
          `${spec.name} (${where}): expected ${spec.inputs.length} inputs, received ${inputs.length}.`,
          { op: spec.name, node: where },
        );
      }
      try {
        checkDTypes(spec.inputs, spec.traits, inputs);
        const out = spec.infer(zip(spec.inputs, inputs) as PortTypes<I>, attrs as AttrsOf<A>) as Readonly<
          Record<string, TensorType>
        >;
        return spec.outputs.map((port) => out[port] as TensorType);
      } catch (error) {
        if (!(error instanceof ShapeError) || error.node !== undefined) throw error;
        throw new ShapeError(
          `${spec.name} (${where}): ${error.message} Inputs: ${inputs.map(typeText).join(', ') || 'none'}.`,
          { op: spec.name, node: where },
        );
      }
    },
    resolve(inputs, attrs) {
      if (spec.resolve === undefined) return attrs;
      return spec.resolve(zip(spec.inputs, inputs) as PortTypes<I>, attrs as AttrsOf<A>);
    },
    grad(v, node, dOutputs, value) {
      if (typeof spec.grad !== 'function') return spec.inputs.map(() => undefined);
      const gradients = dOutputs.flatMap((gradient, i) => (gradient ? [[`d${spec.outputs[i]}`, gradient]] : []));
      const tensors = Object.fromEntries(gradients) as Record<string, Tensor>;
      const read = (port: string, tensor: Tensor) =>
        Object.defineProperty(tensors, port, { enumerable: true, get: () => value(tensor) });
      for (const [i, port] of spec.inputs.entries()) read(port, node.inputs[i] as Tensor);
      for (const [i, port] of spec.outputs.entries()) read(port, node.outputs[i] as Tensor);
      const out = spec.grad(
        v,
        tensors as unknown as Parameters<typeof spec.grad>[1],
        node.attrs as AttrsOf<A>,
      ) as Readonly<Record<string, Tensor | undefined>>;
      return spec.inputs.map((port) => out[port]);
    },
  };
}

/** Checks attributes against the schema; unknown names and wrong kinds are errors. @throws ArgumentError */
export function checkAttrs(op: Op, attrs: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(attrs)) {
    if (!Object.hasOwn(op.attrs, name)) {
      throw new ArgumentError(
        `${op.name} has no attribute ${name}; it has ${Object.keys(op.attrs).join(', ') || 'none'}.`,
        { op: op.name },
      );
    }
  }
  for (const [name, kind] of Object.entries(op.attrs)) {
    const value = attrs[name];
    if (!fits(kind, value)) {
      const expected =
        kind.kind === 'oneOf'
          ? `one of ${kind.values.join(', ')}`
          : kind.kind === 'ints' && kind.count !== undefined
            ? `${kind.count} integers`
            : kind.kind;
      throw new ArgumentError(`${op.name}: attribute ${name}: expected ${expected}, received ${describe(value)}.`, {
        op: op.name,
      });
    }
  }
}

function fits(kind: AttrKind, value: unknown): boolean {
  switch (kind.kind) {
    case 'int':
      return Number.isSafeInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'dtype':
      return isDType(value);
    case 'oneOf':
      return kind.values.includes(value as string);
    case 'ints':
      return (
        Array.isArray(value) &&
        value.every(Number.isSafeInteger) &&
        (kind.count === undefined || value.length === kind.count)
      );
    case 'floats':
      return Array.isArray(value) && value.every((v) => typeof v === 'number');
  }
}

/** The attribute that stands in a plan for an input of which only the shape matters. */
export function shapeAttr(port: string): string {
  return `${port}_shape`;
}
