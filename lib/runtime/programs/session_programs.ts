/** From what a caller asks for to a compiled program, which is kept for the next time. */
import type { Graph, Tensor } from '../../core/graph.js';
import type { ConcreteShape } from '../../core/shape.js';
import type { Addon, NativeStore } from '../../native/addon.js';
import { encode, type Plan } from '../../plan/encode.js';
import type { PlanPrecision } from '../../plan/precision.js';
import type { SessionSettings } from '../session/settings.js';
import { type Computation, computationKey, makeComputation } from './computation.js';
import { type KernelSummary, summarizeKernels } from './kernels.js';
import { Program } from './program.js';
import { ProgramCache } from './program_cache.js';

/** Inputs of a program, as far as it depends on them. */
export type InputShapes = readonly { readonly name: string; readonly shape: ConcreteShape }[];

/** Computations that are remembered: knowing one again saves working out what it needs. */
const computationLimit = 256;

/** The programs of a session. The caller declares new variables of the graph before it asks for one. */
export class SessionPrograms {
  readonly #graph: Graph;
  readonly #addon: Addon;
  readonly #store: NativeStore;
  readonly #precision: PlanPrecision;
  readonly #updatesInPlace: boolean;
  readonly #programs: ProgramCache<Program>;
  readonly #computations = new Map<string, Computation>();

  constructor(
    graph: Graph,
    addon: Addon,
    store: NativeStore,
    { precision, updatesInPlace, programLimit }: Pick<SessionSettings, 'precision' | 'updatesInPlace' | 'programLimit'>,
  ) {
    this.#graph = graph;
    this.#addon = addon;
    this.#store = store;
    this.#precision = precision;
    this.#updatesInPlace = updatesInPlace;
    this.#programs = new ProgramCache(programLimit);
  }

  get size(): number {
    return this.#programs.size;
  }

  /** @throws ArgumentError for what is no tensor of the graph */
  computation(fetches: Readonly<Record<string, Tensor>>, updates: readonly Tensor[]): Computation {
    const key = computationKey(this.#graph, fetches, updates);
    let computation = this.#computations.get(key);
    if (computation === undefined) {
      computation = makeComputation(this.#graph, key, fetches, updates);
      if (this.#computations.size >= computationLimit) this.#computations.clear();
      this.#computations.set(key, computation);
    }
    return computation;
  }

  /** The program for inputs of these shapes; its compilation begins where there is none. */
  program(computation: Computation, inputs: InputShapes): Program {
    const key = `${computation.key}#${inputs.map((input) => input.shape.join(',')).join(';')}`;
    const cached = this.#programs.get(key);
    if (cached !== undefined) return cached;
    const program = new Program(this.#plan(computation, inputs, this.#precision), this.#addon, this.#store);
    program.compiled.catch(() => this.#programs.remove(key, program));
    this.#programs.add(key, program);
    return program;
  }

  /** A program of one calibration, for these shapes. Such programs are not kept. */
  observer(computation: Computation, inputs: InputShapes, observers: Set<Program>): Program {
    const plan = this.#plan(computation, inputs, { precision: 'float32', observe: true });
    for (const program of observers) if (program.plan.text === plan.text) return program;
    const program = new Program(plan, this.#addon, this.#store);
    observers.add(program);
    return program;
  }

  /** What computes the steps of all programs that are kept and compiled. */
  kernels(): KernelSummary {
    return summarizeKernels([...this.#programs.entries()].map(({ steps }) => steps));
  }

  clear(): void {
    this.#programs.clear();
    this.#computations.clear();
  }

  #plan({ fetches, updates }: Computation, inputs: InputShapes, precision: PlanPrecision): Plan {
    const shapes = new Map(inputs.map(({ name, shape }) => [name, shape]));
    return encode({
      graph: this.#graph,
      fetches,
      updates,
      shapes,
      precision,
      updatesInPlace: this.#updatesInPlace,
    });
  }
}
