/**
 * What a graph computes, in terms in which those of ONNX files and those of networks here can be compared: layers, of which a convolution
 * has taken in the biases or the batch normalization behind it, and paddings stand with the windows that they are for.
 */

/** A batch normalization's parameters; null where only what they come to is known, scales and offsets: nothing is added, no mean is taken off, no variance divides. */
export interface Norm<P> {
  readonly scale: P;
  readonly offset: P | null;
  readonly mean: P | null;
  readonly variance: P | null;
  readonly epsilon: number;
}

/** One layer; `P` is what stands for a parameter. */
export interface Layer<P> {
  /** What it computes, with all sizes; layers that differ here differ in what they compute. */
  readonly text: string;
  readonly inputs: readonly Layer<P>[];
  /** The same number for the same layers above the same layers. */
  readonly id: number;
  /** Name of the node, for messages. */
  readonly where: string;
  readonly weights?: P;
  readonly biases?: P;
  readonly norm?: Norm<P>;
  /** True where no value can be below zero: padding with zeros is then no other than padding a maximum with nothing. */
  readonly isNonNegative: boolean;
  /** Of a convolution. */
  readonly depth?: number;
}

/** Numbers for layers. One table serves all graphs that are to be compared. */
export class LayerTable {
  readonly #ids = new Map<string, number>();

  layer<P>(
    text: string,
    inputs: readonly Layer<P>[],
    where: string,
    more: Partial<Pick<Layer<P>, 'weights' | 'biases' | 'norm' | 'isNonNegative' | 'depth'>> = {},
  ): Layer<P> {
    const below = inputs.map(({ id }) => id);
    if (text === addition) below.sort((a, b) => a - b);
    const key = `${text}|${below}`;
    const id = this.#ids.get(key) ?? this.#ids.size;
    this.#ids.set(key, id);
    return { text, inputs, where, id, isNonNegative: false, ...more };
  }
}

/** Window, step and padding in front, [height, width] each, and the size of the result. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** What lies behind follows from the size of the result. */
  readonly before: readonly [number, number];
  readonly size: readonly [number, number];
}

export const addition = 'an addition';
export const average = 'the average over height and width';
export const softmaxLayer = 'a softmax';

const by = ([a, b]: readonly [number, number]) => `${a}x${b}`;

function windowText({ kernel, strides, dilations, before, size }: Window): string {
  // Where a window takes one pixel and does not move, nothing is padded.
  const steps = by(strides) === '1x1' ? '' : `, stride ${by(strides)}`;
  const holes = by(dilations) === '1x1' || by(kernel) === '1x1' ? '' : `, dilation ${by(dilations)}`;
  return `${steps}${holes}, ${by(before)} pixels padded in front, to ${by(size)} pixels`;
}

/** @param groups more than 1 where a convolution connects some channels only */
export function convolutionText(window: Window, depthIn: number, depth: number, groups = 1): string {
  const among = groups === 1 ? '' : ` in ${groups} groups`;
  return `a ${by(window.kernel)} convolution of ${depthIn} to ${depth} channels${among}${windowText(window)}`;
}

export function poolingText(kind: 'maximum' | 'average', window: Window): string {
  return `a pooling by ${kind} of ${by(window.kernel)}${windowText(window)}`;
}

export function normText(depth: number): string {
  return `a batch normalization of ${depth} channels`;
}

/** A convolution's window over a whole map: what a fully connected layer computes. */
export function wholeMap(height: number, width: number): Window {
  const one = [1, 1] as const;
  return { kernel: [height, width], strides: one, dilations: one, before: [0, 0], size: one };
}

/** The layers that the roots need, each behind those that it needs. */
export function inOrder<P>(root: Layer<P>): Layer<P>[] {
  const done = new Set<Layer<P>>();
  const open: { readonly layer: Layer<P>; readonly isReady: boolean }[] = [{ layer: root, isReady: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { layer, isReady } = next;
    if (done.has(layer)) continue;
    if (isReady) {
      done.add(layer);
      continue;
    }
    open.push({ layer, isReady: true });
    for (const input of layer.inputs) if (!done.has(input)) open.push({ layer: input, isReady: false });
  }
  return [...done];
}
