/** One training on every device: losses of its steps and what it has learnt, beside `reference` in float32. */

import type { Precision } from '../../lib/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import { devices } from '../helpers/devices.js';
import { smallTrainer, variablesOf } from '../helpers/small_training.js';

interface Trained {
  readonly losses: readonly number[];
  readonly top1: number;
  readonly variables: Readonly<Record<string, Float32Array>>;
}

async function trained(device: string, precision: Precision, recompute: 'none' | 'blocks' = 'none'): Promise<Trained> {
  const losses: number[] = [];
  await using trainer = await smallTrainer({
    device,
    precision,
    recompute,
    steps: 6,
    gradientAccumulationSteps: 2,
    movingAverageDecay: 0.9,
    recalibrationBatches: 2,
    onStep: ({ loss }) => losses.push(loss),
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
  expect(await trained(device, precision, 'blocks')).toEqual(actual);
});
