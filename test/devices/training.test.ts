/** One training on every device: losses of its steps and what it has learnt, beside `reference` in float32. */

import { type Optimizer, optimizers, type Precision, type TrainerOptions } from '../../lib/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import { devices } from '../helpers/devices.js';
import { smallTrainer, variablesOf } from '../helpers/small_training.js';

interface Trained {
  readonly losses: readonly number[];
  readonly top1: number;
  readonly variables: Readonly<Record<string, Float32Array>>;
}

async function trained(device: string, precision: Precision, options: Partial<TrainerOptions> = {}): Promise<Trained> {
  const losses: number[] = [];
  await using trainer = await smallTrainer({
    device,
    precision,
    steps: 6,
    gradientAccumulationSteps: 2,
    movingAverageDecay: 0.9,
    recalibrationBatches: 2,
    onStep: ({ loss }) => losses.push(loss),
    ...options,
  });
  await trainer.run();
  const { top1 } = await trainer.evaluate();
  const variables = Object.entries(variablesOf(trainer)).filter(([name]) => name.startsWith('small/'));
  return {
    losses,
    top1,
    variables: Object.fromEntries(
      variables.map(([name, bytes]) => [name, new Float32Array(Uint8Array.from(Buffer.from(bytes, 'base64')).buffer)]),
    ),
  };
}

/** The length of the difference as a share of the right one's. */
function distance(actual: Float32Array, expected: Float32Array): number {
  return Math.hypot(...expected.map((e, i) => e - (actual[i] as number))) / Math.hypot(...expected);
}

/**
 * Float32: sums in another order, which six steps carry on (2e-6 here). Bfloat16: activations and gradients keep 8 bits; the weights, which
 * are float32, move by less than they are long (0.01 and 0.02 here).
 */
const limits = { float32: { loss: 1e-4, variables: 1e-4 }, bfloat16: { loss: 0.03, variables: 0.05 } } as const;

const cases = devices.flatMap((device) =>
  (Object.keys(limits) as (keyof typeof limits)[]).map((precision) => ({ device, precision })),
);

let expected: Promise<Trained> | undefined;

test.each(cases)('on $device in $precision', async ({ device, precision }) => {
  const refused = deviceNamed(device).precisions[precision] ?? '';
  if (refused !== '') {
    console.log(`${device} does not train in ${precision} here: ${refused}`);
    await expect(trained(device, precision)).rejects.toThrow(refused);
    return;
  }
  expected ??= trained('reference', 'float32');
  const right = await expected;
  const actual = await trained(device, precision);
  const { loss, variables } = limits[precision];
  expect(actual.losses).toHaveLength(right.losses.length);
  const losses = right.losses.map((value, i) => Math.abs((actual.losses[i] as number) - value) / value);
  expect(losses.filter((off) => !(off <= loss))).toEqual([]);
  const names = Object.keys(right.variables);
  expect(Object.keys(actual.variables)).toEqual(names);
  const found = names.map((name) => [
    name,
    distance(actual.variables[name] as Float32Array, right.variables[name] as Float32Array),
  ]);
  expect(found.filter(([, off]) => !((off as number) <= variables))).toEqual([]);
  if (precision === 'float32') expect(actual.top1).toBe(right.top1);
  // What is computed a second time has the same bits.
  expect(await trained(device, precision, { recompute: 'blocks' })).toEqual(actual);
});

/** All but momentum, by which the trainings above go. */
const others = {
  gradientDescent: optimizers.gradientDescent(0.01),
  rmsProp: optimizers.rmsProp(0.001, { momentum: 0.9, epsilon: 1 }),
  adam: optimizers.adam(0.001, { epsilon: 0.1 }),
  adamW: optimizers.adamW(0.001, 0.01, { epsilon: 0.1 }),
  adagrad: optimizers.adagrad(0.01),
  adadelta: optimizers.adadelta(0.1, { epsilon: 0.01 }),
  ftrl: optimizers.ftrl(0.01),
  lars: optimizers.lars(0.1),
} satisfies Readonly<Record<string, Optimizer>>;

test('there is a training by each optimizer', () => {
  expect([...Object.keys(others), 'momentum'].sort()).toEqual(Object.keys(optimizers).sort());
});

// The other devices' are held to TensorFlow (test/parity/learning).
for (const device of devices.filter((each) => each === 'cudnn-software')) {
  test.each(Object.keys(others) as (keyof typeof others)[])(`on ${device} by %s, as on reference`, async (name) => {
    const options = { steps: 2, gradientAccumulationSteps: 1, recalibrationBatches: 0, optimizer: others[name] };
    const [actual, right] = [await trained(device, 'float32', options), await trained('reference', 'float32', options)];
    expect(actual.losses.map((loss, i) => Math.abs(loss / (right.losses[i] as number) - 1) <= 1e-4)).toEqual([
      true,
      true,
    ]);
    const off = Object.entries(right.variables).map(([variable, values]) => [
      variable,
      distance(actual.variables[variable] as Float32Array, values),
    ]);
    expect(off.filter(([, length]) => !((length as number) <= limits.float32.variables))).toEqual([]);
  });
}
