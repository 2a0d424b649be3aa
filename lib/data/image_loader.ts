/** Making the input of networks out of images, a few at a time: decoding and preprocessing. */
import { availableParallelism } from 'node:os';
import { checkInteger, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError, ownSpelling, SlimnetError, type Spelling, spelling } from '../errors.js';
import { loadAddon } from '../native/binding.js';
import { release } from '../native/release.js';
import { type DecodeOptions, decodeOwned, defaultMaxPixels, loadSharp, unlessAborted } from './decoding.js';
import { type ImageSource, namesFile, type OwnedSource, ownSource } from './image_source.js';
import { mapLimited } from './map_limited.js';
import { checkPreprocessed, copyPreprocessed, isPreprocessed, type PreprocessedImage } from './preprocessed.js';
import type { PreprocessingSpec } from './preprocessing.js';
import type { RawImage } from './raw_image.js';
import { Semaphore } from './semaphore.js';

/** The decoder works on libuv's threads, of which there are 4 unless UV_THREADPOOL_SIZE says otherwise. */
export const defaultWorkers = Math.max(2, Math.min(availableParallelism(), 4));

/** How images are loaded. */
export interface ImageLoaderOptions {
  readonly decode?: DecodeOptions;
  /** Images that are decoded or preprocessed at the same time, by all calls together; 2 to 4 unless told, as there are cores. */
  readonly workers?: number;
  /** False: sources that name files are refused. */
  readonly files?: boolean;
  /** How hints name options of the decoder; under their own names unless told. */
  readonly spelling?: Spelling;
}

const defaults = {
  decode: {},
  workers: defaultWorkers,
  files: true,
  spelling: ownSpelling,
} satisfies Defaults<ImageLoaderOptions>;

/** @throws ArgumentError */
export function checkImageWorkers(where: string, name: string, workers: unknown): asserts workers is number {
  checkInteger(where, name, workers, 1, 1024);
}

interface BorrowablePixels {
  readonly preprocessed: Float32Array;
  readonly borrowed: boolean;
}

/** What a network takes of an image. */
export interface Prepared {
  readonly item: Item;
  /** float32 [height, width, 3] */
  readonly pixels: Float32Array;
  /** They are somebody else's, and not to be given back by `release`. */
  readonly borrowed: boolean;
}

/** A source with a copy of its bytes, or what is wrong with it. */
export interface Item {
  readonly source: ImageSource | PreprocessedImage;
  readonly owned: OwnedSource | BorrowablePixels | null;
  readonly error: unknown;
}

/** Gives memory back that nobody reads any more. */
export function releasePixels(images: readonly Prepared[]): void {
  release(images.filter(({ borrowed }) => !borrowed).map(({ pixels }) => pixels));
}

/** Loads images for one network, however many calls ask for them. */
export class ImageLoader {
  readonly #preprocessing: PreprocessingSpec;
  readonly #decode: DecodeOptions;
  readonly #files: boolean;
  readonly #spelling: Spelling;
  readonly #semaphore: Semaphore;

  /** @throws ArgumentError */
  constructor(preprocessing: PreprocessingSpec, options: ImageLoaderOptions = {}) {
    const { decode, workers, files, spelling: spelled } = withDefaults('ImageLoader', options, defaults);
    checkImageWorkers('ImageLoader', 'workers', workers);
    this.#preprocessing = preprocessing;
    this.#decode = decode;
    this.#files = files;
    this.#spelling = spelled;
    this.#semaphore = new Semaphore(workers);
  }

  /**
   * Copies what the caller may change. What is wrong with the source is told when it is prepared.
   * @param borrowed the caller leaves images that are preprocessed as they are
   */
  own(source: ImageSource | PreprocessedImage, borrowed = false): Item {
    try {
      if (isPreprocessed(source)) {
        const { preprocessed } = (borrowed ? checkPreprocessed : copyPreprocessed)(source, this.#preprocessing);
        return { source, owned: { preprocessed, borrowed }, error: null };
      }
      if (!this.#files && namesFile(source))
        throw new ArgumentError(
          'This model opens no files (files: false): expected the bytes or pixels of an image, received a path.',
        );
      return { source, owned: ownSource(source, this.#decode.maxPixels ?? defaultMaxPixels), error: null };
    } catch (error) {
      return { source, owned: null, error: SlimnetError.respell(error, this.#spelling) };
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
   * @param held the caller gives the pixels back by `release`
   */
  async prepare(
    items: readonly Item[],
    signal: AbortSignal | undefined,
    onFailure?: (item: Item, error: unknown) => void,
    held = false,
  ): Promise<Prepared[]> {
    const made: Prepared[] = [];
    const prepareOne = async (item: Item): Promise<Prepared | null> => {
      try {
        if (item.owned !== null && 'preprocessed' in item.owned)
          return { item, pixels: item.owned.preprocessed, borrowed: item.owned.borrowed };
        const image = await this.#decodeItem(item, signal);
        const pixels = await loadAddon().preprocess(this.#preprocessing, [image], undefined, held);
        // Of a copy and a decoder that have both done what they were for.
        release(item.owned !== null && 'bytes' in item.owned ? [image.data, item.owned.bytes] : [image.data]);
        const prepared = { item, pixels, borrowed: false };
        made.push(prepared);
        return prepared;
      } catch (error) {
        if (onFailure === undefined || signal?.aborted === true) throw error;
        onFailure(item, error);
        return null;
      }
    };
    try {
      return (await mapLimited(items, this.#semaphore, prepareOne)).filter((prepared) => prepared !== null);
    } catch (error) {
      if (held) releasePixels(made);
      throw error;
    }
  }

  /** Loads the decoder and starts a thread of the preprocessing, so that the first image does not wait for them. */
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
    if ('preprocessed' in owned)
      throw new ArgumentError('decode: expected an image, received one that is preprocessed.');
    return spelling(this.#spelling, () => decodeOwned(owned, this.#decode));
  }
}
