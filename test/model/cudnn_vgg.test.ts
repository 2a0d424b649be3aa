/**
 * VGG in int8 by the plans of cuDNN, beside float32 on the CPU, on images that a device in software computes in seconds. Layers and weights are
 * those of the network as it is; the 134 million of the last three layers are there in a thorough run.
 */
import '../helpers/discrete_device.js';
import type { Tensor } from '../../lib/core/graph.js';
import { Session, type SessionOptions } from '../../lib/runtime/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { generatedImages } from '../helpers/network_fixtures.js';
import { usualCases } from '../helpers/thorough.js';
import { build, images } from '../parity/support.js';

const shape = [1, 32, 32, 3] as const;
const software = deviceNamed('cudnn-software');
if (!software.available) console.log(`No VGG runs on cudnn-software: ${software.reason}.`);

const { graph, value } = build(() => {
  const options = { numClasses: 16, isTraining: false, fcConvPadding: 'SAME' };
  return slim.argScope(nets.vggArgScope(), () => nets.vgg16(images(shape), options));
});

const results = { convolutions: value.endPoints['vgg_16/pool5'] as Tensor, logits: value.net } as const;
type Result = keyof typeof results;
const cases = usualCases('vgg_16 in int8 on cudnn-software', Object.keys(results) as Result[], (of) => of !== 'logits');

/** With weights that are drawn by one seed, and so are the same on every device. */
async function computed(of: Result, options: SessionOptions) {
  const result = results[of];
  const variables = [...graph.variables.values()].filter(({ name }) => of === 'logits' || !/\/fc\d\//.test(name));
  await using session = await Session.create(graph, options);
  await session.initialize({ variables });
  const feeds = { images: generatedImages(shape) };
  const calibration = options.device === 'cpu' ? await session.calibrate({ result }, [feeds]) : undefined;
  const found = (await session.run(feeds, { result })).result.data as Float32Array;
  return { found, calibration, plan: await session.plan({ result }) };
}

for (const of of software.available ? cases : []) {
  test(`the ${of} of vgg_16 in int8 are near float32's`, async () => {
    const { found: exact, calibration } = await computed(of, { device: 'cpu', precision: 'float32' });
    const options = { device: 'cudnn-software', precision: 'int8', ...(calibration ? { calibration } : {}) } as const;
    const { found, plan } = await computed(of, options);
    const convolutions = plan.split('\n').filter((line) => line.includes(' = conv2d('));
    expect(convolutions).toHaveLength(of === 'logits' ? 16 : 13);
    // The first one sees its images in bfloat16.
    expect(convolutions.filter((line) => !line.includes(' as int8'))).toHaveLength(0);
    const off = Math.hypot(...exact.map((v, i) => v - (found[i] as number))) / Math.hypot(...exact);
    expect(off).toBeLessThan(0.05);
    expect(off).toBeGreaterThan(0);
  }, 1_800_000);
}
