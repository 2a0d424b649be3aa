/**
 * The part of Python's pickle format that tensors in containers need. A pickle is a program that may call anything; here it calls
 * nothing: it can make containers and numbers, and those objects for which `PickleWorld` has an entry. All else is refused by name.
 * Source: Python's Lib/pickletools.py, which describes the opcodes.
 */

/** What a value of Python's becomes. Tuples and lists are arrays, dictionaries maps, None is null. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Global
  | object;

/** A class or function, by its full name. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The objects that a pickle may make. */
export interface PickleWorld {
  /** True for a class or function that may be named. */
  knows(name: string): boolean;
  /** What calling it with these arguments gives. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  /** What stands outside of the pickle under this id. */
  persistent(id: PickleValue): PickleValue;
}

/** Why a pickle is refused. */
export class PickleError extends Error {
  override readonly name = 'PickleError';
  readonly offset: number;
  /** The class or function that it wants, where that is the reason. */
  readonly refused: string | undefined;
  constructor(message: string, offset: number, refused?: string) {
    super(message);
    this.offset = offset;
    this.refused = refused;
  }
}

/** Between the items of a container that is being made. */
const mark = Symbol('mark');
type Item = PickleValue | typeof mark;

/** Runs a pickle. @throws PickleError */
export function unpickle(bytes: Uint8Array, world: PickleWorld): PickleValue {
  return new Machine(bytes, world).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #world: PickleWorld;
  readonly #stack: Item[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;
  #start = 0;

  constructor(bytes: Uint8Array, world: PickleWorld) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#world = world;
  }

  run(): PickleValue {
    for (;;) {
      this.#start = this.#at;
      const opcode = this.#take(1)[0] as number;
      if (opcode === 0x2e) return this.#pop(); // STOP
      const step = steps.get(opcode);
      if (step === undefined)
        throw this.#error(`the opcode 0x${opcode.toString(16).padStart(2, '0')} is none of those that tensors need`);
      step(this.#hands);
    }
  }

  #error(what: string, refused?: string): PickleError {
    return new PickleError(what, this.#start, refused);
  }

  #take(count: number): Uint8Array {
    const end = this.#at + count;
    if (!(count >= 0) || end > this.#bytes.length) throw this.#error('it ends in the middle');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #pop(): PickleValue {
    const item = this.#stack.pop();
    if (item === undefined || item === mark) throw this.#error('its stack has nothing more');
    return item;
  }

  #top(): PickleValue {
    const item = this.#stack.at(-1);
    if (item === undefined || item === mark) throw this.#error('its stack has nothing more');
    return item;
  }

  #popMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#error('its stack has no mark');
    const items = this.#stack.splice(at) as PickleValue[];
    return items.slice(1);
  }

  #global(name: string): Global {
    if (!this.#world.knows(name)) throw this.#error(`it wants ${name}`, name);
    return new Global(name);
  }

  /** What the opcodes may do. */
  readonly #hands: Hands = {
    push: (item) => void this.#stack.push(item),
    pop: () => this.#pop(),
    top: () => this.#top(),
    popMark: () => this.#popMark(),
    take: (count) => this.#take(count),
    unsigned: (bytes) => {
      const at = this.#at;
      this.#take(bytes);
      if (bytes === 1) return this.#view.getUint8(at);
      if (bytes === 2) return this.#view.getUint16(at, true);
      if (bytes === 4) return this.#view.getUint32(at, true);
      const value = this.#view.getBigUint64(at, true);
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#error('it says a length that no file has');
      return Number(value);
    },
    int32: () => {
      const at = this.#at;
      this.#take(4);
      return this.#view.getInt32(at, true);
    },
    double: () => {
      const at = this.#at;
      this.#take(8);
      return this.#view.getFloat64(at, false);
    },
    line: () => {
      const end = this.#bytes.indexOf(0x0a, this.#at);
      if (end < 0) throw this.#error('it ends in the middle');
      const text = Buffer.from(this.#take(end - this.#at)).toString('utf8');
      this.#take(1);
      return text;
    },
    remember: (index) => void this.#memo.set(index, this.#top()),
    memoSize: () => this.#memo.size,
    recall: (index) => {
      const value = this.#memo.get(index);
      if (value === undefined) throw this.#error(`it refers to object ${index}, which it has not made`);
      this.#stack.push(value);
    },
    global: (name) => this.#global(name),
    call: (callee, args) => {
      if (!(callee instanceof Global) || !Array.isArray(args)) throw this.#error('it calls what is no function');
      try {
        return this.#world.call(callee.name, args);
      } catch (cause) {
        throw this.#error(`${callee.name}: ${String((cause as Error).message)}`);
      }
    },
    persistent: (id) => {
      try {
        return this.#world.persistent(id);
      } catch (cause) {
        throw this.#error(String((cause as Error).message));
      }
    },
    error: (what) => this.#error(what),
  };
}

interface Hands {
  push(item: Item): void;
  pop(): PickleValue;
  top(): PickleValue;
  popMark(): PickleValue[];
  take(count: number): Uint8Array;
  /** Little-endian, of 1, 2, 4 or 8 bytes. */
  unsigned(bytes: number): number;
  int32(): number;
  double(): number;
  line(): string;
  remember(index: number): void;
  memoSize(): number;
  recall(index: number): void;
  global(name: string): Global;
  call(callee: PickleValue, args: PickleValue): PickleValue;
  persistent(id: PickleValue): PickleValue;
  error(what: string): PickleError;
}

type Step = (hands: Hands) => void;

function text(hands: Hands, lengthBytes: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(hands.take(hands.unsigned(lengthBytes)));
  } catch (error) {
    throw error instanceof PickleError ? error : hands.error('it has a text that is no UTF-8');
  }
}

