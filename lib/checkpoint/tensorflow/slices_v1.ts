/**
 * Reader for TensorFlow's first checkpoint format: one table a shard, whose first entry lists the tensors and whose
 * other entries hold the values of one slice each, as a protocol-buffer message. All published Slim checkpoints are of
 * this kind.
 */
import { isNumeric } from '../../core/convert_numbers.js';
import { type DType, isDType } from '../../core/dtype.js';
import { CheckpointError } from '../../errors.js';
import type { ByteSource } from '../files/byte_source.js';
import { elementCount, formatShape, sameShape } from '../shapes.js';
import type { FormatReader, ReadContext, StoredDType, TensorInfo } from '../types.js';
import { dtypeOfNumber, widthOf } from './data_types.js';
import { checkVersions, readSavedMeta, readSavedSlice, type SavedSlice, type SliceMeta } from './messages.js';
import { sliceKey } from './ordered_code.js';
import { packedCount, packedFields, stringField, unpack } from './packed_fields.js';
import { TableReader } from './table_reader.js';
import { coverProblem, type Extent, maxSlices, type Region, resolveSlice, scatter } from './tensor_slice.js';

interface StoredSlice {
  readonly table: TableReader;
  readonly slice: readonly Extent[];
  readonly region: Region;
}

interface StoredTensor {
  readonly info: TensorInfo;
  readonly slices: StoredSlice[];
}

/** Opens the shards of one V1 checkpoint, which it closes when asked to. @throws CheckpointError */
export async function openSlicesV1(sources: readonly ByteSource[], context: ReadContext): Promise<FormatReader> {
  const fileBytes = sources.reduce((sum, source) => sum + source.size, 0);
  const stored = new Map<string, StoredTensor>();
  for (const source of sources) {
    const table = await TableReader.open(source, context);
    const where = { path: source.path, offset: 0 };
    const first = await table.first();
    if (first === undefined || first.key.length > 0) {
      throw new CheckpointError('Expected a first entry with an empty key, which lists the tensors.', where);
    }
    const meta = readSavedMeta(first.value, where);
    checkVersions(meta.versions, where);
    for (const tensor of meta.tensors) addTensor(stored, tensor, table, fileBytes);
  }
  for (const { info, slices } of stored.values()) {
    const problem = coverProblem(
      slices.map(({ region }) => region),
      info.shape,
    );
    if (problem !== undefined) {
      throw new CheckpointError(
        `The stored tensor ${info.name} ${formatShape(info.shape)} is incomplete: ${problem}.`,
        {
          path: (sources[0] as ByteSource).path,
          offset: 0,
          hint: 'Some of its shards may be missing.',
        },
      );
    }
  }
  return new SlicesV1Reader(sources, stored);
}

/** Each byte of a Snappy block gives at most this many, and each element takes at least one byte. */
const maxElementsPerByte = 22;

function addTensor(stored: Map<string, StoredTensor>, meta: SliceMeta, table: TableReader, fileBytes: number): void {
  const { name, shape } = meta;
  const fail = (what: string): CheckpointError =>
    new CheckpointError(`The stored tensor ${JSON.stringify(name)} ${what}.`, { path: table.source.path, offset: 0 });
  if (name === '') throw fail('has no name');
  const declared = dtypeOfNumber(meta.dtype);
  // Those have no field in this format.
  const dtype = isNumeric(declared) && !isDType(declared) ? 'unknown' : declared;
  if (dtype === undefined) throw fail(`has the invalid data type ${meta.dtype}`);
  const count = elementCount(shape);
  if (count === undefined) throw fail(`has the impossible shape ${formatShape(shape)}`);
  if (count > fileBytes * maxElementsPerByte) {
    throw fail(`has shape ${formatShape(shape)}, more elements than ${fileBytes} bytes can hold`);
  }
  let tensor = stored.get(name);
  if (tensor === undefined) {
    tensor = { info: { name, dtype, shape, bytes: count * (widthOf(dtype) ?? 0) }, slices: [] };
    stored.set(name, tensor);
  } else if (tensor.info.dtype !== dtype || !sameShape(tensor.info.shape, shape)) {
    throw fail(
      `is listed as ${tensor.info.dtype} ${formatShape(tensor.info.shape)} and as ${dtype} ${formatShape(shape)}`,
    );
  }
  for (const slice of meta.slices) {
    const region = resolveSlice(slice, shape);
    if (typeof region === 'string') throw fail(`has an impossible slice: ${region}`);
    if (tensor.slices.length >= maxSlices) throw fail(`has more than ${maxSlices} slices`);
    tensor.slices.push({ table, slice, region });
  }
}

