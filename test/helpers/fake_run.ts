/** The record of a training that never was: a network that learns P10, killed and resumed once. */
import { type EvaluationLine, type Mistake, RunRecorder, type RunRecordLine } from '../../lib/report/index.js';
import { hash } from './generator.js';

const imagesPerClass = 40;

/** A line of the type run. */
export function runLine(classes: readonly string[], fromStep = 0): RunRecordLine {
  return {
    type: 'run',
    version: 1,
    startedAt: fromStep === 0 ? '2026-01-02T03:04:05.000Z' : '2026-01-03T00:00:00.000Z',
    fromStep,
    network: 'resnet_v1_50',
    command: 'slimnet train photos/ --model resnet_v1_50 --train-dir runs/<flowers> --learning-rate 0.01',
    classes,
    trainingImages: 1600,
    validationImages: imagesPerClass * classes.length,
    batchSize: 32,
    parameters: 23528522,
    precision: 'float32',
    machine: 'cpu, 2 threads, avx512_core',
    slimnet: '0.1.0',
    options: { optimizer: { kind: 'momentum', momentum: 0.9 }, seed: 1, augmentation: 'vgg' },
  };
}

/** Step `step` of a training in which the loss falls. */
export function stepLine(step: number): RunRecordLine {
  return {
    type: 'step',
    step,
    epoch: step / 50,
    loss: step === 13 ? null : 0.2 + 2.3 * Math.exp(-step / 60) + 0.3 * (hash(step, 1) - 0.5),
    learningRate: 0.01 * 0.94 ** Math.floor(step / 100),
    accuracy: 1 - 0.9 * Math.exp(-step / 60),
    imagesPerSecond: 30 + 4 * hash(step, 2),
    seconds: step * 1.05,
  };
}

/** An evaluation in which each class is taken for the next one now and then. */
export function evaluationLine(
  step: number,
  classes: readonly string[],
  pictures: readonly string[] = [],
): EvaluationLine {
  const wrong = Math.round(imagesPerClass * 0.6 * Math.exp(-step / 100));
  const next = (label: number) => (label + 1) % classes.length;
  const mistakes = classes.slice(0, wrong === 0 ? 0 : 8).map(
    (_, label): Mistake => ({
      name: `photos/${classes[label]}/<${label}>.jpg`,
      label,
      predicted: next(label),
      labelProbability: 0.01 * (label + 1),
      predictedProbability: 0.97 - 0.01 * label,
      ...(pictures[label] === undefined ? {} : { picture: pictures[label] }),
    }),
  );
  return {
    type: 'evaluation',
    step,
    epoch: step / 50,
    images: imagesPerClass * classes.length,
    loss: 0.25 + 2 * Math.exp(-step / 70),
    top1: 1 - wrong / imagesPerClass,
    top5: 1,
    confusion: classes.flatMap((_, label) => [
      [label, label, imagesPerClass - wrong] as const,
      ...(wrong === 0 ? [] : [[label, next(label), wrong] as const]),
    ]),
    mistakes,
  };
}

/** Writes the record: 180 steps, a kill after the evaluation of step 150, resumed from step 150 to 300. */
export async function writeFakeRun(
  folder: string,
  classes: readonly string[],
  pictures: readonly string[] = [],
): Promise<void> {
  for (const [from, to, ends] of [
    [0, 180, false],
    [150, 300, true],
  ] as const) {
    await using recorder = await RunRecorder.open(folder);
    recorder.add(runLine(classes, from));
    if (from === 0)
      recorder.add({ type: 'skipped', name: 'photos/rose/bad.jpg', reason: 'The JPEG image cannot be decoded.' });
    for (let step = from + 1; step <= to; step++) {
      recorder.add(stepLine(step));
      if (step % 50 === 0) recorder.add(evaluationLine(step, classes, pictures));
    }
    if (ends) recorder.add({ type: 'end', step: to, outcome: 'finished' });
  }
}
