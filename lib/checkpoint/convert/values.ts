/** The values of converted tensors, as they are stored or cast. */
import { carrierOf, isFloat, isNumeric, type NumericDType } from '../../core/convert_numbers.js';
import { type DType, describe, isDType, type TypedArray } from '../../core/dtype.js';
import { ArgumentError, advice } from '../../errors.js';
import type { CheckpointEntry } from '../entries.js';
import { allocateBytes } from '../files/byte_source.js';
import type { CheckpointReader } from '../reader.js';
import { elementCount } from '../shapes.js';
import type { Chosen } from './names.js';

/** Types to which floats can be cast. */
export const castDTypes = ['float16', 'bfloat16', 'float32', 'float64'] as const satisfies readonly DType[];

export type CastDType = (typeof castDTypes)[number];

/** What a cast did. */
export interface CastResult {
  readonly dtype: CastDType;
  /** Tensors of floats of another type. */
  readonly tensors: number;
  /** Values that are not zero and became zero, being below the range of the type. */
  readonly vanished: number;
}

/** @throws ArgumentError */
export function checkCast(cast: CastDType | undefined): void {
  if (cast !== undefined && !castDTypes.includes(cast))
    throw new ArgumentError(`convertCheckpoint: cast: expected ${castDTypes.join(', ')}, received ${describe(cast)}.`);
}

/** Entries for the writer. Their values share buffers, for the writer asks for one after the other. */
export class ConvertedValues {
  readonly #reader: CheckpointReader;
  readonly #chosen: readonly Chosen[];
  readonly #cast: CastDType | undefined;
  readonly #buffers: { stored?: ArrayBuffer; cast?: ArrayBuffer } = {};
  #vanished = 0;

  constructor(reader: CheckpointReader, chosen: readonly Chosen[], cast: CastDType | undefined) {
    this.#reader = reader;
    this.#chosen = chosen;
    this.#cast = cast;
  }

  /** What the cast did to the values that were read so far; undefined where none was asked for. */
  get castResult(): CastResult | undefined {
    if (this.#cast === undefined) return undefined;
    const tensors = this.#chosen.filter(({ info }) => this.#isCast(info.dtype)).length;
    return { dtype: this.#cast, tensors, vanished: this.#vanished };
  }

  /** @throws ArgumentError for a tensor without numbers */
  entries(names: ReadonlyMap<string, string>): CheckpointEntry[] {
    return this.#chosen.map(({ name, info }): CheckpointEntry => {
      const renamed = names.get(name) as string;
      const { dtype, shape } = info;
      if (dtype === 'string') return { name: renamed, dtype, shape, data: () => this.#reader.readStrings(info.name) };
      if (isNumeric(dtype) && this.#isCast(dtype)) {
        const to = this.#cast as CastDType;
        return { name: renamed, dtype: to, shape, data: () => this.#readCast(info, dtype, to) };
      }
      if (!isDType(dtype)) {
        throw new ArgumentError(`${name} is of dtype ${dtype}, which cannot be converted.`, {
          path: this.#reader.path,
          hint: isNumeric(dtype)
            ? advice`say what to make of it, as in ${['cast', 'bfloat16']}.`
            : advice`leave it out: ${['exclude', [name]]}.`,
        });
      }
      return { name: renamed, dtype, shape, data: () => this.#readStored(info, dtype) };
    });
  }

  #isCast(dtype: string): boolean {
    return this.#cast !== undefined && isNumeric(dtype) && isFloat(dtype) && dtype !== this.#cast;
  }

  async #readStored({ name, bytes }: Chosen['info'], dtype: NumericDType): Promise<TypedArray> {
    const { array, bytes: width } = carrierOf(dtype);
    this.#buffers.stored ??= this.#allocate(({ dtype: of, bytes: size }) => (of === 'string' ? 0 : size));
    const stored = new array(this.#buffers.stored, 0, bytes / width);
    await this.#reader.readInto(name, stored);
    return stored;
  }

  async #readCast(info: Chosen['info'], from: NumericDType, to: CastDType): Promise<TypedArray> {
    const stored = await this.#readStored(info, from);
    const { array, bytes } = carrierOf(to);
    this.#buffers.cast ??= this.#allocate(({ dtype, shape }) =>
      this.#isCast(dtype) ? (elementCount(shape) as number) * bytes : 0,
    );
    const values = new array(this.#buffers.cast, 0, stored.length);
    this.#vanished += this.#reader.convert(info.name, stored, to, values);
    return values;
  }

  /** Room for the largest tensor. */
  #allocate(bytesOf: (info: Chosen['info']) => number): ArrayBuffer {
    const largest = this.#chosen.reduce((most, { info }) => Math.max(most, bytesOf(info)), 0);
    return allocateBytes(largest, this.#reader.path).buffer as ArrayBuffer;
  }
}
