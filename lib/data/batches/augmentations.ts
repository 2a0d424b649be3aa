/** What is done to images in training. */
import { describe } from '../../core/dtype.js';
import { checkBoolean, checkInteger, type Defaults, withDefaults } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import type { Augmentation, NativeDrawOptions } from '../../native/addon.js';
import { loadAddon } from '../../native/binding.js';
import type { RelativeBox } from '../preprocess_image.js';
import { type PreprocessingSpec, preprocessingFor, resizesFirst } from '../preprocessing.js';

/** Slim's own training form of a preprocessing. */
export interface SlimAugmentationOptions {
  /** vgg: bounds of the smaller side after the resize; 256 and 512 for networks of up to 256 pixels unless told. */
  readonly resizeSideMin?: number;
  readonly resizeSideMax?: number;
  /** inception: bilinear resizing and two colour steps alone (true unless told), or all methods and steps. */
  readonly fastMode?: boolean;
}

/** Crop, flip and colour within bounds of one's own, for any preprocessing. */
export interface PlainAugmentationOptions {
  /** vgg, torchvision: bounds of the smaller side after the resize, before a random crop; that of evaluation unless told. */
  readonly resizeSideMin?: number;
  readonly resizeSideMax?: number;
  /** inception, caffe: part of the area that a crop has; 0.08 to 1 unless told. */
  readonly area?: readonly [least: number, most: number];
  /** inception, caffe: width / height of a crop; 3/4 to 4/3 unless told. */
  readonly aspect?: readonly [least: number, most: number];
  /** Half of the images are mirrored, left to right; true unless told. */
  readonly flip?: boolean;
  /** Added: up to this part of the range of values, more or less; 0 unless told. */
  readonly brightness?: number;
  /** Distance from the mean of the image's channel times 1 - this to 1 + this; 0 unless told. */
  readonly contrast?: number;
  /** Saturation times 1 - this to 1 + this; 0 unless told. */
  readonly saturation?: number;
  /** Turns of the colour circle, up to this, either way; 0 unless told. */
  readonly hue?: number;
}

/** What an augmentation of one's own is told of an image. */
export interface DrawContext {
  readonly height: number;
  readonly width: number;
  /** Together they decide the draw: the same two are given whenever a training is at this image of this epoch. */
  readonly seed: number;
  readonly index: number;
  readonly boxes: readonly RelativeBox[];
  readonly preprocessing: PreprocessingSpec;
}

/** What is done to images in training: data, but for a `draw` of one's own. */
export type AugmentationPolicy =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'slim' } & SlimAugmentationOptions)
  | ({ readonly kind: 'plain' } & PlainAugmentationOptions)
  | { readonly kind: 'own'; readonly draw: (context: DrawContext) => Augmentation };

const slimDefaults = {
  resizeSideMin: undefined,
  resizeSideMax: undefined,
  fastMode: true,
} satisfies Defaults<SlimAugmentationOptions>;

const plainDefaults = {
  resizeSideMin: undefined,
  resizeSideMax: undefined,
  area: [0.08, 1],
  aspect: [3 / 4, 4 / 3],
  flip: true,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  hue: 0,
} satisfies Defaults<PlainAugmentationOptions>;

/** Images as in evaluation. */
function none(): AugmentationPolicy {
  return { kind: 'none' };
}

/** Slim's training form of vgg and inception (docs/images.md). @throws ArgumentError */
function slim(options: SlimAugmentationOptions = {}): AugmentationPolicy {
  const where = 'augmentations.slim';
  const { resizeSideMin, resizeSideMax, fastMode } = withDefaults(where, options, slimDefaults);
  checkSides(where, resizeSideMin, resizeSideMax);
  checkBoolean(where, 'fastMode', fastMode);
  return { kind: 'slim', ...options };
}

/** Crop, flip and colour within bounds of one's own. @throws ArgumentError */
function plain(options: PlainAugmentationOptions = {}): AugmentationPolicy {
  const where = 'augmentations.plain';
  const complete = withDefaults(where, options, plainDefaults);
  checkSides(where, complete.resizeSideMin, complete.resizeSideMax);
  checkBounds(where, 'area', complete.area, 1);
  checkBounds(where, 'aspect', complete.aspect, 100);
  checkBoolean(where, 'flip', complete.flip);
  for (const name of ['brightness', 'contrast', 'saturation'] as const) checkPart(where, name, complete[name], 1);
  checkPart(where, 'hue', complete.hue, 0.5);
  return { kind: 'plain', ...options };
}

