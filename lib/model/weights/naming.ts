/** Under which names a checkpoint of another library has the weights of a network. */
import type { NameMap, TensorInfo, TensorSource } from '../../checkpoint/index.js';
import { advice, CheckpointError } from '../../errors.js';
import { type ForeignLayout, foreignLayouts, type Library, libraries, type Vocabulary } from './libraries.js';

type Tensors = ReadonlyMap<string, TensorInfo>;

/** The weights of one network: in whose names, and what stands before all of them, such as `model.` or `module.backbone.`. */
export interface Naming {
  readonly layout: ForeignLayout;
  readonly vocabulary: Vocabulary;
  readonly prefix: string;
  readonly spell: (name: string) => string;
}

/** The last layer's tensors. */
export interface DenseLayer {
  readonly weights: string;
  readonly biases: string;
}

/** The namings that a checkpoint has: one for each network in it, found by the first convolution and that of the first unit. */
export function namingsIn(tensors: Tensors): Naming[] {
  return foreignLayouts.flatMap((layout) => {
    const library: Library = libraries[layout];
    return library.vocabularies.flatMap((vocabulary) =>
      library.spellings.flatMap((spell) =>
        prefixesOf(tensors, library, marksOf(library, vocabulary, spell)).map((prefix) => ({
          layout,
          vocabulary,
          prefix,
          spell,
        })),
      ),
    );
  });
}

/** Two tensors that every network has. */
function marksOf(library: Library, { root, unit }: Vocabulary, spell: (name: string) => string): [string, string] {
  const first = unit({ block: 1, unit: 1, conv: 1 });
  return [spell(library.weights(root.conv).tensor), spell(library.weights(first.conv).tensor)];
}

function prefixesOf(tensors: Tensors, library: Library, [root, first]: readonly [string, string]): string[] {
  return [...tensors]
    .filter(([name, info]) => name.endsWith(root) && !library.isUnneeded(info, name))
    .map(([name]) => name.slice(0, name.length - root.length))
    .filter((prefix) => /(^|[./])$/.test(prefix) && tensors.has(prefix + first));
}

/** The naming of a library where a checkpoint has none. */
function usualNaming(layout: ForeignLayout): Naming {
  const { vocabularies, spellings }: Library = libraries[layout];
  return { layout, vocabulary: vocabularies[0] as Vocabulary, prefix: '', spell: spellings[0] as Naming['spell'] };
}

/**
 * The last layer, or null: by its usual names, below the prefix or not, else the only dense layer with biases, whatever its name. Of
 * several without a usual name none is the last layer of a residual network.
 */
export function logitsOf({ layout, vocabulary, prefix, spell }: Naming, tensors: Tensors): DenseLayer | null {
  const library: Library = libraries[layout];
  for (const name of vocabulary.logits) {
    for (const before of prefix === '' ? [''] : [prefix, '']) {
      const weights = before + spell(library.weights(name).tensor);
      const biases = before + spell(library.biases(name).tensor);
      if (tensors.has(weights) || tensors.has(biases)) return { weights, biases };
    }
  }
  const dense = [...tensors].flatMap(([weights, info]) => {
    const biases = info.shape.length === 2 ? library.biasesOf(weights) : null;
    const shape = biases === null || library.isUnneeded(info, weights) ? undefined : tensors.get(biases)?.shape;
    return shape?.length === 1 ? [{ weights, biases: biases as string }] : [];
  });
  return dense.length === 1 ? (dense[0] as DenseLayer) : null;
}

const variablePattern =
  /(?:^|\/)(?:(conv1|logits)|block(\d+)\/unit_(\d+)\/(?:bottleneck|basic)_v1\/(?:shortcut|conv(\d)))\/(?:BatchNorm\/)?(\w+)$/;

/** The tensor for a variable of a residual network; undefined where the library has nothing of the kind. */
function sourceOf(naming: Naming, logits: DenseLayer | null, name: string): TensorSource | undefined {
  const match = variablePattern.exec(name);
  if (match === null) return undefined;
  const { layout, vocabulary, prefix, spell } = naming;
  const library: Library = libraries[layout];
  const full = ({ tensor, minus, ...rest }: TensorSource): TensorSource => ({
    ...rest,
    tensor: prefix + spell(tensor),
    ...(minus === undefined ? {} : { minus: prefix + spell(minus) }),
  });
  const [, single, block, unit, conv = '0', kind = ''] = match;
  if (single === 'logits') {
    const [usual] = vocabulary.logits as readonly [string];
    if (kind === 'weights') {
      const tensor = logits?.weights ?? full(library.weights(usual)).tensor;
      return { tensor, dimensions: library.denseDimensions };
    }
    return kind === 'biases' ? { tensor: logits?.biases ?? full(library.biases(usual)).tensor } : undefined;
  }
  const names =
    single === 'conv1'
      ? vocabulary.root
      : vocabulary.unit({ block: Number(block), unit: Number(unit), conv: Number(conv) });
  if (kind === 'weights') return full(library.weights(names.conv));
  const source = Object.hasOwn(library.norm, kind) ? library.norm[kind]?.(names) : undefined;
  return source && full(source);
}

/** The tensors for a network's variables by a naming. */
export function nameMapOf(naming: Naming, tensors: Tensors): NameMap {
  const logits = logitsOf(naming, tensors);
  return (name) => sourceOf(naming, logits, name) ?? name;
}

/** @throws CheckpointError when a checkpoint has several networks */
export function onlyOne(namings: readonly Naming[], path: string | undefined): Naming | undefined {
  assertOnePrefix(
    namings.map(({ prefix }) => prefix),
    path,
  );
  return namings[0];
}

/** @throws CheckpointError when there are several, each of a network */
export function assertOnePrefix(prefixes: readonly string[], path: string | undefined): void {
  if (prefixes.length < 2) return;
  const named = prefixes.map((prefix) => (prefix === '' ? 'no prefix' : prefix));
  throw new CheckpointError(
    `The checkpoint has the weights of ${prefixes.length} networks, under ${named.join(', ')}.`,
    {
      ...(path === undefined ? {} : { path }),
      hint: advice`say whose to take, as in ${['prefix', prefixes[0] || prefixes[1]]}.`,
    },
  );
}

/** A name map that finds the naming of whatever checkpoint it is asked about. */
function libraryNames(layout: ForeignLayout): NameMap {
  const known = new WeakMap<Tensors, NameMap>();
  return (name, tensors) => {
    let map = known.get(tensors);
    if (map === undefined) {
      const found = namingsIn(tensors).filter((naming) => naming.layout === layout);
      map = nameMapOf(onlyOne(found, undefined) ?? usualNaming(layout), tensors);
      known.set(tensors, map);
    }
    return map(name, tensors);
  };
}

/**
 * For `restore`: the tensors of a PyTorch checkpoint, as torchvision and timm or Hugging Face's transformers name them, for the variables
 * of a residual network of the first form; all names may begin with the same prefix, such as `module.`. Kernels of [out, in, height,
 * width] are turned into [height, width, in, out]. The network should be one of resnet18 to resnet152: others stride and pad elsewhere.
 */
export const pytorchNames: NameMap = libraryNames('pytorch');

/**
 * For `restore`: the tensors of a checkpoint of keras.applications, also below other scopes. The biases of its convolutions are taken off
 * the moving means. The network should be one of kerasResnet50 to kerasResnet152.
 */
export const kerasNames: NameMap = libraryNames('keras');