class SlicesV1Reader implements FormatReader {
  readonly format = 'tensorflow_v1';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly #sources: readonly ByteSource[];
  readonly #stored: ReadonlyMap<string, StoredTensor>;

  constructor(sources: readonly ByteSource[], stored: ReadonlyMap<string, StoredTensor>) {
    this.files = sources.map(({ path }) => path);
    this.#sources = sources;
    this.#stored = stored;
    this.tensors = new Map([...stored].map(([name, { info }]) => [name, info]));
  }

  async load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    const dtype = info.dtype as DType;
    const { slices } = this.#stored.get(info.name) as StoredTensor;
    const [only] = slices;
    if (slices.length === 1 && only !== undefined) {
      await loadSlice(info.name, dtype, only, allocate);
      return;
    }
    // Whether a slice holds what the table of contents claims is known only once it is read: the whole is allocated
    // last.
    const pieces: { region: Region; bytes: Uint8Array }[] = [];
    for (const slice of slices) {
      const bytes = (elementCount(slice.region.lengths) ?? 0) * (widthOf(dtype) ?? 0);
      let piece = new Uint8Array(0);
      await loadSlice(info.name, dtype, slice, () => {
        piece = new Uint8Array(bytes);
        return piece;
      });
      pieces.push({ region: slice.region, bytes: piece });
    }
    const target = allocate();
    for (const { region, bytes } of pieces) scatter(target, info.shape, region, bytes, widthOf(dtype) ?? 0);
  }

  async loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    const { slices } = this.#stored.get(info.name) as StoredTensor;
    const [only] = slices;
    if (slices.length !== 1 || only === undefined) {
      throw new CheckpointError(`The strings of ${info.name} are in ${slices.length} slices; only one is supported.`, {
        path: (this.#sources[0] as ByteSource).path,
      });
    }
    return withSlice(info.name, 'string', only, ({ strings }, offset) => {
      if (strings.length !== elementCount(info.shape)) {
        throw wrongCount(info.name, 'string', only, strings.length, offset);
      }
      return strings.map((value) => value.slice());
    });
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
  }
}

function loadSlice(name: string, dtype: DType, stored: StoredSlice, allocate: () => Uint8Array): Promise<void> {
  return withSlice(name, dtype, stored, ({ values }, offset) => {
    const count = packedCount(values, dtype);
    if (count !== elementCount(stored.region.lengths)) throw wrongCount(name, dtype, stored, count, offset);
    const problem = unpack(values, dtype, allocate());
    if (problem === undefined) return;
    const where = { path: stored.table.source.path, offset };
    throw new CheckpointError(`The values of ${name} are malformed: ${problem}.`, where);
  });
}

/** Calls `use` with the stored slice and the position of its block. The slice is valid only until `use` returns. */
function withSlice<T>(
  name: string,
  dtype: DType | 'string',
  stored: StoredSlice,
  use: (slice: SavedSlice, offset: number) => T,
): Promise<T> {
  const path = stored.table.source.path;
  return stored.table.withEntry(sliceKey(name, stored.slice), (found) => {
    if (found === undefined) {
      throw new CheckpointError(`The values of ${name} are missing, although it is listed.`, {
        path,
        hint: 'The file is damaged: copy or download it again.',
      });
    }
    const where = { path, offset: found.offset };
    const slice = readSavedSlice(found.value, dtype === 'string' ? stringField : packedFields[dtype], where);
    if (slice.name !== name) {
      throw new CheckpointError(`Expected the values of ${name}, received those of ${slice.name}.`, where);
    }
    return use(slice, found.offset);
  });
}

function wrongCount(
  name: string,
  dtype: StoredDType,
  stored: StoredSlice,
  received: number | undefined,
  offset: number,
): CheckpointError {
  const { lengths } = stored.region;
  const wanted = `${elementCount(lengths)} values of ${dtype} (shape ${formatShape(lengths)})`;
  return new CheckpointError(
    `Expected ${wanted} for ${name}, received ${received ?? 'a number of bytes that does not fit'}.`,
    {
      path: stored.table.source.path,
      offset,
    },
  );
}
