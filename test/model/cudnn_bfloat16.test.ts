/** Networks in bfloat16 by the plans of cuDNN, beside float32: convolutions with their tails, first layers of three channels, second results. */
import '../helpers/discrete_device.js';
import { Session } from '../../lib/runtime/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { generatedImages, generatedWeights } from '../helpers/network_fixtures.js';
import { build, images } from '../parity/support.js';

const shape = [2, 33, 33, 3] as const;

async function logits(name: nets.NetworkName, device: string, precision: 'float32' | 'bfloat16') {
  const { graph, value } = build(() => {
    const inputs = images(shape);
    const { argScope, build: network } = nets.network(name);
    return slim.argScope(argScope(), () => network(inputs, { numClasses: 16, isTraining: false }));
  });
  const session = await Session.create(graph, { device, precision });
  try {
    for (const { name: variable, data } of generatedWeights(graph)) session.write(variable, data);
    const { net } = await session.run({ images: generatedImages(shape) }, { net: value.net });
    return net.data as Float32Array;
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

const software = deviceNamed('cudnn-software');
const names = ['resnet_v1_50', 'resnet_v2_50'] as const;
if (!software.available) console.log(`No network runs on cudnn-software: ${software.reason}.`);

test('it is offered where there is a cuDNN for tests', () => {
  expect(software.available ? software.precisions.bfloat16 : '').toBe('');
});

for (const name of software.available ? names : []) {
  test(`${name} in bfloat16 is near float32`, async () => {
    const [exact, rounded] = [await logits(name, 'cpu', 'float32'), await logits(name, 'cudnn-software', 'bfloat16')];
    const range = Math.max(...exact) - Math.min(...exact);
    const worst = Math.max(...exact.map((v, i) => Math.abs(v - (rounded[i] as number))));
    // 50 layers, each of which rounds to 8 bits: as far as oneDNN's bfloat16 is from it, too.
    expect(worst / range).toBeLessThan(0.05);
    expect(worst).toBeGreaterThan(0);
  });
}
