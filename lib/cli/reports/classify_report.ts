/** The page of `slimnet classify --report`: how many images are of which class, and pictures with their answers. */
import { thumbnail } from '../../data/index.js';
import type { Model } from '../../model/model.js';
import type { Prediction } from '../../model/predictions.js';
import { packageVersion } from '../../native/binding.js';
import {
  cardStyle,
  figureRow,
  heading,
  type PictureCard,
  page,
  percent,
  pictureCards,
  section,
  table,
} from '../../report/index.js';
import { isFailure, type Result } from '../batch/contents.js';
import type { Part } from '../batch/parts.js';
import { type InputImage, sourceOf } from '../inputs/input.js';

/** Pictures of each kind that are shown. */
const mostFirst = 96;
const mostUnsure = 48;
const mostFailures = 100;
const shownClasses = 3;
/** Pixels of a picture's longer side. */
const pictureSide = 168;

interface Card extends PictureCard {
  /** Probability of the first class. */
  readonly sureness: number;
}

/** Sees all results as they come, and keeps what the page shows of them. */
export class ClassifyReport {
  readonly #model: Model;
  readonly #begun = performance.now();
  readonly #classes = new Map<number, { readonly label: string; images: number; sum: number }>();
  readonly #first: Card[] = [];
  /** Least sure first. */
  #unsure: Card[] = [];
  readonly #failures: (readonly [file: string, code: string, message: string])[] = [];
  #images = 0;
  #failed = 0;
  #sum = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  async take({ images }: Part, results: readonly Result[]): Promise<void> {
    for (const [i, result] of results.entries()) {
      this.#images++;
      if (!isFailure(result)) {
        await this.#add(
          images[i] as InputImage,
          this.#model.top(result.row, Math.min(shownClasses, result.row.length)),
        );
        continue;
      }
      this.#failed++;
      const { code, message } = result.error;
      if (this.#failures.length < mostFailures) this.#failures.push([result.file, code, message]);
    }
  }

  async #add(image: InputImage, predictions: readonly Prediction[]): Promise<void> {
    const [best] = predictions as readonly [Prediction];
    const known = this.#classes.get(best.index) ?? { label: best.label, images: 0, sum: 0 };
    known.images++;
    known.sum += best.probability;
    this.#classes.set(best.index, known);
    this.#sum += best.probability;
    const isFirst = this.#first.length < mostFirst;
    const isUnsure = this.#unsure.length < mostUnsure || best.probability < (this.#unsure.at(-1)?.sureness ?? 0);
    if (!isFirst && !isUnsure) return;
    const card = { name: image.name, picture: await small(image), predictions, sureness: best.probability };
    if (isFirst) this.#first.push(card);
    if (isUnsure) this.#unsure = [...this.#unsure, card].sort((a, b) => a.sureness - b.sureness).slice(0, mostUnsure);
  }

  html(): string {
    const { name, weights, precision, session } = this.#model;
    const seconds = (performance.now() - this.#begun) / 1000;
    const done = this.#images - this.#failed;
    const classes = [...this.#classes.entries()].sort(([a, one], [b, two]) => two.images - one.images || a - b);
    const more = done > this.#first.length;
    return page({
      title: `${name}: ${this.#images} images`,
      version: packageVersion(),
      style: cardStyle,
      sections: [
        heading(
          `${name}: ${this.#images} images`,
          `${weights?.path ?? ''} · ${precision} on ${session.stats().threads} threads`,
        ),
        figureRow([
          [String(done), 'images were classified'],
          ...(this.#failed === 0 ? [] : [[String(this.#failed), 'failed'] as const]),
          [String(classes.length), 'classes among them'],
          [percent(done === 0 ? null : this.#sum / done), 'mean probability of the first class'],
          [(this.#images / Math.max(seconds, 1e-3)).toFixed(1), 'images/s, decoding included'],
        ]),
        section(
          'Classes',
          table(
            ['Class', 'Number', 'Images', 'Share', 'Mean probability'],
            classes.map(([index, { label, images, sum }]) => [
              label,
              index,
              images,
              percent(images / done),
              percent(sum / images),
            ]),
            [0],
          ),
        ),
        more ? section('The least sure', pictureCards(this.#unsure)) : '',
        this.#first.length === 0
          ? ''
          : section(more ? `The first ${this.#first.length}` : 'Images', pictureCards(this.#first)),
        this.#failures.length === 0
          ? ''
          : section('Images that failed', table(['Image', 'Code', 'Reason'], this.#failures, [0, 1, 2])),
      ],
    });
  }
}

/** A small picture; null where there is none, which is not worth an error. */
async function small(image: InputImage): Promise<string | null> {
  try {
    return await thumbnail(await sourceOf(image), pictureSide);
  } catch {
    return null;
  }
}
