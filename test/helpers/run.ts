/** Runs graphs through the addon without a session: graph -> plan -> compiled program -> results. */
import type { DType, TypedArray } from '../../lib/core/dtype.js';
import type { Graph, Tensor, Variable } from '../../lib/core/graph.js';
import { type ErrorCode, errorClassByCode, InternalError } from '../../lib/errors.js';
import type { Addon, NativeBackend, NativeProgram, NativeStore } from '../../lib/native/addon.js';
import { loadAddon } from '../../lib/native/binding.js';
import * as ops from '../../lib/ops/index.js';
import { encode, type Plan, type PlanSplit } from '../../lib/plan/encode.js';
import type { PlanPrecision } from '../../lib/plan/precision.js';

let ready: Addon | undefined;

/** The addon, ready to use. */
export function addon(): Addon {
  if (ready !== undefined) return ready;
  const loaded = loadAddon();
  loaded.initialize((code, message, op, node) => {
    const ErrorClass = errorClassByCode[code as keyof typeof errorClassByCode] ?? InternalError;
    return new ErrorClass(message, { code: code as ErrorCode, op, node });
  });
  ready = loaded;
  return loaded;
}

/** Backends that can run here, each on the first of its devices; those that leave out ops only where asked for. */
export function availableBackends({ incomplete = false } = {}): NativeBackend[] {
  return addon()
    .backends()
    .filter((b) => b.available && !b.name.includes(':') && (incomplete || b.leftOut.length === 0));
}

/** A placeholder. */
export function input(graph: Graph, name: string, dtype: DType, shape: readonly (number | null)[]): Tensor {
  return graph.add(ops.input, [], { name }, { name, types: [{ dtype, shape }] }).outputs[0] as Tensor;
}

/** Values that are part of the plan. */
export function constant(graph: Graph, dtype: DType, shape: readonly number[], values: readonly number[]): Tensor {
  return graph.add(ops.constant, [], { values }, { types: [{ dtype, shape }] }).outputs[0] as Tensor;
}

/** A variable without an initial value of its own: tests write its value into the store. */
export function variable(graph: Graph, name: string, dtype: DType, shape: readonly number[]): Tensor {
  const initialValue = (): TypedArray => {
    throw new InternalError(`The test gives ${name} its value.`);
  };
  return graph.addVariable({ name, dtype, shape, trainable: true, initialValue }, (v) => {
    return graph.add(ops.variable, [], { name }, { name, types: [{ dtype, shape }], variable: v as Variable })
      .outputs[0] as Tensor;
  }).tensor;
}

/** What to run. */
export interface Computation {
  readonly graph: Graph;
  readonly fetches: Readonly<Record<string, Tensor>>;
  readonly updates?: readonly Tensor[];
  /** Values of the placeholders and of the variables, by name. */
  readonly feeds?: Readonly<Record<string, TypedArray>>;
  readonly variables?: Readonly<Record<string, TypedArray>>;
  /** Float32 unless told. */
  readonly precision?: PlanPrecision;
  /** The backend chooses unless told. */
  readonly split?: PlanSplit;
}

/** A compiled computation with a store of its own. */
export interface Compiled {
  readonly plan: Plan;
  readonly store: NativeStore;
  readonly program: NativeProgram;
  /** Runs once with the computation's feeds, or with others. `id`: the number of the run, one after the last unless told. */
  run(feeds?: Readonly<Record<string, TypedArray>>, id?: number): Promise<Record<string, TypedArray>>;
  dispose(): void;
}

/** The plan of a computation. */
export function planOf({ graph, fetches, updates = [], precision, split }: Computation): Plan {
  return encode({
    graph,
    fetches: new Map(Object.entries(fetches)),
    updates,
    ...(precision === undefined ? {} : { precision }),
    ...(split === undefined ? {} : { split }),
  });
}

/** Compiles for a backend; the caller disposes. Rejects with the backend's reason when it cannot run the plan. */
export async function compile(computation: Computation, backend: string, threads = 2): Promise<Compiled> {
  const { variables = {} } = computation;
  const plan = planOf(computation);
  const store = addon().createStore({ backend, threads });
  try {
    for (const { name, dtype, shape } of plan.variables) {
      store.declare(name, dtype, shape);
      store.write(name, variables[name] as TypedArray);
    }
    const program = await addon().compile(plan.text, store);
    let runs = 0;
    return {
      plan,
      store,
      program,
      async run(feeds = computation.feeds ?? {}, id = runs + 1) {
        runs = id;
        const data = await program.run(
          plan.inputs.map((i) => feeds[i.name] as TypedArray),
          { id },
        );
        return Object.fromEntries(plan.outputs.map((o, i) => [o.name, data[i] as TypedArray]));
      },
      dispose() {
        program.dispose();
        store.dispose();
      },
    };
  } catch (error) {
    store.dispose();
    throw error;
  }
}

/** Compiles, runs once and disposes. */
export async function run(computation: Computation, backend: string, threads = 2): Promise<Record<string, TypedArray>> {
  const compiled = await compile(computation, backend, threads);
  try {
    return await compiled.run();
  } finally {
    compiled.dispose();
  }
}

/** The ranges of all values of a computation on a backend: what int8 needs. */
export async function observe(computation: Computation, backend: string): Promise<Record<string, [number, number]>> {
  const compiled = await compile({ ...computation, precision: { precision: 'float32', observe: true } }, backend);
  try {
    await compiled.run();
    return Object.fromEntries(compiled.program.ranges().map((r) => [r.name, [r.smallest, r.largest]]));
  } finally {
    compiled.dispose();
  }
}
