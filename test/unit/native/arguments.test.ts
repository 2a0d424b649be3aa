/** Native code is called with everything that is wrong: each call must end in an error of ours, never in a crash. */
import { runInNewContext } from 'node:vm';
import type { Addon, NativeProgram, NativeStore } from '../../../lib/native/addon.js';
import { loadAddon } from '../../../lib/native/binding.js';

const addon: Addon = loadAddon();
type Anything = (...args: unknown[]) => unknown;
const plan = [
  'slimnet.plan 1',
  '%0 = input() {name="x"} @"x" : float32[4]',
  '%1 = variable() {name="w"} @"w" : float32[4]',
  '%2 = mul(%0, %1) {} @"y" : float32[4]',
  'output "y" %2',
  '',
].join('\n');

function store(): NativeStore {
  const made = addon.createStore({ backend: 'reference', threads: 1 });
  made.declare('w', 'float32', [4]);
  return made;
}

/** An ArrayBuffer whose size may change; TypeScript's library for ES2023 does not know it. */
function resizableBuffer(bytes: number): ArrayBuffer & { resize(bytes: number): void } {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(bytes: number): void };
  return new Resizable(bytes, { maxByteLength: 128 });
}

const detached = new Float32Array(4);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** Values of every kind, some of which run code or throw when they are looked at. */
const hostile: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  10n,
  '',
  'w',
  '\ud800',
  'x'.repeat(100_000),
  Symbol('s'),
  () => 1,
  {},
  [],
  [1, 2, 3],
  new Array(20_000),
  { length: 4 },
  Object.create(null),
  new Date(),
  new Map(),
  new ArrayBuffer(16),
  new SharedArrayBuffer(16),
  new DataView(new ArrayBuffer(16)),
  Buffer.alloc(16),
  detached,
  new Float32Array(4),
  new Float32Array(new SharedArrayBuffer(16)),
  new Float64Array(4),
  new BigInt64Array(4),
  new Uint8ClampedArray(16),
  new Float32Array(resizableBuffer(64)),
  runInNewContext('new Float32Array(4)'),
  revoked.proxy,
  new Proxy([], {}),
  new Proxy(new Float32Array(4), {}),
  {
    get backend() {
      throw null;
    },
    get id() {
      throw undefined;
    },
  },
  { backend: 'reference', threads: { valueOf: () => 1 } },
  { backend: 'nothing', threads: 1 },
  { backend: 'reference', threads: 1e9 },
  { backend: 'reference', threads: 1, passes: ['no such pass'] },
  { id: 1, profile: 'yes' },
  { id: -1 },
  { id: 1 },
];

