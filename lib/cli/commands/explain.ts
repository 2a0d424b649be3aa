import { basename, extname, join } from 'node:path';
import { Option } from 'commander';
import { writeFileAtomically } from '../../checkpoint/index.js';
import { describe } from '../../core/dtype.js';
import { makeFolder } from '../../core/make_folder.js';
import { defined } from '../../core/options.js';
import type { Precision } from '../../core/precision.js';
import { encodePng, pngUrl } from '../../data/encode_png.js';
import { seenImage } from '../../data/seen_image.js';
import { ArgumentError, type SlimnetError } from '../../errors.js';
import {
  type ExplainMethod,
  type Explanation,
  explain as explained,
  explainMethods,
  explanationPng,
  featureSheet,
  filterSheet,
  heatPicture,
} from '../../explain/index.js';
import type { Model } from '../../model/model.js';
import { packageVersion } from '../../native/binding.js';
import {
  cardStyle,
  heading,
  overlaySwitch,
  type PictureCard,
  page,
  pictureCards,
  section,
} from '../../report/index.js';
import type { DefineCommand } from '../command.js';
import { expandInputs, type InputImage, sourceOf } from '../inputs/inputs.js';
import { errorText, exitStatus, printable, say, writeOut } from '../io.js';
import {
  addModelOptions,
  addPrecisionOption,
  type GivenModelFlags,
  loadFromFlags,
  withCheckpoint,
} from '../model_options.js';
import { integer } from '../numbers.js';
import { asOutput } from '../output_error.js';
import { showFile } from '../show_file.js';
import { table } from '../table.js';

interface Flags extends GivenModelFlags {
  readonly class?: string;
  readonly method: ExplainMethod;
  readonly layer?: string;
  readonly patch?: number;
  readonly stride?: number;
  readonly features?: boolean;
  readonly filters?: boolean;
  readonly output: string;
  readonly open?: boolean;
}

const examples = `
Examples:
  slimnet explain cat.jpg --model resnet_v1_50 --weights imagenet --open
  slimnet explain photos/ -c resnet_v1_50.ckpt --class 'tabby, tabby cat' -o maps/
  slimnet explain cat.jpg -c resnet_v1_50.ckpt --layer resnet_v1_50/block3 --features --filters -o cat.html`;

const otherPlace = 'name another place: --output.';

export const explain: DefineCommand = (program, io, finish) => {
  const command = program
    .command('explain')
    .description('where in images a network sees a class: maps over the pictures, and what its layers hold')
    .argument('<images...>', 'files, folders or globs, some hundreds at most');
  addPrecisionOption(addModelOptions(command), 'float32')
    .option('-l, --labels <path>', 'names of the classes (docs/labels.md)')
    .option('--class <class>', 'the class to look for, by number or name (default: the most probable one)')
    .addOption(
      new Option(
        '--method <name>',
        'Grad-CAM, or covering parts of the image; auto is Grad-CAM where there are gradients',
      )
        .choices(explainMethods)
        .default('auto'),
    )
    .option('--layer <name>', 'node or scope whose features are looked at (default: the last block)')
    .option('--patch <n>', 'pixels a side of what covers the image (default: a fifth of it)', integer(1, 16384))
    .option('--stride <n>', 'pixels from one place to the next (default: half of a patch)', integer(1, 16384))
    .option('--features', 'also a sheet of what the channels of the layer make of each image')
    .option('--filters', 'also a sheet of the filters of the first convolution')
    .option(
      '-o, --output <place>',
      'a page (.html), a picture (.png, of one image), or a folder for pictures',
      'explain.html',
    )
    .option('--open', 'show the page in the browser')
    .addHelpText('after', examples)
    .action(async (paths: string[], given: Flags) => {
      const flags = await withCheckpoint(given, io);
      const images = await expandInputs(paths, io);
      const form = formOf(flags, images.length);
      await using model = await loadFromFlags({ ...flags, precision: flags.precision as Precision }, io);
      const classIndex = flags.class === undefined ? undefined : classOf(model, flags.class);
      const done: Done[] = [];
      for (const image of images) {
        try {
          done.push({ image, found: await lookAt(model, image, flags, classIndex, io.signal) });
        } catch (error) {
          // Wrong options are wrong for all images.
          if (io.signal.aborted || (error as Partial<SlimnetError>).code === 'ERR_ARGUMENT') throw error;
          say(io, printable(`slimnet: ${image.name}: ${errorText(io, error)}`));
          done.push({ image, problem: (error as Error).message });
        }
      }
      const filters = flags.filters === true ? filterSheet(model) : null;
      const files =
        form === 'page'
          ? await writePage(flags, model, done, filters)
          : await writePictures(flags.output, form, model, done, filters);
      await writeOut(io, summary(done));
      say(io, printable(files.join('\n')));
      const failed = done.some(({ problem }) => problem !== undefined);
      const shown = flags.open !== true || form !== 'page' || (await showFile(io, flags.output));
      finish(failed || !shown ? exitStatus.failed : exitStatus.ok);
    });
};

type Picture = ReturnType<typeof filterSheet>;

/** An image with what was found, or why it was not looked at. */
interface Done {
  readonly image: InputImage;
  readonly found?: { readonly explanation: Explanation; readonly features: Picture | null };
  readonly problem?: string;
}

