/**
 * Records what a test computed as a bundle (docs/gpu.md), so that machines without Node can compute it: where SLIMNET_RECORD_BUNDLES
 * names a folder, which scripts/gpu/record_bundles.mjs does.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DType, TypedArray } from '../../lib/core/dtype.js';
import { type ConcreteType, typeText } from '../../lib/core/shape.js';
import { crc32c } from '../../lib/formats/crc32c.js';
import { BundleWriter, type Data, type Expectation, type Measure } from '../../scripts/gpu/bundle_writer.mjs';
import type { Tolerance } from './compare.js';
import { type Computation, planOf } from './run.js';

/** Results of more bytes are left to the reference backend, which computes them where the bundle is run. */
const mostBytes = 8 << 10;

const folder = process.env.SLIMNET_RECORD_BUNDLES ?? '';

type Values = Readonly<Record<string, Data>>;
type Expected = Readonly<Record<string, { readonly data?: Data; readonly measure: Measure }>>;

/** What one run of a computation must give. */
export interface Recorded {
  readonly computation: Computation;
  readonly measure: Tolerance | Measure;
  /** Results by their names, and variables after the run. */
  readonly outputs?: Readonly<Record<string, TypedArray>>;
  readonly variables?: Readonly<Record<string, TypedArray>>;
  /** Part of the message with which it must fail. */
  readonly fails?: string;
  readonly differs?: Readonly<Record<string, string>>;
  readonly slowOnReference?: boolean;
  /** How feeds and variables are drawn, where they are. */
  readonly drawn?: Values;
}

interface Port {
  readonly name: string;
  readonly type: ConcreteType;
}

/** What a recording reads of a plan. */
export interface RecordedPlan {
  readonly text: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly variables: readonly { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }[];
}

/** The cases of one test file. Does nothing unless the folder is named. */
export class Recording {
  readonly #file: string;
  readonly #writer = new BundleWriter(crc32c);

  constructor(name: string) {
    this.#file = join(folder, `${name}.bundle`);
  }

  get on(): boolean {
    return folder !== '';
  }

  add(name: string, recorded: Recorded): void {
    if (!this.on) return;
    const { computation, measure, outputs = {}, variables = {}, fails, differs, slowOnReference, drawn } = recorded;
    const expected = (values: Readonly<Record<string, TypedArray>>) =>
      Object.fromEntries(
        Object.entries(values).map(([k, data]) => [k, data.byteLength > mostBytes ? { measure } : { data, measure }]),
      );
    this.addPlan(name, planOf(computation), {
      variables: { ...computation.variables, ...drawn },
      feeds: { ...computation.feeds, ...drawn },
      outputs: expected(outputs),
      after: expected(variables),
      ...(fails === undefined ? {} : { fails }),
      ...(differs === undefined ? {} : { differs }),
      ...(slowOnReference === undefined ? {} : { slowOnReference }),
    });
  }

  /** The same with values and measures of each tensor. */
  addPlan(
    name: string,
    plan: RecordedPlan,
    what: {
      readonly variables: Values;
      readonly feeds: Values;
      readonly outputs: Expected;
      readonly after?: Expected;
      readonly fails?: string;
      readonly differs?: Readonly<Record<string, string>>;
      readonly slowOnReference?: boolean;
    },
  ): void {
    if (!this.on) return;
    const { variables, feeds, outputs, after = {}, fails, differs = {}, slowOnReference = false } = what;
    const expectations = (
      ports: readonly { readonly name: string; readonly type: string }[],
      expected: Expected,
    ): Expectation[] =>
      ports.flatMap((port) => {
        const found = expected[port.name];
        return found === undefined ? [] : [{ ...port, ...found }];
      });
    const declared = plan.variables.map((v) => ({ name: v.name, type: typeText(v) }));
    this.#writer.add({
      name,
      plan: plan.text,
      variables: declared.map((v) => ({ ...v, data: variables[v.name] as Data })),
      runs: [
        {
          feeds: plan.inputs.map((i) => ({ name: i.name, type: typeText(i.type), data: feeds[i.name] as Data })),
          outputs: expectations(
            plan.outputs.map((o) => ({ name: o.name, type: typeText(o.type) })),
            outputs,
          ),
          variables: expectations(declared, after),
          ...(fails === undefined ? {} : { fails }),
        },
      ],
      slowOnReference,
      differs,
    });
  }

  /** Writes the file. */
  end(): void {
    if (!this.on) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.#file, this.#writer.end());
  }
}
