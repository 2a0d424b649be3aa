/** How right a model is about the images of a data set. */
import { defined } from '../core/options.js';
import { BatchLoader, type BatchOptions, type DataSet, thumbnail } from '../data/index.js';
import type { Model } from '../model/index.js';
import { classResults } from '../report/class_results.js';
import type { Mistake } from '../report/index.js';
import type { EvaluationReport } from './reports.js';

/** Mistakes that a report keeps. */
const mostMistakes = 48;
const pictureSide = 96;

/** What a report says besides results. */
type Results = Omit<EvaluationReport, 'step' | 'epoch'>;

interface FoundMistake extends Omit<Mistake, 'name' | 'picture'> {
  readonly index: number;
}

/**
 * Runs a model over all images of a data set once, in order.
 * @throws what the batches throw, for images that cannot be read but the most of all
 */
export async function evaluateModel(
  model: Model,
  data: DataSet,
  options: Pick<BatchOptions, 'batchSize' | 'cache' | 'workers' | 'signal' | 'onSkip'>,
): Promise<Results> {
  const loader = await BatchLoader.create(data, {
    ...options,
    preprocessing: model.preprocessing,
    order: 'sequential',
    epochs: 1,
    lastBatch: 'smaller',
  });
  const count = new Counter(model.numClasses);
  for await (const { images, labels, indices } of loader) {
    const logits = await model.run(images, defined({ signal: options.signal }));
    for (const [i, label] of labels.entries())
      count.add(logits.subarray(i * model.numClasses, (i + 1) * model.numClasses), label, indices[i] as number);
  }
  return count.results(data, loader.skipped.length);
}

/** Counts what is right. */
class Counter {
  readonly #classes: number;
  readonly #confusion = new Map<number, number>();
  #mistakes: FoundMistake[] = [];
  #images = 0;
  #right = 0;
  #rightOf5 = 0;
  #loss = 0;

  constructor(classes: number) {
    this.#classes = classes;
  }

  add(logits: Float32Array, label: number, index: number): void {
    const target = logits[label] as number;
    let predicted = 0;
    let larger = 0;
    for (let i = 0; i < logits.length; i++) {
      if ((logits[i] as number) > (logits[predicted] as number)) predicted = i;
      if ((logits[i] as number) > target) larger++;
    }
    const most = logits[predicted] as number;
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - most);
    this.#images++;
    this.#loss += Math.log(sum) - (target - most);
    // As TensorFlow's in_top_k: ties count in favour, what is not finite is wrong.
    if (larger < 5 && Number.isFinite(target)) this.#rightOf5++;
    const key = label * this.#classes + predicted;
    this.#confusion.set(key, (this.#confusion.get(key) ?? 0) + 1);
    if (predicted === label) this.#right++;
    else {
      const [labelProbability, predictedProbability] = [Math.exp(target - most) / sum, 1 / sum];
      this.#note({ index, label, predicted, labelProbability, predictedProbability });
    }
  }

  async results(data: DataSet, skipped: number): Promise<Results> {
    const part = (count: number) => (this.#images === 0 ? 0 : count / this.#images);
    const confusion = [...this.#confusion]
      .sort(([a], [b]) => a - b)
      .map(([key, images]) => [Math.floor(key / this.#classes), key % this.#classes, images] as const);
    this.#trim();
    return {
      images: this.#images,
      skipped,
      top1: part(this.#right),
      top5: part(this.#rightOf5),
      loss: part(this.#loss),
      confusion,
      perClass: classResults({ confusion }, this.#classes).map(
        ({ index, images, predicted, recall, precision, f1 }) => ({
          name: data.classes[index] as string,
          ...{ images, predicted, recall, precision, f1 },
        }),
      ),
      mistakes: await Promise.all(this.#mistakes.map((mistake) => shown(mistake, data))),
    };
  }

  #note(mistake: FoundMistake): void {
    this.#mistakes.push(mistake);
    if (this.#mistakes.length >= 8 * mostMistakes) this.#trim();
  }

  #trim(): void {
    this.#mistakes.sort((a, b) => b.predictedProbability - a.predictedProbability || a.index - b.index);
    this.#mistakes = this.#mistakes.slice(0, mostMistakes);
  }
}

async function shown({ index, ...mistake }: FoundMistake, data: DataSet): Promise<Mistake> {
  const { name = `image ${index}`, image } = await data.get(index);
  // What could be decoded a moment ago may be gone by now: the mistake is told without its picture.
  const picture = await thumbnail(image, pictureSide).catch(() => undefined);
  return { name, ...mistake, ...defined({ picture }) };
}
