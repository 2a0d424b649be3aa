import { writeFileAtomically } from '../../checkpoint/index.js';
import type { Precision } from '../../core/precision.js';
import { pngUrl } from '../../data/encode_png.js';
import type { RawImage } from '../../data/index.js';
import { seenImage } from '../../data/seen_image.js';
import { explain, heatPicture } from '../../explain/index.js';
import { loadModel } from '../../model/load_model.js';
import type { Model } from '../../model/model.js';
import type { Prediction } from '../../model/predictions.js';
import { packageVersion } from '../../native/binding.js';
import type { PictureCard } from '../../report/index.js';
import type { DefineCommand } from '../command.js';
import { type DemoAssets, demoAssets } from '../demo/assets.js';
import { demoPage } from '../demo/demo_page.js';
import { letterPicture, letters } from '../demo/letters.js';
import { lettersNetwork } from '../demo/letters_network.js';
import { expandInputs, type InputImage, sourceOf } from '../inputs/inputs.js';
import { type CliIo, errorText, exitStatus, printable, say, writeOut } from '../io.js';
import { addPrecisionOption } from '../model_options.js';
import { integer } from '../numbers.js';
import { asOutput } from '../output_error.js';
import { showFile } from '../show_file.js';
import { pictureRow, type Terminal, terminalOf } from '../terminal.js';

interface Flags {
  readonly output: string;
  readonly pictures: number;
  readonly seed: number;
  readonly precision: Precision;
  readonly open?: boolean;
}

/** Pictures of each shown kind: of the letters in order, and of wrong answers. */
const shownLetters = letters.length;
const shownMistakes = 12;
/** Calls of one picture whose times are taken. */
const timedCalls = 50;

const examples = `
Examples:
  slimnet demo --open
  slimnet demo my_letter.jpg another.png

The letters are drawn from 12 families of typefaces that the network has not been trained on, in any colour, size and direction, over a gradient, with
specks and noise. Another --seed draws others.`;

/** How to go on, as people would want to. */
const next: readonly (readonly [what: string, command: string])[] = [
  ['Your own pictures of a letter', 'slimnet demo my_letter.jpg'],
  [
    'Photographs, with the weights that TF-Slim published',
    'slimnet classify photo.jpg --model resnet_v1_50 --weights imagenet',
  ],
  [
    'Your own checkpoint: TensorFlow, PyTorch, Keras',
    'slimnet classify photo.jpg --checkpoint model.safetensors --labels labels.txt',
  ],
  [
    'Your own classes, a folder of photographs each',
    'slimnet train photos/ --model resnet_v1_50 --checkpoint resnet_v1_50.ckpt --exclude-scopes resnet_v1_50/logits --train-dir runs/photos',
  ],
  ['Training seen from the first step on', 'slimnet quickstart'],
];

export const demo: DefineCommand = (program, io, finish) => {
  addPrecisionOption(
    program
      .command('demo')
      .description(
        'a trained network reads letters of typefaces that it never saw, and shows where it looks; a page of the answers',
      )
      .argument('[images...]', 'your own pictures of one capital letter each, instead of drawn ones')
      .option('-o, --output <file>', 'the page', 'slimnet-demo.html')
      .option('--pictures <n>', 'pictures that are drawn', integer(letters.length, 100_000), 520)
      .option('--seed <n>', 'which ones', integer(0, 2 ** 31), 1),
  )
    .option('--open', 'show the page in the browser')
    .addHelpText('after', examples)
    .action(async (images: string[], flags: Flags) => {
      const assets = await demoAssets();
      const own = images.length === 0 ? null : await expandInputs(images, io);
      await using model = await loadModel(lettersNetwork, {
        checkpoint: assets.weights,
        precision: flags.precision,
        // Photographs are shrunk with care; the drawn pictures have the size of the network.
        interpolation: 'bilinear',
      });
      const isWhole =
        own === null ? await readDrawn(io, model, assets, flags) : await readOwn(io, model, assets, own, flags);
      const shown = flags.open !== true || (await showFile(io, flags.output));
      finish(isWhole && shown ? exitStatus.ok : exitStatus.failed);
    });
};

/** A picture with the answer. */
interface Answer {
  readonly image: RawImage;
  readonly face: string;
  readonly drawn: string;
  readonly predictions: readonly Prediction[];
  readonly right: boolean;
}

