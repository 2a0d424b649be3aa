/** Trained networks: right answers, TensorFlow's answers, and what a precision may cost of them. */
import '../helpers/discrete_device.js';
import { BackendError } from '../../lib/errors.js';
import { compareLogits, type LogitRows, topClasses, topMargins, topOneAccuracy } from '../../lib/model/accuracy.js';
import type { Calibration, Precision } from '../../lib/runtime/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import {
  logitsOf,
  shapeBatch,
  side,
  type TrainedNetwork,
  trainedNetworks,
  trainedSession,
} from '../helpers/trained_networks.js';

type Device = 'cpu' | 'reference' | 'cudnn-software';

/** What each precision may lose: top-1 accuracy in parts of one against TensorFlow, the cosine of its logits with float32's. */
const limits = {
  float32: { accuracy: 0, cosine: 0.999_999 },
  bfloat16: { accuracy: 0.003, cosine: 0.999 },
  int8: { accuracy: 0.007, cosine: 0.99 },
} as const satisfies Partial<Record<Precision, { readonly accuracy: number; readonly cosine: number }>>;

const precisions = Object.keys(limits) as (keyof typeof limits)[];

/** The reference backend and the GPU in software compute plainly, and get the first of the test images. */
const imagesOn: Readonly<Record<Device, number>> = { cpu: 2000, reference: 32, 'cudnn-software': 16 };
const software = deviceNamed('cudnn-software');
if (!software.available) console.log(`No trained network runs on cudnn-software: ${software.reason}.`);
const devices = (Object.keys(imagesOn) as Device[]).filter((name) => name !== software.name || software.available);

/** Largest error of a logit in float32, relative to the range of all logits. */
const tolerances: Readonly<Record<Device, number>> = { cpu: 1e-4, reference: 1e-5, 'cudnn-software': 1e-5 };

const { test: testSet } = trainedNetworks[0] as TrainedNetwork;
const { pixels, labels } = shapeBatch(testSet.seed, testSet.images);

/** What int8 calibrates with: images that are neither training (seed 1) nor test images (seed 2). */
const calibrationImages = 200;

const calibrations = new Map<string, Promise<Calibration>>();

/** Ranges of a network, found once for all devices. */
function calibrationOf(network: TrainedNetwork): Promise<Calibration> {
  const known = calibrations.get(network.id) ?? calibrate(network);
  calibrations.set(network.id, known);
  return known;
}

async function calibrate(network: TrainedNetwork): Promise<Calibration> {
  const { session, net } = await trainedSession(network, { device: 'cpu' });
  const images = shapeBatch(3, calibrationImages).pixels;
  try {
    return await session.calibrate({ logits: net }, [
      { images: { shape: [calibrationImages, side, side, 3], data: images } },
    ]);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

/** Why a device of this machine cannot compute in a precision; empty where it can. */
function refusal(device: Device, precision: keyof typeof limits): string {
  return deviceNamed(device).precisions[precision];
}

const classified = new Map<string, Promise<LogitRows>>();

/** Logits of the test images, computed once for all tests. */
function classify(network: TrainedNetwork, device: Device, precision: Precision): Promise<LogitRows> {
  const key = `${network.id} ${device} ${precision}`;
  const known = classified.get(key);
  if (known !== undefined) return known;
  const logits = (async () => {
    const calibration = precision === 'int8' ? { calibration: await calibrationOf(network) } : {};
    const { session, net } = await trainedSession(network, { device, precision, ...calibration });
    try {
      return await logitsOf(session, net, pixels, imagesOn[device]);
    } finally {
      await session[Symbol.asyncDispose]();
    }
  })();
  classified.set(key, logits);
  return logits;
}

/** How many of TensorFlow's answers, a digit for each of the first images, are right. */
function rightAnswers(predictions: string): number {
  return [...predictions].filter((digit, i) => Number(digit) === labels[i]).length;
}

function firstRows({ shape, data }: LogitRows, count: number): LogitRows {
  const classes = shape.at(-1) as number;
  return { shape: [count, classes], data: data.subarray(0, count * classes) };
}

const cases = trainedNetworks.flatMap((network) => devices.map((device) => [network.id, device, network] as const));

test('the fixtures have the answers of one set of images, and most of them are right but not all', () => {
  for (const { test: set, predictions, right, accuracy, logits } of trainedNetworks) {
    expect(set).toEqual(testSet);
    expect(predictions).toHaveLength(set.images);
    expect(rightAnswers(predictions)).toBe(right);
    expect(right / set.images).toBeCloseTo(accuracy, 12);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(accuracy).toBeLessThan(1);
    expect(logits).toHaveLength(16);
  }
});

test.each(cases)('%s on %s in float32: the logits are those of TensorFlow', async (_, device, network) => {
  const { logits, range } = network;
  const expected = { shape: [logits.length, network.classes.length], data: Float64Array.from(logits.flat()) };
  const actual = firstRows(await classify(network, device, 'float32'), logits.length);
  const { maxError, range: rangeOfThese } = compareLogits(actual, expected);
  expect((maxError * rangeOfThese) / range).toBeLessThanOrEqual(tolerances[device]);
});

test.each(cases)('%s on %s in float32: the classes are those of TensorFlow', async (_, device, network) => {
  const logits = await classify(network, device, 'float32');
  const margins = topMargins(logits);
  const differ = topClasses(logits).flatMap((found, i) =>
    found === Number(network.predictions[i]) ? [] : [{ image: i, margin: (margins[i] as number) / network.range }],
  );
  // Where two classes are all but equal, rounding decides.
  expect(differ.filter(({ margin }) => margin >= 1e-3)).toEqual([]);
  expect(differ.length).toBeLessThanOrEqual(2);
});

describe.each(precisions)('in %s', (precision) => {
  test.each(cases)(
    `%s on %s loses no more than ${precision} may, or is refused with the reason`,
    async (_, device, network) => {
      const reason = refusal(device, precision);
      if (reason !== '') {
        const session = trainedSession(network, { device, precision });
        await expect(session).rejects.toThrow(BackendError);
        await expect(session).rejects.toThrow(reason);
        return;
      }
      const images = imagesOn[device];
      const logits = await classify(network, device, precision);
      const right = Math.round(images * topOneAccuracy(logits, labels.slice(0, images)));
      const rightInTensorFlow = rightAnswers(network.predictions.slice(0, images));
      // One image less says nothing where there are few.
      expect(rightInTensorFlow - right).toBeLessThanOrEqual(Math.max(1, limits[precision].accuracy * images));
      const float32 = firstRows(await classify(network, 'cpu', 'float32'), images);
      expect(compareLogits(logits, float32).meanCosine).toBeGreaterThanOrEqual(limits[precision].cosine);
    },
  );
});
