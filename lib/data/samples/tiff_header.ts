/** What the first picture of a TIFF file is made of (TIFF 6.0; BigTIFF). */

/** The tags that say what samples mean. Lists hold a value for each sample. */
export interface TiffHeader {
  readonly photometric: number | undefined;
  readonly bits: readonly number[];
  /** 1 unsigned, 2 signed, 3 floating point, 4 not said, 5 and 6 complex. */
  readonly sampleFormat: readonly number[];
  readonly samples: number;
  readonly compression: number;
  /** Samples stand in planes of their own, one after the other. */
  readonly isPlanar: boolean;
  /** 1: the inks are cyan, magenta, yellow and black. */
  readonly inkSet: number;
  /** The picture is a small copy of another one in the file. */
  readonly isPreview: boolean;
  /** The file says that it is one of a camera's sensor. */
  readonly isCameraRaw: boolean;
}

const tags = {
  newSubfileType: 254,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  samplesPerPixel: 277,
  planarConfiguration: 284,
  subIfds: 330,
  inkSet: 332,
  sampleFormat: 339,
  dngVersion: 50706,
} as const;

/** Bytes of a value of each type that holds integers without a sign. */
const typeBytes: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
  [13, 4],
  [16, 8],
  [18, 8],
]);
const mostValues = 64;

/** @returns null when the file ends before its first directory does */
export function tiffHeader(bytes: Uint8Array): TiffHeader | null {
  try {
    return new Reader(bytes).header();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

class Reader {
  readonly #view: DataView;
  readonly #little: boolean;
  /** Bytes of an offset: 8 in BigTIFF. */
  readonly #wide: 4 | 8;
  readonly #isCanonRaw: boolean;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = bytes[0] === 0x49;
    this.#wide = this.#number(2, 2) === 43 ? 8 : 4;
    this.#isCanonRaw = bytes[8] === 0x43 && bytes[9] === 0x52 && this.#wide === 4;
  }

  header(): TiffHeader {
    const wide = this.#wide === 8;
    const directory = this.#number(wide ? 8 : 4, this.#wide);
    const count = this.#number(directory, wide ? 8 : 2);
    const first = directory + (wide ? 8 : 2);
    const entryBytes = wide ? 20 : 12;
    const values = new Map<number, readonly number[]>();
    const wanted = new Set<number>(Object.values(tags));
    for (let i = 0; i < count; i++) {
      const entry = first + i * entryBytes;
      const tag = this.#number(entry, 2);
      if (wanted.has(tag)) values.set(tag, this.#values(entry));
    }
    const next = this.#number(first + count * entryBytes, this.#wide);
    const one = (tag: number, otherwise: number) => values.get(tag)?.[0] ?? otherwise;
    const hasOthers = next !== 0 || values.has(tags.subIfds);
    return {
      photometric: values.get(tags.photometric)?.[0],
      bits: values.get(tags.bitsPerSample) ?? [1],
      sampleFormat: values.get(tags.sampleFormat) ?? [1],
      samples: one(tags.samplesPerPixel, 1),
      compression: one(tags.compression, 1),
      isPlanar: one(tags.planarConfiguration, 1) === 2,
      inkSet: one(tags.inkSet, 1),
      isPreview: (one(tags.newSubfileType, 0) & 1) === 1 && hasOthers,
      isCameraRaw: values.has(tags.dngVersion) || this.#isCanonRaw,
    };
  }

  #values(entry: number): number[] {
    const size = typeBytes.get(this.#number(entry + 2, 2));
    if (size === undefined) return [];
    const count = Math.min(this.#number(entry + 4, this.#wide), mostValues);
    const field = entry + 4 + this.#wide;
    const at = count * size <= this.#wide ? field : this.#number(field, this.#wide);
    return Array.from({ length: count }, (_, i) => this.#number(at + i * size, size));
  }

  /** @throws RangeError behind the end */
  #number(at: number, bytes: number): number {
    if (bytes === 1) return this.#view.getUint8(at);
    if (bytes === 2) return this.#view.getUint16(at, this.#little);
    if (bytes === 4) return this.#view.getUint32(at, this.#little);
    return Number(this.#view.getBigUint64(at, this.#little));
  }
}