async function readDrawn(io: CliIo, model: Model, assets: DemoAssets, flags: Flags): Promise<boolean> {
  const { sheet, accuracy } = assets;
  const terminal = terminalOf(io.out as NodeJS.WritableStream);
  const faces = Object.keys(accuracy.byFace);
  const parameters = [...model.session.graph.variables.values()].reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  say(
    io,
    `A residual network of ${parameters.toLocaleString('en')} values, ${describeEngine(model)}, reads ${flags.pictures} letters of ${faces.length} faces that it never saw.`,
  );
  // The seeds of training and measurement are below.
  const drawn = Array.from({ length: flags.pictures }, (_, i) => letterPicture(sheet, 1000 + flags.seed, i));
  await model.warmup({ outputs: ['predictions'], batchSizes: [1, 32] });
  const { found, perSecond, milliseconds } = await timed(
    model,
    drawn.map(({ image }) => image),
    io.signal,
  );
  const answers = drawn.map(({ image, label, typeface }, i): Answer => {
    const predictions = found[i] as Prediction[];
    const isRight = predictions[0]?.index === label;
    return { image, face: faces[typeface] as string, drawn: letters[label] as string, predictions, right: isRight };
  });
  const right = answers.filter((answer) => answer.right).length;
  const first = answers.slice(0, shownLetters);
  const wrong = answers.filter((answer) => !answer.right).sort((a, b) => sureness(b) - sureness(a));
  const mistakes = wrong.slice(0, shownMistakes);
  await writeOut(io, answerText(terminal, [...new Set([...first.slice(0, 8), ...mistakes.slice(0, 4)])]));
  const share = `${((100 * right) / answers.length).toFixed(1)} %`;
  const speed = `${Math.round(perSecond).toLocaleString('en')} pictures/s, ${milliseconds.toFixed(2)} ms for one`;
  await writeOut(
    io,
    `\n${terminal.bold(`${right} of ${answers.length} right (${share})`)}, ${speed}\n${terminal.soft(
      `measured when it was trained: ${(100 * accuracy.top1).toFixed(1)} % of ${accuracy.pictures.toLocaleString('en')} such pictures`,
    )}\n`,
  );
  const html = demoPage({
    version: packageVersion(),
    about: `${parameters.toLocaleString('en')} values, ${describeEngine(model)}`,
    figures: [
      [share, `of ${answers.length} pictures are right`],
      [Math.round(perSecond).toLocaleString('en'), 'pictures/s, in batches'],
      [`${milliseconds.toFixed(2)} ms`, 'for one picture, median'],
      [String(faces.length), 'faces that it never saw'],
    ],
    parts: [
      {
        title: 'From A to Z',
        about: 'The first picture of each letter, right or wrong.',
        cards: await cardsOf(model, first, io.signal),
      },
      { title: 'Mistakes', about: `The surest of ${wrong.length}.`, cards: await cardsOf(model, mistakes, io.signal) },
    ],
    accuracy,
    next,
  });
  await writePage(io, flags.output, html, terminal);
  return true;
}

async function readOwn(
  io: CliIo,
  model: Model,
  { accuracy }: DemoAssets,
  images: readonly InputImage[],
  { output }: Flags,
): Promise<boolean> {
  const terminal = terminalOf(io.out as NodeJS.WritableStream);
  const cards: PictureCard[] = [];
  let failed = 0;
  for (const image of images) {
    try {
      const found = await explain(model, await sourceOf(image), { signal: io.signal });
      const { predictions, pixels } = found;
      const seen = seenImage(pixels, model.preprocessing);
      const [best] = predictions as readonly [Prediction];
      const pictures = terminal.hasPictures ? `\n${pictureRow([seen], shrink)}` : '';
      await writeOut(io, `${pictures}${printable(image.name)}: ${terminal.bold(best.label)}  ${bars(predictions)}\n`);
      cards.push({
        name: image.name,
        picture: await pngUrl(seen),
        overlay: await pngUrl(heatPicture(found, overlaySide, overlaySide)),
        predictions: predictions.slice(0, 3),
      });
    } catch (error) {
      if (io.signal.aborted) throw error;
      failed++;
      say(io, printable(`slimnet: ${image.name}: ${errorText(io, error)}`));
    }
  }
  const html = demoPage({
    version: packageVersion(),
    about: describeEngine(model),
    figures: [],
    parts: [{ title: 'Your pictures', about: 'The three most probable letters of each.', cards }],
    accuracy,
    next: next.slice(1),
  });
  await writePage(io, output, html, terminal);
  return failed === 0;
}