/** Two's complement, little-endian, of any length. */
function long(hands: Hands, lengthBytes: number): number | bigint {
  const bytes = hands.take(hands.unsigned(lengthBytes));
  if (bytes.length > 16) throw hands.error(`it has an integer of ${bytes.length} bytes`);
  const digits = Buffer.from(bytes).reverse().toString('hex');
  const value = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function setItems(hands: Hands, items: readonly PickleValue[]): void {
  const map = hands.top();
  if (!(map instanceof Map)) throw hands.error('it puts items into what is no dictionary');
  if (items.length % 2 !== 0) throw hands.error('it puts a key without a value into a dictionary');
  for (let i = 0; i < items.length; i += 2) map.set(items[i] as PickleValue, items[i + 1] as PickleValue);
}

function append(hands: Hands, items: readonly PickleValue[]): void {
  const list = hands.top();
  if (!Array.isArray(list)) throw hands.error('it appends to what is no list');
  for (const item of items) list.push(item);
}

function tuple(hands: Hands, count: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < count; i++) items.unshift(hands.pop());
  hands.push(items);
}

/** The opcodes, with the names that pickletools gives them. */
const steps: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x80, (hands) => protocol(hands)], // PROTO
  [0x95, (hands) => void hands.unsigned(8)], // FRAME
  [0x28, ({ push }) => push(mark)], // MARK
  [0x30, (hands) => void hands.pop()], // POP
  [0x31, (hands) => void hands.popMark()], // POP_MARK
  [0x32, ({ push, top }) => push(top())], // DUP
  [0x4e, ({ push }) => push(null)], // NONE
  [0x88, ({ push }) => push(true)], // NEWTRUE
  [0x89, ({ push }) => push(false)], // NEWFALSE
  [0x4a, ({ push, int32 }) => push(int32())], // BININT
  [0x4b, ({ push, unsigned }) => push(unsigned(1))], // BININT1
  [0x4d, ({ push, unsigned }) => push(unsigned(2))], // BININT2
  [0x8a, (hands) => hands.push(long(hands, 1))], // LONG1
  [0x8b, (hands) => hands.push(long(hands, 4))], // LONG4
  [0x47, ({ push, double }) => push(double())], // BINFLOAT
  [0x58, (hands) => hands.push(text(hands, 4))], // BINUNICODE
  [0x8c, (hands) => hands.push(text(hands, 1))], // SHORT_BINUNICODE
  [0x8d, (hands) => hands.push(text(hands, 8))], // BINUNICODE8
  [0x42, (hands) => hands.push(hands.take(hands.unsigned(4)))], // BINBYTES
  [0x43, (hands) => hands.push(hands.take(hands.unsigned(1)))], // SHORT_BINBYTES
  [0x7d, ({ push }) => push(new Map())], // EMPTY_DICT
  [0x5d, ({ push }) => push([])], // EMPTY_LIST
  [0x29, ({ push }) => push([])], // EMPTY_TUPLE
  [0x8f, ({ push }) => push([])], // EMPTY_SET
  [0x85, (hands) => tuple(hands, 1)], // TUPLE1
  [0x86, (hands) => tuple(hands, 2)], // TUPLE2
  [0x87, (hands) => tuple(hands, 3)], // TUPLE3
  [0x74, ({ push, popMark }) => push(popMark())], // TUPLE
  [0x61, (hands) => append(hands, [hands.pop()])], // APPEND; the list is below
  [0x65, (hands) => append(hands, hands.popMark())], // APPENDS
  [0x90, (hands) => append(hands, hands.popMark())], // ADDITEMS
  [0x73, (hands) => setItem(hands)], // SETITEM
  [0x75, (hands) => setItems(hands, hands.popMark())], // SETITEMS
  [0x71, ({ remember, unsigned }) => remember(unsigned(1))], // BINPUT
  [0x72, ({ remember, unsigned }) => remember(unsigned(4))], // LONG_BINPUT
  [0x94, ({ remember, memoSize }) => remember(memoSize())], // MEMOIZE
  [0x68, ({ recall, unsigned }) => recall(unsigned(1))], // BINGET
  [0x6a, ({ recall, unsigned }) => recall(unsigned(4))], // LONG_BINGET
  [0x63, ({ push, global, line }) => push(global(`${line()}.${line()}`))], // GLOBAL
  [0x93, (hands) => stackGlobal(hands)], // STACK_GLOBAL
  [0x52, (hands) => reduce(hands)], // REDUCE
  [0x81, (hands) => reduce(hands)], // NEWOBJ: of the classes that are known, the same
  [0x62, (hands) => build(hands)], // BUILD
  [0x51, ({ push, persistent, pop }) => push(persistent(pop()))], // BINPERSID
]);

function protocol(hands: Hands): void {
  const version = hands.unsigned(1);
  if (version < 2 || version > 5) throw hands.error(`it is of protocol ${version}; expected 2 to 5`);
}

function setItem(hands: Hands): void {
  const value = hands.pop();
  const key = hands.pop();
  setItems(hands, [key, value]);
}

function stackGlobal(hands: Hands): void {
  const name = hands.pop();
  const module = hands.pop();
  if (typeof name !== 'string' || typeof module !== 'string') throw hands.error('it names a class by what is no text');
  hands.push(hands.global(`${module}.${name}`));
}

function reduce(hands: Hands): void {
  const args = hands.pop();
  const callee = hands.pop();
  hands.push(hands.call(callee, args));
}

/** Attributes of an object. Those of the dictionaries of modules are notes on versions, which nobody needs. */
function build(hands: Hands): void {
  hands.pop();
  if (!(hands.top() instanceof Map)) throw hands.error('it sets attributes of what is no dictionary');
}
