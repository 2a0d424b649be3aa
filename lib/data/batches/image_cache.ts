/**
 * Decoded images, made once: 8-bit pixels, shrunk to what training needs, in memory up to a limit and then in files. Pixels are the same whether
 * they come from the cache or not, so what is kept never changes what a training computes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isUrl, pathOfUrl } from '../../core/file_url.js';
import { makeFolder } from '../../core/make_folder.js';
import { checkInteger, type Defaults, withDefaults } from '../../core/options.js';
import { ImageError, OutputError, systemReason } from '../../errors.js';
import { loadAddon } from '../../native/binding.js';
import type { Sample } from '../data_sets/index.js';
import { type DecodeOptions, decodeImage, loadSharp } from '../decoding.js';
import { isRawImage, type RawImage } from '../raw_image.js';

/** How images are kept. */
export interface ImageCacheOptions {
  /** Smaller side to which larger images are shrunk, in pixels. */
  readonly side: number;
  /** Bytes of pixels in memory; 1 GiB unless told. */
  readonly memory?: number;
  /** Folder for what memory has no room for, beside the run; unless told, such images are decoded each time. */
  readonly directory?: string;
  /** Bytes of files in it; 32 GiB unless told. */
  readonly disk?: number;
  readonly decode?: Omit<DecodeOptions, 'mode' | 'minSide' | 'signal'>;
  /** Told once that nothing more can be kept on disk, and why. */
  readonly onNotice?: (text: string) => void;
}

const where = 'ImageCache';
const defaults = {
  side: undefined,
  memory: 2 ** 30,
  directory: undefined,
  disk: 32 * 2 ** 30,
  decode: {},
  onNotice: undefined,
} satisfies Defaults<ImageCacheOptions>;

const pixelsEnd = '.pixels';
const indexEnd = '.jsonl';

/** Where an image stands in a file. */
interface Place {
  readonly file: FileHandle;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly crc: number;
}

/** A line of an index: an image of the file of pixels beside it. */
interface Line extends Omit<Place, 'file'> {
  readonly key: string;
}

/** Counters of a cache. */
export interface ImageCacheStats {
  /** Images that came out of memory, out of files, and that were decoded. */
  readonly fromMemory: number;
  readonly fromDisk: number;
  readonly decoded: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/**
 * Keeps decoded images. What is on disk is found again by path, size and time of each file (or by a sample's `key`), and its checksum is verified
 * whenever it is read; what was cut off by a kill, or was changed, is decoded again. Several processes may use one folder.
 */
export class ImageCache {
  /** Smaller side to which larger images are shrunk. */
  readonly side: number;
  readonly #memoryLimit: number;
  readonly #diskLimit: number;
  readonly #decode: DecodeOptions;
  readonly #notice: (text: string) => void;
  readonly #folder: string | undefined;
  readonly #memory = new Map<string, RawImage>();
  /** Images that are being read or decoded. */
  readonly #underway = new Map<string, Promise<RawImage>>();
  readonly #places = new Map<string, Place>();
  /** Keys of files that were looked at in this process, by path. */
  readonly #keys = new Map<string, string>();
  readonly #files: FileHandle[] = [];
  #pixels: FileHandle | undefined;
  #index: FileHandle | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isFull = false;
  #end = 0;
  #stats = { fromMemory: 0, fromDisk: 0, decoded: 0, memoryBytes: 0, diskBytes: 0 };

  private constructor(options: ImageCacheOptions) {
    const { side, memory, directory, disk, decode, onNotice } = withDefaults(where, options, defaults);
    checkInteger(where, 'side', side, 1, 16384);
    checkInteger(where, 'memory', memory, 0, Number.MAX_SAFE_INTEGER);
    checkInteger(where, 'disk', disk, 0, Number.MAX_SAFE_INTEGER);
    this.side = side;
    this.#memoryLimit = memory;
    this.#diskLimit = disk;
    this.#decode = { ...decode, mode: 'fast', minSide: side };
    this.#notice = onNotice ?? (() => {});
    this.#folder = directory === undefined ? undefined : join(directory, `side${side}-${digest(decode)}`);
  }

