/** The variables of a session: which there are, which have values, reading and writing them. */
import type { Filling } from '../../checkpoint/index.js';
import { describe, type TypedArray } from '../../core/dtype.js';
import type { Graph, Variable } from '../../core/graph.js';
import { ArgumentError, ExecutionError } from '../../errors.js';
import type { Addon, NativeSnapshot, NativeStore } from '../../native/addon.js';
import { checkValues } from '../session/feeds.js';
import type { FillResult } from './checkpointing.js';

// How long drawing initial values may keep the event loop busy.
const sliceMs = 8;

/** A graph's variables in native memory. */
export class SessionVariables {
  readonly #graph: Graph;
  readonly #addon: Addon;
  readonly #store: NativeStore;
  readonly #declared = new Set<string>();
  readonly #uninitialized = new Set<string>();

  constructor(graph: Graph, addon: Addon, store: NativeStore) {
    this.#graph = graph;
    this.#addon = addon;
    this.#store = store;
  }

  get size(): number {
    return this.#declared.size;
  }

  /** Makes the variables that the graph got since the last time. */
  declare(): void {
    if (this.#graph.variables.size === this.#declared.size) return;
    for (const { name, dtype, shape } of this.#graph.variables.values()) {
      if (this.#declared.has(name)) continue;
      this.#store.declare(name, dtype, shape);
      this.#declared.add(name);
      this.#uninitialized.add(name);
    }
  }

  /** @throws ArgumentError for what is no variable of the graph */
  find(variable: Variable | string, where: string): Variable {
    const name: unknown = typeof variable === 'string' ? variable : variable?.name;
    const found = typeof name === 'string' ? this.#graph.variables.get(name) : undefined;
    if (found === undefined || (typeof variable !== 'string' && found !== variable)) {
      const what = typeof name === 'string' ? `variable ${name}` : describe(variable);
      throw new ArgumentError(`${where}: ${what} is no variable of this session's graph.`);
    }
    this.declare();
    return found;
  }

  /** @throws ArgumentError for what is no list of the graph's variables */
  findAll(variables: unknown, where: string): Variable[] {
    if (!Array.isArray(variables))
      throw new ArgumentError(`${where}: variables: expected a list of variables, received ${describe(variables)}.`);
    return variables.map((variable: Variable | string) => this.find(variable, where));
  }

  /** The variables that a checkpoint is about: those that a call names, or all that are saved. */
  saved(variables: unknown, where: string): Variable[] {
    if (variables !== undefined) return this.findAll(variables, where);
    return [...this.#graph.variables.values()].filter(({ saved }) => saved !== false);
  }

  /** @throws ArgumentError, ShapeError when the values do not fit */
  write(variable: Variable, values: TypedArray): void {
    checkValues(variable, values);
    this.#store.write(variable.name, values);
    this.#uninitialized.delete(variable.name);
  }

  /** Sets variables from where their values stand in files, whose names, types and sizes have been matched. */
  async fill(fillings: readonly Filling<Variable>[]): Promise<FillResult> {
    const result = await this.#addon.fill(
      this.#store,
      fillings.map(({ variable: { name }, range: { source, offset, checksum } }) => ({
        name,
        file: source.file,
        offset,
        ...(checksum === undefined ? {} : { checksum: checksum.value }),
      })),
    );
    if (result.problem === undefined) for (const { variable } of fillings) this.#uninitialized.delete(variable.name);
    return result;
  }

  /** Has the values hashed, so that what is made of them can be found on disk. */
  async hashContents(variables: readonly Variable[]): Promise<void> {
    await this.#addon.hashContents(
      this.#store,
      variables.map(({ name }) => name),
    );
  }

  /** The values that variables have now, to be read while runs go on. */
  snapshot(variables: readonly Variable[]): NativeSnapshot {
    return this.#addon.snapshot(
      this.#store,
      variables.map(({ name }) => name),
    );
  }

  /** A copy of a variable's values. */
  read(name: string): TypedArray {
    return this.#store.read(name);
  }

  /** Takes the values away: they are no state to compute with. */
  invalidate(variables: readonly Variable[]): void {
    for (const { name } of variables) this.#uninitialized.add(name);
  }

  /**
   * Gives variables their initial values. What comes from a distribution is drawn on the executor's threads, all the rest here.
   * @param chosen all unless given
   * @param goOn throws when the work is to end
   */
  async initialize(
    chosen: readonly Variable[] | undefined,
    onlyUninitialized: boolean,
    goOn: () => void,
  ): Promise<void> {
    const all = chosen ?? [...this.#graph.variables.values()];
    const wanted = all.filter(({ name }) => !onlyUninitialized || this.#uninitialized.has(name));
    const draws = wanted.flatMap(({ name, initialValue: { draw } }) =>
      draw === undefined ? [] : [{ name, ...draw() }],
    );
    await this.#addon.draw(this.#store, draws);
    goOn();
    for (const { name } of draws) this.#uninitialized.delete(name);
    let sliceEnd = performance.now() + sliceMs;
    for (const variable of wanted) {
      if (variable.initialValue.draw !== undefined) continue;
      this.write(variable, variable.initialValue(variable.shape, variable.dtype));
      if (performance.now() < sliceEnd) continue;
      await new Promise((resolve) => setImmediate(resolve));
      goOn();
      sliceEnd = performance.now() + sliceMs;
    }
  }

  /** @throws ExecutionError that names those without a value */
  assertInitialized(variables: readonly Variable[], where: string): void {
    if (this.#uninitialized.size === 0) return;
    const without = variables.filter(({ name }) => this.#uninitialized.has(name)).map(({ name }) => name);
    if (without.length === 0) return;
    const more = without.length > 3 ? ` and ${without.length - 3} more` : '';
    throw new ExecutionError(
      `${where}: no value yet for variable${without.length > 1 ? 's' : ''} ${without.slice(0, 3).join(', ')}${more}.`,
      {
        node: without[0] as string,
        hint: 'call session.restore(checkpoint) or session.initialize() first.',
      },
    );
  }
}
