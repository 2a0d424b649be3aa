import { describe, type TypedArray } from '../core/dtype.js';
import type { Tensor } from '../core/graph.js';
import { defined } from '../core/options.js';
import { type Prepared, releasePixels } from '../data/image_loader.js';
import { ArgumentError, type ExecutionError, spelling } from '../errors.js';
import { release } from '../native/release.js';
import type { Session } from '../runtime/session/session.js';
import { modelSpelling } from './call_options.js';
import type { PredictOptions } from './model_types.js';
import { type ModelOutput, modelOutputs, type NetworkGraph, outputOf } from './network_graph.js';
import { notFiniteError, notFiniteVariable } from './not_finite.js';
import { type OutputSet, outputsOf, type Rows } from './output_sets.js';

/** Runs of a model's network, from pixels to the outputs of a set. */
export class NetworkRuns {
  readonly #name: string;
  readonly #session: Session;
  readonly #outputs: NetworkGraph['outputs'];
  readonly #path: string | undefined;
  /** Which variable is to blame for results that are no numbers, once it was looked for. */
  #notFinite: { readonly variable: string | null } | undefined;

  /** @param path of the weights */
  constructor(name: string, session: Session, outputs: NetworkGraph['outputs'], path: string | undefined) {
    this.#name = name;
    this.#session = session;
    this.#outputs = outputs;
    this.#path = path;
  }

  /** @throws ArgumentError; CheckpointError where the weights have no logits */
  tensor(output: ModelOutput): Tensor {
    if (!modelOutputs.includes(output))
      throw new ArgumentError(`output: expected ${modelOutputs.join(', ')}, received ${describe(output)}.`);
    return outputOf(this.#outputs, output, this.#path);
  }

  /** Always under the same names: other names would be other programs. */
  fetches(set: OutputSet): Record<string, Tensor> {
    return Object.fromEntries(outputsOf(set).map((output) => [output, this.tensor(output)]));
  }

  /** Each output of a set for all images, one after another. */
  async compute(
    pixels: Float32Array | readonly Float32Array[],
    set: OutputSet,
    { signal, timeoutMs, borrowed = false }: PredictOptions & { readonly borrowed?: boolean },
  ): Promise<Rows> {
    const options = defined({ signal, timeoutMs, borrowed });
    const results: Readonly<Record<string, { readonly data: TypedArray }>> = await spelling(modelSpelling, () =>
      this.#session.run({ images: pixels }, this.fetches(set), options),
    );
    return outputsOf(set).map((output) => results[output]?.data as Float32Array);
  }

  /** What each image has of each output. Nobody changes the pixels meanwhile; those that are not borrowed are given back. */
  async rows(set: OutputSet, images: readonly Prepared[], signal: AbortSignal | undefined): Promise<Rows[]> {
    const pixels = images.map((image) => image.pixels);
    // A run that was given up holds what it reads by itself.
    const all = await this.compute(pixels, set, { signal, borrowed: true }).finally(() => releasePixels(images));
    if (images.length === 1) return [all];
    const rows = images.map((_, i) =>
      all.map((data) => {
        const width = data.length / images.length;
        return data.slice(i * width, (i + 1) * width);
      }),
    );
    release(all);
    return rows;
  }

  /** The error of an image for which an output is NaN or infinite. Reads all variables, the first time. */
  notFiniteError(output: ModelOutput): ExecutionError {
    this.#notFinite ??= { variable: notFiniteVariable(this.#session) };
    return notFiniteError(this.#name, output, this.#notFinite.variable);
  }
}