  /**
   * Opens the cache, and what was kept in its folder.
   * @throws ArgumentError for options, OutputError when the folder cannot be made
   */
  static async open(options: ImageCacheOptions): Promise<ImageCache> {
    const cache = new ImageCache(options);
    await cache.#open();
    return cache;
  }

  get stats(): ImageCacheStats {
    return { ...this.#stats };
  }

  /**
   * The pixels of a sample, shrunk. Nobody may change them.
   * @throws as `decodeImage`
   */
  async pixels(sample: Sample, signal?: AbortSignal): Promise<RawImage> {
    const key = await this.#keyOf(sample);
    if (key === null) return this.#decoded(sample, signal);
    const kept = this.#memory.get(key);
    if (kept !== undefined) {
      this.#stats.fromMemory++;
      return kept;
    }
    // The end of one epoch and the beginning of the next may want an image at the same time.
    const underway = this.#underway.get(key);
    if (underway !== undefined) {
      try {
        return await underway;
      } catch {
        // Whoever asked first may have been aborted.
        return this.pixels(sample, signal);
      }
    }
    const making = this.#make(key, sample, signal).finally(() => this.#underway.delete(key));
    this.#underway.set(key, making);
    return making;
  }

  async #make(key: string, sample: Sample, signal: AbortSignal | undefined): Promise<RawImage> {
    const place = this.#places.get(key);
    const stored = place === undefined ? null : await this.#stored(place);
    if (stored !== null) {
      this.#stats.fromDisk++;
      this.#remember(key, stored);
      return stored;
    }
    const image = await this.#decoded(sample, signal);
    if (!this.#remember(key, image)) await this.#write(key, image);
    return image;
  }

  /** Ends the writing, and closes the files. */
  async close(): Promise<void> {
    this.#isFull = true;
    await this.#writing;
    for (const file of this.#files.splice(0)) await file.close();
    this.#places.clear();
    this.#memory.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keyOf({ image, key }: Sample): Promise<string | null> {
    if (key !== undefined) return key;
    if (typeof image !== 'string' && !isUrl(image)) return null;
    const path = isUrl(image) ? pathOfUrl(image, 'image') : image;
    const known = this.#keys.get(path);
    if (known !== undefined) return known;
    try {
      const { size, mtimeMs } = await stat(path);
      const made = `${resolve(path)}:${size}:${mtimeMs}`;
      this.#keys.set(path, made);
      return made;
    } catch {
      // Who reads the file says what is wrong with it.
      return null;
    }
  }

  async #decoded({ image }: Sample, signal: AbortSignal | undefined): Promise<RawImage> {
    const decoded = await decodeImage(image, { ...this.#decode, ...(signal === undefined ? {} : { signal }) });
    if (!isRawImage(image)) this.#stats.decoded++;
    if (Math.min(decoded.width, decoded.height) <= this.side) return decoded;
    const { data, width, height, channels } = decoded;
    try {
      const { data: shrunk, info } = await loadSharp()(data, { raw: { width, height, channels } })
        .resize({ width: this.side, height: this.side, fit: 'outside', kernel: 'linear' })
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      return { data: shrunk, width: info.width, height: info.height, channels };
    } catch (cause) {
      throw new ImageError(`The image cannot be shrunk: ${(cause as Error).message}.`, { cause });
    }
  }

  /** @returns false where there is no room */
  #remember(key: string, image: RawImage): boolean {
    if (this.#memory.has(key)) return true;
    if (this.#stats.memoryBytes + image.data.length > this.#memoryLimit) return false;
    this.#memory.set(key, image);
    this.#stats.memoryBytes += image.data.length;
    return true;
  }

  async #open(): Promise<void> {
    if (this.#folder === undefined) return;
    try {
      await makeFolder(this.#folder);
      for (const name of (await readdir(this.#folder)).sort())
        if (name.endsWith(indexEnd)) await this.#openPart(join(this.#folder, name));
    } catch (cause) {
      await this.close();
      throw new OutputError(`The image cache cannot be opened: ${systemReason(cause)}.`, { path: this.#folder, cause });
    }
  }

  /** What an earlier run has kept. A line that a kill has cut off is left out. */
  async #openPart(path: string): Promise<void> {
    const file = await open(path.slice(0, -indexEnd.length) + pixelsEnd, constants.O_RDONLY).catch(() => null);
    if (file === null) return;
    this.#files.push(file);
    this.#stats.diskBytes += (await file.stat()).size;
    for (const text of (await readFile(path, 'utf8')).split('\n')) {
      const line = parseLine(text);
      if (line === null) continue;
      const { key, ...place } = line;
      this.#places.set(key, { ...place, file });
    }
  }

  /** Pixels out of a file; null where they are not what was written. */
  async #stored({ file, offset, width, height, channels, crc }: Place): Promise<RawImage | null> {
    try {
      const data = new Uint8Array(width * height * channels);
      const { bytesRead } = await file.read(data, 0, data.length, offset);
      if (bytesRead !== data.length || loadAddon().crc32c(data) !== crc) return null;
      return { data, width, height, channels };
    } catch {
      return null;
    }
  }

  /** Writes one image after the other. A disk that takes no more is told once, and the training goes on without. */
  #write(key: string, image: RawImage): Promise<void> {
    if (this.#folder === undefined || this.#isFull) return Promise.resolve();
    this.#writing = this.#writing.then(() => this.#append(key, image));
    return this.#writing;
  }

  async #append(key: string, image: RawImage): Promise<void> {
    if (this.#isFull) return;
    const { data, width, height, channels } = image;
    if (this.#stats.diskBytes + data.length > this.#diskLimit) {
      this.#stopWriting(`its limit of ${this.#diskLimit} bytes is reached`);
      return;
    }
    try {
      const { pixels, index } = await this.#part();
      const place = { offset: this.#end, width, height, channels, crc: loadAddon().crc32c(data) };
      await writeFully(pixels, data, this.#end);
      this.#end += data.length;
      this.#stats.diskBytes += data.length;
      await index.appendFile(`${JSON.stringify({ key, ...place } satisfies Line)}\n`);
      this.#places.set(key, { ...place, file: pixels });
    } catch (cause) {
      this.#stopWriting(systemReason(cause));
    }
  }

  #stopWriting(why: string): void {
    this.#isFull = true;
    this.#notice(`The image cache on disk takes no more images: ${why}. Those that it lacks are decoded each time.`);
  }

  /** The files of this process: no other one writes to them. */
  async #part(): Promise<{ readonly pixels: FileHandle; readonly index: FileHandle }> {
    if (this.#pixels === undefined || this.#index === undefined) {
      const name = join(this.#folder as string, `${Date.now()}-${randomBytes(4).toString('hex')}`);
      this.#pixels = await open(name + pixelsEnd, 'wx+');
      this.#files.push(this.#pixels);
      this.#index = await open(name + indexEnd, 'wx');
      this.#files.push(this.#index);
    }
    return { pixels: this.#pixels, index: this.#index };
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
}

/** A line of an index; null for what is none. */
function parseLine(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    const { key, offset, width, height, channels, crc } = line ?? {};
    const fits =
      typeof key === 'string' &&
      [offset, width, height, crc].every((value) => Number.isSafeInteger(value) && (value as number) >= 0) &&
      (channels === 1 || channels === 3) &&
      (width as number) * (height as number) <= largestImage;
    return fits ? (line as Line) : null;
  } catch {
    return null;
  }
}

/** Pixels of the largest image that a line may name: no damaged number makes the reader ask for more memory. */
const largestImage = 2 ** 28;

/** What else of the decoding decides the pixels. */
function digest(decode: object): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(decode).sort()))
    .digest('hex')
    .slice(0, 8);
}
