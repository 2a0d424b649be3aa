/** The plans of the passes' own tests (test/plan/cases), with values: what the compiler makes of them is the same on every backend. */
import '../helpers/discrete_device.js';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allocate, type DType, isFloating, type TypedArray } from '../../lib/core/dtype.js';
import { elementCount } from '../../lib/core/shape.js';
import type { Measure } from '../../scripts/gpu/bundle_writer.mjs';
import { difference } from '../helpers/compare.js';
import { uniform } from '../helpers/generator.js';
import { Recording } from '../helpers/recording.js';
import { addon, availableBackends } from '../helpers/run.js';

interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

interface PlanCase {
  readonly text: string;
  readonly inputs: readonly Port[];
  readonly variables: readonly Port[];
  readonly outputs: readonly Port[];
  readonly precision: string;
}

const folder = join(__dirname, '..', 'plan', 'cases');

function typeOf(name: string, text: string): Port {
  const match = /^(\w+)\[([\d,]*)\]$/.exec(text);
  if (match === null) throw new Error(`${text} is no type`);
  return { name, dtype: match[1] as DType, shape: (match[2] as string).split(',').filter(Boolean).map(Number) };
}

/** Reads what a plan's lines say of its ports. */
function readPlan(file: string): PlanCase {
  const [, body = ''] = readFileSync(join(folder, file), 'utf8').split('--- input\n');
  const [text = ''] = body.split('--- expected\n');
  const ports = { input: new Map<string, Port>(), variable: new Map<string, Port>() };
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const node = /^(%[\d, %]*) = (\w+)\(.*" : (.*)$/.exec(line);
    if (node === null) continue;
    const [, results = '', op = '', results2 = ''] = node;
    const given = results2.split(/, (?=[a-z])/);
    for (const [i, id] of results.split(', ').entries()) types.set(id, given[i] as string);
    const name = /\{name="([^"]+)"\}/.exec(line)?.[1];
    if ((op === 'input' || op === 'variable') && name !== undefined) ports[op].set(name, typeOf(name, results2));
  }
  const outputs = [...text.matchAll(/^output "([^"]+)" (%\d+)$/gm)].map(([, name, id]) =>
    typeOf(name as string, types.get(id as string) as string),
  );
  const precision = /^precision (\w+)$/m.exec(text)?.[1] ?? 'float32';
  return { text, inputs: [...ports.input.values()], variables: [...ports.variable.values()], outputs, precision };
}

/** Values between 0.05 and 0.55, so that all of them can be variances; bytes are those of pictures, other integers 0. */
function valuesOf({ dtype, shape }: Port, stream: number): TypedArray {
  const data = allocate(dtype, elementCount(shape));
  if (isFloating(dtype)) (data as Float32Array).set(uniform(data.length, stream, 0.25, 0.3));
  if (dtype === 'uint8') (data as Uint8Array).set(Array.from({ length: data.length }, (_, i) => (37 * i) % 256));
  return data;
}

interface Results {
  readonly outputs: Readonly<Record<string, TypedArray>>;
  readonly variables: Readonly<Record<string, TypedArray>>;
}

const feedOf = (plan: PlanCase) => plan.inputs.map((port, i) => valuesOf(port, i));
const variableOf = (plan: PlanCase) => plan.variables.map((port, i) => valuesOf(port, 100 + i));
const named = <T>(ports: readonly Port[], values: readonly T[]) =>
  Object.fromEntries(ports.map(({ name }, i) => [name, values[i] as T]));

async function compute(plan: PlanCase, backend: string): Promise<Results> {
  const store = addon().createStore({ backend, threads: 2 });
  try {
    for (const [i, values] of variableOf(plan).entries()) {
      const { name, dtype, shape } = plan.variables[i] as Port;
      store.declare(name, dtype, shape);
      store.write(name, values);
    }
    const program = await addon().compile(plan.text, store);
    try {
      const outputs = (await program.run(feedOf(plan), { id: 1 })) as TypedArray[];
      return {
        outputs: named(plan.outputs, outputs),
        variables: named(
          plan.variables,
          plan.variables.map(({ name }) => store.read(name)),
        ),
      };
    } finally {
      program.dispose();
    }
  } finally {
    store.dispose();
  }
}

/** Of float32, float32 sums in another order; of the others, as of narrow random networks. */
const most: Readonly<Record<string, number>> = { float32: 1e-4, bfloat16: 0.06, int8: 0.3 };

function expectClose(actual: Results['outputs'], expected: Results['outputs'], precision: string): void {
  for (const [name, values] of Object.entries(expected)) {
    const [a, e] = [Array.from(actual[name] as Float32Array, Number), Array.from(values as Float32Array, Number)];
    if (precision === 'float32') {
      expect([name, difference(a, e, { relative: most.float32 as number })]).toEqual([name, null]);
      continue;
    }
    const rms = (numbers: readonly number[]) => Math.sqrt(numbers.reduce((sum, v) => sum + v * v, 0) / numbers.length);
    expect(rms(e.map((v, i) => (a[i] as number) - v))).toBeLessThanOrEqual((most[precision] as number) * rms(e));
  }
}

const recording = new Recording('plans');
afterAll(() => recording.end());

const files = readdirSync(folder).filter((file) => file.endsWith('.plan'));
const backends = availableBackends().filter(({ name }) => name !== 'null' && name !== 'reference');

test('there are plans, and values for all that they read', () => {
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const { text, inputs, variables, outputs } = readPlan(file);
    expect([file, inputs.length + variables.length]).toEqual([file, new Set(text.match(/\{name="[^"]+"\}/g)).size]);
    expect([file, outputs.length]).toEqual([file, text.match(/^output /gm)?.length ?? 0]);
  }
});

test.each(files)('%s', async (file) => {
  const plan = readPlan(file);
  const expected = await compute(plan, 'reference');
  const measure: Measure =
    plan.precision === 'float32'
      ? { relative: most.float32 as number }
      : { rms: most[plan.precision] as number, floor: 0 };
  const values = (of: Results['outputs']) =>
    Object.fromEntries(Object.entries(of).map(([name, data]) => [name, { data, measure }]));
  const typed = (ports: readonly Port[]) => ports.map(({ name, dtype, shape }) => ({ name, type: { dtype, shape } }));
  recording.addPlan(
    `plan ${file}`,
    { text: plan.text, inputs: typed(plan.inputs), outputs: typed(plan.outputs), variables: plan.variables },
    {
      variables: named(plan.variables, variableOf(plan)),
      feeds: named(plan.inputs, feedOf(plan)),
      outputs: values(expected.outputs),
      after: values(expected.variables),
    },
  );
  for (const { name, refused } of backends) {
    if (plan.precision !== 'float32' && refused[plan.precision as 'bfloat16' | 'int8'] !== '') continue;
    const actual = await compute(plan, name);
    expectClose(actual.outputs, expected.outputs, plan.precision);
    expectClose(actual.variables, expected.variables, plan.precision);
  }
});