async function lookAt(
  model: Model,
  image: InputImage,
  { method, layer, patch, stride, features }: Flags,
  classIndex: number | undefined,
  signal: AbortSignal,
): Promise<Required<Done>['found']> {
  const explanation = await explained(model, await sourceOf(image), {
    ...{ method, signal },
    ...defined({ layer, patch, stride, classIndex }),
  });
  const sheet = features === true ? await featureSheet(model, explanation.pixels, { layer, signal }) : null;
  return { explanation, features: sheet };
}

/** @throws ArgumentError for several images in one picture */
function formOf({ output, features, filters }: Flags, images: number): 'page' | 'picture' | 'folder' {
  if (output === '') throw new ArgumentError('--output: expected the name of a page, a picture or a folder.');
  const ending = extname(output).toLowerCase();
  if (ending === '.html' || ending === '.htm') return 'page';
  if (ending !== '.png') return 'folder';
  if (images === 1 && features !== true && filters !== true) return 'picture';
  throw new ArgumentError(
    '--output: a picture shows the map of one image: name a folder, or a page that ends in .html.',
    {
      path: output,
    },
  );
}

/** @throws ArgumentError where no class has that number or name */
function classOf(model: Model, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : (model.labels?.indexOf(text) ?? -1);
  if (number >= 0 && number < model.numClasses) return number;
  const alike = model.labels?.filter((label) => label.toLowerCase().includes(text.toLowerCase())).slice(0, 5) ?? [];
  throw new ArgumentError(
    `--class: expected 0 to ${model.numClasses - 1}, or the name of a class, received ${describe(text)}.`,
    alike.length === 0 ? {} : { hint: `there is ${alike.map((label) => describe(label)).join(', ')}.` },
  );
}

function summary(done: readonly Done[]): string {
  const rows = done.flatMap(({ image, found }) => {
    if (found === undefined) return [];
    const { target, method, layer } = found.explanation;
    return [[image.name, target.label, target.probability.toFixed(4), method, layer ?? '']];
  });
  return rows.length === 0 ? '' : table(['image', 'class', 'probability', 'method', 'layer'], rows);
}

async function writePage(
  flags: Flags,
  model: Model,
  done: readonly Done[],
  filters: Picture | null,
): Promise<readonly string[]> {
  const cards = await Promise.all(done.map((each) => cardOf(model, each)));
  const sheets = await Promise.all(
    done.map(async ({ image, found }) =>
      found?.features === undefined || found.features === null
        ? ''
        : section(`Features: ${image.name}`, picture(await pngUrl(found.features))),
    ),
  );
  const { weights, precision } = model;
  const html = page({
    title: `${model.name}: where it looks`,
    version: packageVersion(),
    style: `${cardStyle}.sheet { max-width: 100%; image-rendering: pixelated; border-radius: 6px; }`,
    sections: [
      heading(`${model.name}: where it looks`, `${weights?.path ?? ''} · ${precision}`),
      overlaySwitch('show the maps (point at a picture to see it without)'),
      pictureCards(cards, Math.max(model.preprocessing.height, model.preprocessing.width) < 128),
      filters === null ? '' : section('Filters of the first convolution', picture(await pngUrl(filters))),
      ...sheets,
    ],
  });
  await asOutput(() => writeFileAtomically(flags.output, new TextEncoder().encode(html)), otherPlace);
  return [flags.output];
}

function picture(url: string): string {
  return `<img class="sheet" src="${url}" alt="">`;
}

/** Pixels of a map's longer side, on a page. */
const overlaySide = 224;

async function cardOf(model: Model, { image, found, problem }: Done): Promise<PictureCard> {
  if (found === undefined)
    return { name: image.name, picture: null, predictions: [], ...(problem === undefined ? {} : { problem }) };
  const { explanation } = found;
  const seen = seenImage(explanation.pixels, model.preprocessing);
  const scale = Math.min(1, overlaySide / Math.max(seen.width, seen.height));
  const overlay = heatPicture(explanation, Math.round(seen.width * scale), Math.round(seen.height * scale));
  const { target, predictions } = explanation;
  const isTop = predictions.slice(0, 3).some(({ index }) => index === target.index);
  return {
    name: image.name,
    picture: await pngUrl(seen),
    overlay: await pngUrl(overlay),
    predictions: isTop ? predictions.slice(0, 3) : [...predictions.slice(0, 2), target],
  };
}

async function writePictures(
  output: string,
  form: 'picture' | 'folder',
  model: Model,
  done: readonly Done[],
  filters: Picture | null,
): Promise<readonly string[]> {
  const files: [path: string, bytes: Uint8Array][] = [];
  const taken = new Map<string, number>();
  for (const { image, found } of done) {
    if (found === undefined) continue;
    const bytes = await explanationPng(model, found.explanation);
    if (form === 'picture') {
      files.push([output, bytes]);
      continue;
    }
    // Images of several folders may have one name.
    const stem = basename(image.name, extname(image.name));
    const count = taken.get(stem) ?? 0;
    taken.set(stem, count + 1);
    const name = count === 0 ? stem : `${stem}_${count + 1}`;
    files.push([join(output, `${name}.png`), bytes]);
    if (found.features !== null) files.push([join(output, `${name}.features.png`), await encodePng(found.features)]);
  }
  if (filters !== null) files.push([join(output, 'filters.png'), await encodePng(filters)]);
  await asOutput(async () => {
    if (form === 'folder') await makeFolder(output);
    for (const [path, bytes] of files) await writeFileAtomically(path, bytes);
  }, otherPlace);
  return files.map(([path]) => path);
}
