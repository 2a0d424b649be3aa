/**
 * HDF5 files, by h5wasm: the HDF5 library in WebAssembly, which sees nothing but the bytes it is given. An optional dependency: few need it, and it
 * is large. What it says of a file is checked here before it is believed.
 */
import type { Dataset, File, Group } from 'h5wasm';
import { optionalModule } from '../../core/optional_module.js';
import { CheckpointError } from '../../errors.js';

type H5wasm = typeof import('h5wasm');
/** What the declarations of h5wasm leave out, or give other types. */
interface Memory {
  readonly FS: { writeFile(path: string, data: Uint8Array): void; unlink(path: string): void };
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  activate_throwing_error_handler(): void;
  get_dataset_data(file: bigint, path: string, count: null, offset: null, strides: null, target: bigint): number;
}

/** A data set: an array with a name. */
export interface Hdf5Data {
  /** Names of the groups above it, and its own. */
  readonly path: readonly string[];
  readonly shape: readonly number[];
  /** Class of its elements as HDF5 numbers them: 0 integers, 1 floats, 5 opaque. */
  readonly kind: number;
  readonly isSigned: boolean;
  /** Bytes of an element. */
  readonly size: number;
  readonly isLittleEndian: boolean;
}

/** A group, with what it says of itself. */
export interface Hdf5Group {
  readonly path: readonly string[];
  /** Its attribute `name`, where that is a text. */
  readonly name: string | undefined;
}

/** More groups and data sets than this are refused, and deeper ones: a network has some thousand. */
const maxObjects = 200_000;
const maxDepth = 32;
/** A 32-bit memory holds the file and one tensor. */
const maxFileBytes = 1.9e9;
/** What deflate makes of a run of zeros. */
const mostExpansion = 1100;

let opened = 0;

/** An open file, in memory. */
export class Hdf5File {
  readonly groups: readonly Hdf5Group[];
  readonly data: readonly Hdf5Data[];
  readonly #path: string;
  readonly #memory: Memory;
  readonly #file: File;
  readonly #name: string;
  readonly #bytes: number;

  private constructor(module: H5wasm, memory: Memory, bytes: Uint8Array, path: string) {
    this.#path = path;
    this.#memory = memory;
    this.#bytes = bytes.length;
    this.#name = `/slimnet-${opened++}.h5`;
    memory.FS.writeFile(this.#name, bytes);
    try {
      this.#file = this.#trying(() => new module.File(this.#name, 'r'));
      const found = this.#trying(() => this.#objects(module));
      this.groups = found.groups;
      this.data = found.data;
    } catch (error) {
      memory.FS.unlink(this.#name);
      throw error;
    }
  }

  /**
   * Opens a file.
   * @param path what messages call it
   * @throws CheckpointError for what is none; ArgumentError without h5wasm
   */
  static async open(bytes: Uint8Array, path: string): Promise<Hdf5File> {
    if (bytes.length > maxFileBytes)
      throw new CheckpointError(`Expected an HDF5 file of at most ${maxFileBytes} bytes, received ${bytes.length}.`, {
        path,
        hint: 'convert the weights to safetensors: docs/foreign_weights.md has the lines of Python.',
      });
    const module = await optionalModule<H5wasm>({
      needed: "Keras' HDF5 files (.h5, .weights.h5, .keras) need",
      name: 'h5wasm',
      load: () => import('h5wasm'),
    });
    const memory = (await module.ready) as unknown as Memory;
    // Else they are printed, and what failed goes on.
    memory.activate_throwing_error_handler();
    return new Hdf5File(module, memory, bytes, path);
  }

  /** Copies the values of a data set, as they are stored. @throws CheckpointError */
  read(data: Hdf5Data, target: Uint8Array): void {
    const memory = this.#memory;
    const at = this.#trying(() => memory._malloc(Math.max(target.length, 1)));
    if (at === 0)
      throw new CheckpointError(`${target.length} bytes of memory for ${nameOf(data)} could not be allocated.`, {
        code: 'ERR_MEMORY',
        path: this.#path,
      });
    try {
      const status = this.#trying(() =>
        memory.get_dataset_data(this.#file.file_id, `/${nameOf(data)}`, null, null, null, BigInt(at)),
      );
      if (status < 0) throw this.#damaged(`${nameOf(data)} cannot be read`);
      target.set(memory.HEAPU8.subarray(at, at + target.length));
    } finally {
      memory._free(at);
    }
  }

  close(): void {
    try {
      this.#file.close();
    } finally {
      this.#memory.FS.unlink(this.#name);
    }
  }

  #objects({ Group: GroupClass, Dataset: DatasetClass }: H5wasm): { groups: Hdf5Group[]; data: Hdf5Data[] } {
    const groups: Hdf5Group[] = [];
    const data: Hdf5Data[] = [];
    const visit = (group: Group, path: readonly string[]): void => {
      groups.push({ path, name: textOf(group, 'name') });
      for (const key of group.keys()) {
        if (groups.length + data.length > maxObjects || path.length > maxDepth)
          throw this.#damaged(
            `it has more than ${maxObjects} groups and arrays, or more than ${maxDepth} in each other`,
          );
        // Links that lead nowhere or out of the file are neither.
        const child = group.get(key);
        if (child instanceof GroupClass) visit(child, [...path, key]);
        else if (child instanceof DatasetClass) data.push(this.#dataOf(child, [...path, key]));
      }
    };
    visit(this.#file, []);
    return { groups, data };
  }

  #dataOf(dataset: Dataset, path: readonly string[]): Hdf5Data {
    const { shape, type, signed, size, littleEndian } = dataset.metadata;
    const found = { path, shape: shape ?? [], kind: type, isSigned: signed, size, isLittleEndian: littleEndian };
    const bytes = found.shape.reduce((product, each) => product * each, size);
    const most = this.#bytes * (dataset.filters.length > 0 ? mostExpansion : 1);
    if (!(bytes >= 0 && bytes <= most))
      throw this.#damaged(`${nameOf(found)} says that it has ${bytes} bytes, more than the file can hold`);
    return found;
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause;
      throw this.#damaged('the HDF5 library cannot read it', cause);
    }
  }

  #damaged(what: string, cause?: unknown): CheckpointError {
    return new CheckpointError(`The HDF5 file is damaged: ${what}.`, {
      path: this.#path,
      cause,
      hint: 'it was cut off or changed: copy or download it again. If Keras loads it all the same, write its weights to safetensors (docs/foreign_weights.md).',
    });
  }
}

/** The path of a data set, as HDF5 writes it. */
export function nameOf({ path }: Pick<Hdf5Data, 'path'>): string {
  return path.join('/');
}

function textOf(group: Group, attribute: string): string | undefined {
  const value = group.attrs[attribute]?.value;
  return typeof value === 'string' ? value : undefined;
}