/** Calls and waits; what comes out is the error or undefined. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error ?? 'a getter threw nothing';
  }
}

function expectOwnError(error: unknown): void {
  if (error === undefined || error === 'a getter threw nothing') return;
  if ((error as Error).name === 'TypeError' && /revoked/.test((error as Error).message)) return; // thrown by a revoked proxy
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  // There are a hundred thousand of them: only what is wrong is worth a matcher.
  if (typeof code === 'string' && /^ERR_(?!INTERNAL$)/.test(code) && typeof message === 'string') return;
  expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(?!INTERNAL$)/), message: expect.any(String) });
}

describe('hostile arguments', () => {
  const entries: [string, () => Anything][] = [
    ['createStore', () => addon.createStore as Anything],
    ['compile', () => addon.compile as Anything],
    ['transform', () => addon.transform as Anything],
    ['crc32c', () => addon.crc32c as Anything],
    ['draw', () => addon.draw as Anything],
    ['allocate', () => addon.allocate as Anything],
    ['fill', () => addon.fill as Anything],
    ['hashContents', () => addon.hashContents as Anything],
    [
      'fill of a store',
      () =>
        (fills, ...others) =>
          addon.fill(store(), fills as never[], ...(others as [])) as unknown,
    ],
    ['hashContents of a store', () => (names) => addon.hashContents(store(), names as never[]) as unknown],
    [
      'packedCache of createStore',
      () => (packedCache) => addon.createStore({ backend: 'reference', threads: 1, packedCache } as never),
    ],
    [
      'sharedWeights of createStore',
      () => (sharedWeights) => addon.createStore({ backend: 'reference', threads: 1, sharedWeights } as never),
    ],
    ['store.declare', () => (store().declare as Anything).bind(store())],
    ['store.write', () => (store().write as Anything).bind(store())],
    ['store.read', () => (store().read as Anything).bind(store())],
  ];

  it.each(entries)('%s', async (_, entry) => {
    const call = entry();
    for (const first of hostile) {
      expectOwnError(await failureOf(() => call(first)));
      expectOwnError(await failureOf(() => call(first, first, first)));
    }
    for (const second of hostile) {
      expectOwnError(await failureOf(() => call(plan, second)));
      expectOwnError(await failureOf(() => call(Buffer.alloc(8), second)));
      for (const third of hostile) expectOwnError(await failureOf(() => call('w', second, third)));
    }
  });

  it('program.run and program.cancel', async () => {
    const program = await addon.compile(plan, store());
    const run = program.run as Anything;
    for (const first of hostile) {
      for (const second of hostile) expectOwnError(await failureOf(() => run.call(program, first, second)));
      expectOwnError(await failureOf(() => run.call(program, [first], { id: 1 })));
      expectOwnError(await failureOf(() => run.call(program, [new Float32Array(4), first], { id: 1 })));
      expectOwnError(await failureOf(() => (program.cancel as Anything).call(program, first)));
    }
    program.dispose();
  });

  it('what looks right but is of the wrong kind is named', async () => {
    const program = await addon.compile(plan, store());
    const attempt = (value: unknown) => () => program.run([value as Float32Array], { id: 1 });
    expect(attempt(new Float64Array(4))).toThrow(
      /Input x \(float32\[4\]\): expected Float32Array for float32, received Float64Array/,
    );
    expect(attempt(new Float32Array(3))).toThrow(/expected 4 elements, received 3/);
    expect(attempt(detached)).toThrow(/detached/);
    expect(attempt('text')).toThrow(/expected a typed array, received a string/);
    expect(() => program.run([], { id: 1 })).toThrow(/has 1 inputs, received 0/);
    program.dispose();
  });

  it('arrays over shared and resizable memory and from other realms are taken', async () => {
    const made = store();
    made.write('w', Float32Array.of(1, 2, 3, 4));
    const program = await addon.compile(plan, made);
    const sources = [
      new Float32Array(new SharedArrayBuffer(16)),
      new Float32Array(resizableBuffer(16)),
      runInNewContext('new Float32Array(4)') as Float32Array,
    ];
    for (const source of sources) {
      source.fill(2);
      const [y] = await program.run([source], { id: 1 });
      expect([...(y as Float32Array)]).toEqual([2, 4, 6, 8]);
    }
  });

  it('an array that shrank is refused', async () => {
    const program = await addon.compile(plan, store());
    const buffer = resizableBuffer(16);
    const array = new Float32Array(buffer);
    buffer.resize(8);
    expect(() => program.run([array], { id: 1 })).toThrow(/expected 4 elements, received 2/);
  });

  it('an input whose getter detaches the one before it is refused, not read', async () => {
    const two = plan.replace(
      'output "y" %2',
      '%3 = input() {name="z"} @"z" : float32[4]\n%4 = add(%2, %3) {} @"sum" : float32[4]\noutput "y" %4',
    );
    const program = await addon.compile(two, store());
    const first = new Float32Array(4);
    const inputs = [first, new Float32Array(4)];
    Object.defineProperty(inputs, 1, {
      get: () => {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        return new Float32Array(4);
      },
    });
    expect(() => program.run(inputs, { id: 1 })).toThrow(/Input x .*detached/);
  });

  it('a getter that disposes the program in the middle of a call ends in ERR_DISPOSED', async () => {
    const program = await addon.compile(plan, store());
    const options = {
      get id() {
        program.dispose();
        return 1;
      },
    };
    expect(() => program.run([new Float32Array(4)], options)).toThrow(
      expect.objectContaining({ code: 'ERR_DISPOSED' }),
    );
  });
});

describe('foreign objects', () => {
  it('are no stores and no programs', async () => {
    const made = store();
    const program = await addon.compile(plan, made);
    const { run, cancel, plan: planText, steps, stats, dispose } = program;
    const others = [
      undefined,
      null,
      {},
      made,
      addon,
      Object.create(program),
      new Proxy(program, {}),
      Object.create(Object.getPrototypeOf(program)),
    ];
    for (const other of others) {
      for (const method of [run, cancel, planText, steps, stats, dispose] as Anything[]) {
        expectOwnError(await failureOf(() => method.call(other, [new Float32Array(4)], { id: 1 })));
        await expect((async () => method.call(other, 1, { id: 1 }))()).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
      }
    }
    for (const other of [{}, program, Object.create(made), new Proxy(made, {})]) {
      expect(() => addon.compile(plan, other as NativeStore)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      );
      expect(() => made.stats.call(other)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    }
  });

  it('cannot be made with new', () => {
    const NativeStoreClass = store().constructor as new () => object;
    expect(() => new NativeStoreClass()).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    class Derived extends NativeStoreClass {}
    expect(() => new Derived()).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });
});

describe('disposed objects', () => {
  it('say so, and may be disposed again', async () => {
    const made = store();
    const program: NativeProgram = await addon.compile(plan, made);
    made.dispose();
    made.dispose();
    expect(() => made.stats()).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
    expect(() => addon.compile(plan, made)).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
    expect([...((await program.run([new Float32Array(4)], { id: 1 }))[0] as Float32Array)]).toEqual([0, 0, 0, 0]);
    program.dispose();
    program.dispose();
    expect(() => program.stats()).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
  });

  it('finish the runs that they began', async () => {
    const made = store();
    made.write('w', new Float32Array(4).fill(3));
    const program = await addon.compile(plan, made);
    const running = program.run([new Float32Array(4).fill(2)], { id: 1 });
    program.dispose();
    made.dispose();
    expect([...((await running)[0] as Float32Array)]).toEqual([6, 6, 6, 6]);
  });
});

describe('plans that cannot run', () => {
  it.each<[string, string, RegExp]>([
    ['no plan', 'hello', /ERR_PLAN/],
    ['an unknown variable', plan.replace('"w"}', '"v"}'), /ERR_EXECUTION/],
    ['a variable of another shape', plan.replaceAll('[4]', '[5]'), /ERR_EXECUTION/],
    ['a value that does not exist', plan.replace('%2\n', '%9\n'), /ERR_PLAN/],
    ['too much memory', plan.replaceAll('float32[4]', 'float32[1048576,1048576]'), /ERR_(MEMORY|EXECUTION)/],
  ])('%s', async (_, text, code) => {
    await expect(addon.compile(text, store())).rejects.toMatchObject({ code: expect.stringMatching(code) });
  });

  it('refuse more memory than there is before they touch it', async () => {
    const huge = addon.createStore({ backend: 'reference', threads: 1 });
    huge.declare('w', 'float32', [2 ** 20, 2 ** 20]);
    expect(() => huge.read('w')).toThrow(expect.objectContaining({ code: 'ERR_MEMORY' }));
    expect(() => huge.write('w', new Float32Array(1))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY' }));
    const text = plan.replaceAll('float32[4]', 'float32[1048576,1048576]');
    const program = await addon.compile(text, huge);
    expect(() => program.run([new Float32Array(4)], { id: 1 })).toThrow(/expected 1099511627776 elements/);
    expect(() => huge.declare('v', 'float32', [2 ** 31 - 1, 2 ** 31 - 1])).toThrow(
      expect.objectContaining({ code: 'ERR_SHAPE' }),
    );
    huge.dispose();
  });
});