/** An augmentation of one's own: what is done to an image follows from `context` alone, or a training that is resumed differs. */
function own(draw: (context: DrawContext) => Augmentation): AugmentationPolicy {
  if (typeof draw !== 'function')
    throw new ArgumentError(`augmentations.own: expected a function, received ${describe(draw)}.`);
  return { kind: 'own', draw };
}

/** The augmentations. Each gives data that can be printed, compared and kept with a run. */
export const augmentations = { none, slim, plain, own } as const;

/** Draws what is done to one image; null: as in evaluation. */
export type Draw = (context: DrawContext) => Augmentation | null;

/**
 * How a policy draws with a preprocessing.
 * @throws ArgumentError where they do not go together
 */
export function drawerOf(where: string, policy: AugmentationPolicy, spec: PreprocessingSpec): Draw {
  const kind = (policy as { kind?: unknown } | null)?.kind;
  if (policy?.kind === 'none') return () => null;
  if (policy?.kind === 'own') return policy.draw;
  if (policy?.kind !== 'slim' && policy?.kind !== 'plain') {
    throw new ArgumentError(
      `${where}: augmentation: expected one of augmentations, such as augmentations.slim(), received ${describe(kind ?? policy)}.`,
    );
  }
  const { name, method, height, width } = spec;
  const least = policy.kind === 'plain' ? spec.resizeSide : presetSide(spec);
  const {
    resizeSideMin = least,
    resizeSideMax = Math.max(resizeSideMin, policy.kind === 'plain' ? least : 2 * least),
  } = policy;
  if (resizesFirst(spec) && resizeSideMin < Math.max(height, width)) {
    throw new ArgumentError(
      `${where}: augmentation: resizeSideMin: a crop of ${height} x ${width} does not fit into a smaller side of ${resizeSideMin}.`,
    );
  }
  if (policy.kind === 'slim' && method !== 'vgg' && method !== 'inception') {
    throw new ArgumentError(`${where}: augmentation: Slim has no training form of ${name}.`, {
      hint: 'use augmentations.plain().',
    });
  }
  const bounds = {
    resizeSideMin,
    resizeSideMax,
    fastMode: policy.kind === 'slim' ? (policy.fastMode ?? true) : true,
    ...(policy.kind === 'plain' ? { plain: plainBounds(policy) } : {}),
  };
  const addon = loadAddon();
  return ({ height: rows, width: columns, seed, index, boxes }) =>
    addon.drawAugmentation(spec, { height: rows, width: columns }, { ...bounds, seed, index, boxes });
}

/** The largest smaller side that a policy makes of an image; more pixels than that need not be kept. */
export function keptSide(policy: AugmentationPolicy, spec: PreprocessingSpec): number {
  return Math.max(2 * presetSide(spec), (policy as SlimAugmentationOptions).resizeSideMax ?? 0);
}

/** The smaller side that the preset alone resizes to. */
function presetSide({ name, height, width }: PreprocessingSpec): number {
  return preprocessingFor(name, Math.max(height, width)).resizeSide;
}

function plainBounds(policy: PlainAugmentationOptions): Required<NativeDrawOptions>['plain'] {
  const { area, aspect, flip, brightness, contrast, saturation, hue } = { ...plainDefaults, ...policy };
  return { area, aspect, flip, brightness, contrast, saturation, hue };
}

function checkSides(where: string, least: unknown, most: unknown): void {
  if (least !== undefined) checkInteger(where, 'resizeSideMin', least, 1, 32768);
  if (most !== undefined) checkInteger(where, 'resizeSideMax', most, (least as number | undefined) ?? 1, 32768);
}

function checkBounds(where: string, name: string, bounds: unknown, most: number): void {
  const [low, high] = Array.isArray(bounds) && bounds.length === 2 ? (bounds as unknown[]) : [];
  const fits = typeof low === 'number' && typeof high === 'number' && low > 0 && low <= high && high <= most;
  if (!fits)
    throw new ArgumentError(
      `${where}: ${name}: expected [least, most], more than 0 and at most ${most}, received ${
        Array.isArray(bounds) ? `[${bounds}]` : describe(bounds)
      }.`,
    );
}

function checkPart(where: string, name: string, part: unknown, most: number): void {
  if (typeof part === 'number' && part >= 0 && part <= most) return;
  throw new ArgumentError(`${where}: ${name}: expected a number from 0 to ${most}, received ${describe(part)}.`);
}
