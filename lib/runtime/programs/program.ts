/** One compiled computation of a session. */
import type { Variable } from '../../core/graph.js';
import type { Addon, NativeProgram, NativeStep, NativeStore } from '../../native/addon.js';
import type { Plan } from '../../plan/encode.js';
import type { CachedProgram } from './program_cache.js';

/** A plan and its compilation. Whoever uses it counts in `users`. */
export class Program implements CachedProgram {
  readonly plan: Plan;
  /** Resolves when the plan is compiled. */
  readonly compiled: Promise<NativeProgram>;
  users = 0;
  #native: NativeProgram | undefined;
  #steps: readonly NativeStep[] | undefined;
  #disposed = false;

  constructor(plan: Plan, addon: Addon, store: NativeStore) {
    this.plan = plan;
    this.compiled = addon.compile(plan.text, store).then((native) => {
      this.#native = native;
      if (this.#disposed) native.dispose();
      return native;
    });
    // Whoever waits gets the failure; when all of them have given up it is no unhandled rejection.
    this.compiled.catch(() => {});
  }

  /** The compiled program; undefined while it is being compiled. */
  get native(): NativeProgram | undefined {
    return this.#native;
  }

  /** The steps as they were compiled, without times; none while the plan is being compiled. */
  get steps(): readonly NativeStep[] {
    this.#steps ??= this.#native?.steps();
    return this.#steps ?? [];
  }

  /** Variables that runs read or change. */
  get variables(): readonly Variable[] {
    return this.plan.variables;
  }

  /** Runs change variables. */
  get hasUpdates(): boolean {
    return this.plan.hasUpdates;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#native?.dispose();
  }
}