async function writePage(io: CliIo, path: string, html: string, terminal: Terminal): Promise<void> {
  await asOutput(() => writeFileAtomically(path, new TextEncoder().encode(html)), 'name another file: --output.');
  await writeOut(io, `page: ${path}\n`);
  const width = Math.max(...next.map(([what]) => what.length));
  say(
    io,
    `\nGo on:\n${next.map(([what, command]) => `  ${what.padEnd(width)}  ${terminal.soft(command)}`).join('\n')}`,
  );
}

function describeEngine(model: Model): string {
  const { threads } = model.session.stats();
  return `${model.precision} on ${threads} thread${threads === 1 ? '' : 's'}`;
}

/** Probability of the first answer. */
function sureness({ predictions: [best] }: Answer): number {
  return best?.probability ?? 0;
}

/** What the model says of pictures, and how fast: all in batches, then one after another. */
async function timed(
  model: Model,
  pictures: readonly RawImage[],
  signal: AbortSignal,
): Promise<{ readonly found: Prediction[][]; readonly perSecond: number; readonly milliseconds: number }> {
  const begun = performance.now();
  const found = await model.classify(pictures, { topK: 3, signal });
  const perSecond = (1000 * pictures.length) / (performance.now() - begun);
  const times: number[] = [];
  for (const picture of pictures.slice(0, timedCalls)) {
    const from = performance.now();
    await model.classify(picture, { topK: 3, signal });
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { found, perSecond, milliseconds: times[times.length >> 1] as number };
}

/** Pixels a side of a map, on the page. */
const overlaySide = 64;

async function cardsOf(model: Model, answers: readonly Answer[], signal: AbortSignal): Promise<PictureCard[]> {
  const cards: PictureCard[] = [];
  for (const { image, face, drawn, predictions, right } of answers) {
    const overlay = heatPicture(await explain(model, image, { signal }), overlaySide, overlaySide);
    cards.push({
      name: face,
      picture: await pngUrl(image),
      overlay: await pngUrl(overlay),
      predictions,
      truth: { label: drawn, right },
    });
  }
  return cards;
}

/** Pixels of a picture that are one on the terminal, and pictures in a row. */
const shrink = 4;
const perRow = 4;

/** Answers as a table; where there are colours enough, as pictures with the answers below. */
function answerText(terminal: Terminal, answers: readonly Answer[]): string {
  const mark = ({ right }: Answer) => (right ? terminal.good('right') : terminal.bad('wrong'));
  if (!terminal.hasPictures) {
    const width = Math.max(...answers.map(({ face }) => face.length), 'typeface'.length);
    const lines = answers.map(
      (answer) => `${answer.face.padEnd(width)}  ${answer.drawn}      ${mark(answer)}  ${bars(answer.predictions)}`,
    );
    return `\n${terminal.soft(`${'typeface'.padEnd(width)}  drawn          the three most probable`)}\n${lines.join('\n')}\n`;
  }
  let text = '';
  for (let from = 0; from < answers.length; from += perRow) {
    const some = answers.slice(from, from + perRow);
    const side = (some[0]?.image.width ?? 0) / shrink;
    const below = some.map((answer) => {
      const [best] = answer.predictions as [Prediction];
      const said = `${best.label} ${(100 * best.probability).toFixed(1)} %`;
      const is = answer.right ? '' : ` is ${answer.drawn}`;
      const colour = answer.right ? terminal.good : terminal.bad;
      return `${colour(said + is)}${' '.repeat(Math.max(0, side - said.length - is.length))}`;
    });
    text += `\n${pictureRow(
      some.map(({ image }) => image),
      shrink,
    )}${below.join('  ')}\n`;
  }
  return text;
}

/** The three most probable letters, with bars. */
function bars(predictions: readonly Prediction[]): string {
  return predictions
    .slice(0, 3)
    .map(({ label, probability }) => {
      const filled = Math.round(8 * probability);
      return `${label} ${'\u2588'.repeat(filled)}${'\u2591'.repeat(8 - filled)} ${(100 * probability).toFixed(1).padStart(5)} %`;
    })
    .join('   ');
}
