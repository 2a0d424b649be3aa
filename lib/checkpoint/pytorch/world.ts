/** What the pickles of PyTorch's state dicts may make: dictionaries, and tensors that say where their values stand. */
import type { StoredDType } from '../types.js';
import { Global, type PickleValue, type PickleWorld } from './pickle.js';

/** A file of the archive that holds the values of tensors, all of one type. */
class Storage {
  /** Undefined: bytes, whose type the tensor says. */
  readonly dtype: ElementType | undefined;
  readonly key: string;
  constructor(dtype: ElementType | undefined, key: string) {
    this.dtype = dtype;
    this.key = key;
  }
}

/** A tensor as it stands in its storage; offset and strides count elements. */
export class StoredTensor {
  readonly storage: Storage;
  readonly dtype: ElementType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: Storage,
    dtype: ElementType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** An element type and its width. */
export interface ElementType {
  readonly name: StoredDType;
  readonly bytes: number;
}

/** PyTorch's names of element types, and of the storages that older versions have for them. */
const types: readonly { readonly type: ElementType; readonly torch: string; readonly storage?: string }[] = [
  { type: { name: 'float64', bytes: 8 }, torch: 'float64', storage: 'DoubleStorage' },
  { type: { name: 'float32', bytes: 4 }, torch: 'float32', storage: 'FloatStorage' },
  { type: { name: 'float16', bytes: 2 }, torch: 'float16', storage: 'HalfStorage' },
  { type: { name: 'bfloat16', bytes: 2 }, torch: 'bfloat16', storage: 'BFloat16Storage' },
  { type: { name: 'float8_e5m2', bytes: 1 }, torch: 'float8_e5m2' },
  { type: { name: 'float8_e4m3fn', bytes: 1 }, torch: 'float8_e4m3fn' },
  { type: { name: 'int64', bytes: 8 }, torch: 'int64', storage: 'LongStorage' },
  { type: { name: 'int32', bytes: 4 }, torch: 'int32', storage: 'IntStorage' },
  { type: { name: 'int16', bytes: 2 }, torch: 'int16', storage: 'ShortStorage' },
  { type: { name: 'int8', bytes: 1 }, torch: 'int8', storage: 'CharStorage' },
  { type: { name: 'uint64', bytes: 8 }, torch: 'uint64' },
  { type: { name: 'uint32', bytes: 4 }, torch: 'uint32' },
  { type: { name: 'uint16', bytes: 2 }, torch: 'uint16' },
  { type: { name: 'uint8', bytes: 1 }, torch: 'uint8', storage: 'ByteStorage' },
  { type: { name: 'bool', bytes: 1 }, torch: 'bool', storage: 'BoolStorage' },
  { type: { name: 'complex64', bytes: 8 }, torch: 'complex64', storage: 'ComplexFloatStorage' },
  { type: { name: 'complex128', bytes: 16 }, torch: 'complex128', storage: 'ComplexDoubleStorage' },
  { type: { name: 'qint8', bytes: 1 }, torch: 'qint8', storage: 'QInt8Storage' },
  { type: { name: 'quint8', bytes: 1 }, torch: 'quint8', storage: 'QUInt8Storage' },
  { type: { name: 'qint32', bytes: 4 }, torch: 'qint32', storage: 'QInt32Storage' },
];
const ofStorage: ReadonlyMap<string, ElementType> = new Map(
  types.flatMap(({ type, storage }) => (storage ? [[`torch.${storage}`, type] as const] : [])),
);
const ofDType: ReadonlyMap<string, ElementType> = new Map(types.map(({ type, torch }) => [`torch.${torch}`, type]));
const untyped = 'torch.storage.UntypedStorage';

type Call = (args: readonly PickleValue[]) => PickleValue;

/** What may be called. */
const calls: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': dictionary,
  'collections.Counter': dictionary,
  'torch.Size': ([sizes]) => integers(sizes, 'sizes'),
  'torch.device': ([type]) => type ?? null,
  'torch._utils._rebuild_tensor': ([storage, offset, size, stride]) => tensor(storage, undefined, offset, size, stride),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, size, stride]) =>
    tensor(storage, undefined, offset, size, stride),
  'torch._utils._rebuild_tensor_v3': ([storage, offset, size, stride, , , dtype]) =>
    tensor(storage, dtype, offset, size, stride),
  'torch._utils._rebuild_parameter': ([data]) => stored(data),
  'torch._utils._rebuild_parameter_with_state': ([data]) => stored(data),
};

/** Everything that a state dict may name. */
export const stateDictWorld: PickleWorld = {
  knows: (name) => Object.hasOwn(calls, name) || ofStorage.has(name) || ofDType.has(name) || name === untyped,
  call(name, args) {
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (call === undefined) throw new Error('it cannot be called here');
    return call(args);
  },
  persistent(id) {
    const [kind, type, key] = Array.isArray(id) ? id : [];
    if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string')
      throw new Error('it refers to something outside that is no storage');
    const dtype = ofStorage.get(type.name);
    if (dtype === undefined && type.name !== untyped) throw new Error(`it has a storage of ${type.name}`);
    return new Storage(dtype, key);
  },
};

function dictionary([items]: readonly PickleValue[]): PickleValue {
  if (items === undefined) return new Map();
  if (items instanceof Map) return new Map(items);
  if (!Array.isArray(items)) throw new Error('expected a dictionary or pairs');
  return new Map(
    items.map((pair): [PickleValue, PickleValue] => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new Error('expected pairs');
      return [pair[0] as PickleValue, pair[1] as PickleValue];
    }),
  );
}

function stored(value: PickleValue | undefined): StoredTensor {
  if (value instanceof StoredTensor) return value;
  throw new Error('expected a tensor');
}

function integers(value: PickleValue | undefined, what: string): number[] {
  const fine = (item: unknown): item is number => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;
  const items: readonly unknown[] = Array.isArray(value) ? value : [null];
  if (items.every(fine)) return [...items];
  throw new Error(`expected ${what} as integers from 0 on`);
}

function tensor(
  storage: PickleValue | undefined,
  dtype: PickleValue | undefined,
  offset: PickleValue | undefined,
  size: PickleValue | undefined,
  stride: PickleValue | undefined,
): StoredTensor {
  if (!(storage instanceof Storage)) throw new Error('expected a storage');
  const type = dtype instanceof Global ? ofDType.get(dtype.name) : storage.dtype;
  if (type === undefined) throw new Error('expected an element type');
  const [start] = integers([offset ?? null], 'an offset') as [number];
  const shape = integers(size, 'sizes');
  const strides = integers(stride, 'strides');
  if (strides.length !== shape.length) throw new Error(`${shape.length} sizes have ${strides.length} strides`);
  return new StoredTensor(storage, type, start, shape, strides);
}
