import { availableParallelism } from 'node:os';
import {
  type DecodeOptions,
  decodeOwned,
  type ImageSource,
  loadSharp,
  type OwnedSource,
  ownSource,
  unlessAborted,
} from '../data/decoding.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import type { RawImage } from '../data/raw_image.js';
import { loadAddon } from '../native/binding.js';
import { mapLimited } from './map_limited.js';
import { Semaphore } from './semaphore.js';

/** Decodes at the same time: the decoder works on libuv's threads, of which there are 4 unless told. */
const decodesAtOnce = Math.max(2, Math.min(availableParallelism(), 4));

/** A source with a copy of its bytes, or what is wrong with it. */
export interface Item {
  readonly source: ImageSource;
  readonly owned: OwnedSource | null;
  readonly error: unknown;
}

/** Makes a network's input out of images, a few at a time, however many calls ask for it. */
export class ImagePreparation {
  readonly #preprocessing: PreprocessingSpec;
  readonly #decode: DecodeOptions;
  readonly #semaphore = new Semaphore(decodesAtOnce);

  constructor(preprocessing: PreprocessingSpec, decode: DecodeOptions) {
    this.#preprocessing = preprocessing;
    this.#decode = decode;
  }

  /** Copies what the caller may change. What is wrong with the source is told when it is prepared. */
  own(source: ImageSource): Item {
    try {
      return { source, owned: ownSource(source, this.#decode), error: null };
    } catch (error) {
      return { source, owned: null, error };
    }
  }

  /** Decodes one image. */
  async decode(source: ImageSource, signal: AbortSignal | undefined): Promise<RawImage> {
    const item = this.own(source);
    return unlessAborted(
      this.#semaphore.use(() => this.#decodeItem(item, signal)),
      signal,
    );
  }

  /**
   * Decodes and preprocesses images: float32 [height, width, 3] of each.
   * @throws the error of the earliest bad image; the signal's reason as soon as it is aborted
   */
  async pixels(sources: readonly ImageSource[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    const items = sources.map((source) => this.own(source));
    return (await unlessAborted(this.prepare(items, signal), signal)).map(({ pixels }) => pixels);
  }

  /**
   * `pixels` of items of one's own. An abort lets no further image begin; those that have begun hold their places until they
   * end, since the decoder cannot be stopped.
   * @param onFailure told of images that are bad, which are left out
   */
  async prepare(
    items: readonly Item[],
    signal: AbortSignal | undefined,
    onFailure?: (item: Item, error: unknown) => void,
  ): Promise<{ readonly item: Item; readonly pixels: Float32Array }[]> {
    const all = await mapLimited(items, this.#semaphore, async (item) => {
      try {
        const image = await this.#decodeItem(item, signal);
        return { item, pixels: await loadAddon().preprocess(this.#preprocessing, [image]) };
      } catch (error) {
        if (onFailure === undefined || signal?.aborted === true) throw error;
        onFailure(item, error);
        return null;
      }
    });
    return all.filter((prepared) => prepared !== null);
  }

  /** Loads the decoder and starts the thread of the preprocessing, so that the first image does not wait for them. */
  async warmup(): Promise<void> {
    try {
      loadSharp();
    } catch {
      // Who brings pixels needs no decoder. Who needs it learns from the first image that it is missing.
    }
    const grey: RawImage = { data: new Uint8Array(16), width: 4, height: 4, channels: 1 };
    await loadAddon().preprocess(this.#preprocessing, [grey]);
  }

  async #decodeItem({ owned, error }: Item, signal: AbortSignal | undefined): Promise<RawImage> {
    signal?.throwIfAborted();
    if (owned === null) throw error;
    return decodeOwned(owned, this.#decode);
  }
}
