import { describe } from '../../core/dtype.js';
import { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import { positiveInteger } from '../utils.js';
import { VariableScope, variableScope } from '../variable_scope.js';

/** A function that can be repeated or stacked: its last argument is an object of options, `scope` among them. */
export type Layer<A extends readonly unknown[]> = (inputs: Tensor, ...args: A) => Tensor;

/**
 * Applies a layer `repetitions` times, each to the output of the one before, inside the scope that the options name (`Repeat`
 * without one). The copies are called `<scope>_1`, `<scope>_2`, ...; without a scope they take the layer's own name.
 * @param args what the layer takes after its inputs
 */
export function repeat<A extends readonly unknown[]>(
  inputs: Tensor,
  repetitions: number,
  layer: Layer<A>,
  ...args: A
): Tensor {
  const count = positiveInteger(repetitions, 'repeat: repetitions');
  const { positional, options } = split(args);
  return copies(
    inputs,
    layer,
    'Repeat',
    Array.from({ length: count }, () => positional),
    options,
  );
}

/**
 * Applies a layer once for each element of `stackArgs`, each to the output of the one before, inside the scope that the options name
 * (`Stack` without one). The copies are called `<scope>_1`, `<scope>_2`, ...
 * @param stackArgs what each copy takes after its inputs: one argument, or a list of them
 * @param options options of every copy
 * @throws ArgumentError when `stackArgs` is no list
 */
export function stack<A extends readonly unknown[]>(
  inputs: Tensor,
  layer: Layer<A>,
  stackArgs: readonly unknown[],
  options: Readonly<Record<string, unknown>> = {},
): Tensor {
  if (!Array.isArray(stackArgs))
    throw new ArgumentError(`stack: stackArgs: expected a list, received ${describe(stackArgs)}.`);
  const each = stackArgs.map((args: unknown) => (Array.isArray(args) ? (args as readonly unknown[]) : [args]));
  return copies(inputs, layer, 'Stack', each, options);
}

function copies<A extends readonly unknown[]>(
  inputs: Tensor,
  layer: Layer<A>,
  defaultName: string,
  each: readonly (readonly unknown[])[],
  options: Readonly<Record<string, unknown>>,
): Tensor {
  if (typeof layer !== 'function')
    throw new ArgumentError(`${defaultName.toLowerCase()}: layer: expected a function, received ${describe(layer)}.`);
  const { scope = null, ...others } = options;
  if (scope !== null && typeof scope !== 'string')
    throw new ArgumentError(`${defaultName.toLowerCase()}: scope: expected a name, received ${describe(scope)}.`);
  return variableScope(scope, defaultName, () => {
    const base = scope ?? (layer.name === '' ? defaultName.toLowerCase() : layer.name);
    return each.reduce(
      (net, args, i) => layer(net, ...([...args, { ...others, scope: `${base}_${i + 1}` }] as unknown as A)),
      inputs,
    );
  });
}

function split(args: readonly unknown[]): {
  readonly positional: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
} {
  const last = args[args.length - 1];
  const isOptions =
    typeof last === 'object' &&
    last !== null &&
    !Array.isArray(last) &&
    !ArrayBuffer.isView(last) &&
    !(last instanceof Tensor) &&
    !(last instanceof VariableScope);
  if (isOptions) return { positional: args.slice(0, -1), options: last as Readonly<Record<string, unknown>> };
  return { positional: last === undefined ? args.slice(0, -1) : args, options: {} };
}
