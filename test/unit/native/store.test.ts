import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { TypedArray } from '../../../lib/core/dtype.js';
import type { NativeProgram, NativeStore } from '../../../lib/native/addon.js';
import { loadAddon } from '../../../lib/native/binding.js';
import { encode } from '../../../lib/plan/encode.js';
import { averageGraph, longGraph, scaleGraph } from '../../helpers/graphs.js';
import { testDevice } from '../../helpers/test_device.js';

const addon = loadAddon();

/** What `node --expose-gc` gives, without the flag. */
const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** AddressSanitizer holds freed memory back on purpose. */
const keepsFreedMemory = /asan/.test(process.env.LD_PRELOAD ?? '');

function store(backend = testDevice): NativeStore {
  return addon.createStore({ backend, threads: 2 });
}

describe('variables of a store', () => {
  it.each<[string, TypedArray]>([
    ['float32', Float32Array.of(1.5, -2, 3)],
    ['float64', Float64Array.of(1.5, -2, 3)],
    ['float16', Uint16Array.of(1, 2, 65535)],
    ['bfloat16', Uint16Array.of(1, 2, 65535)],
    ['int8', Int8Array.of(-1, 2, 3)],
    ['int16', Int16Array.of(-1, 2, 3)],
    ['int32', Int32Array.of(-1, 2, 3)],
    ['int64', BigInt64Array.of(-1n, 2n, 3n)],
    ['uint8', Uint8Array.of(1, 2, 255)],
    ['uint16', Uint16Array.of(1, 2, 65535)],
    ['uint32', Uint32Array.of(1, 2, 0xffffffff)],
    ['uint64', BigUint64Array.of(1n, 2n, 2n ** 64n - 1n)],
    ['bool', Uint8Array.of(0, 1, 1)],
  ])('of %s come back as they were written', (dtype, data) => {
    const made = store();
    made.declare('v', dtype as 'float32', [3]);
    expect(made.read('v')).toEqual(new (data.constructor as Float32ArrayConstructor)(3));
    made.write('v', data);
    expect(made.read('v')).toEqual(data);
  });

  it('are written in parts', () => {
    const made = store();
    made.declare('v', 'float32', [2, 3]);
    made.write('v', Float32Array.of(5, 6), 4);
    made.write('v', Float32Array.of(1, 2, 3));
    expect(made.read('v')).toEqual(Float32Array.of(1, 2, 3, 0, 5, 6));
    expect(() => made.write('v', Float32Array.of(1), 6)).toThrow(
      /6 elements, received 1 for the place from element 6 on/,
    );
    expect(() => made.write('v', new Float32Array(7))).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', node: 'v' }),
    );
  });

  it('may be declared again as they are, not otherwise', () => {
    const made = store();
    made.declare('v', 'float32', [2, 3]);
    made.declare('v', 'float32', [2, 3]);
    expect(() => made.declare('v', 'float32', [3, 2])).toThrow(
      /declared again as float32\[3,2\]; it is float32\[2,3\]/,
    );
    expect(made.variables()).toEqual([{ name: 'v', dtype: 'float32', shape: [2, 3] }]);
  });

  it('take memory when they are first used', () => {
    const made = store();
    made.declare('v', 'float32', [1000]);
    expect(made.stats()).toMatchObject({ bytes: 0, variables: 1 });
    made.write('v', new Float32Array(1000));
    expect(made.stats().bytes).toBe(4000);
  });

  it('that are drawn must have a floating-point dtype and be there', async () => {
    const made = store();
    made.declare('i', 'int32', [4]);
    const draw = { distribution: 'uniform', location: 0, scale: 1, state: new Uint32Array(4).fill(1) } as const;
    await expect(addon.draw(made, [{ ...draw, name: 'i' }])).rejects.toThrow(/expected float32 or float64/);
    await expect(addon.draw(made, [{ ...draw, name: 'j' }])).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(() => addon.draw(made, [{ ...draw, name: 'i', state: new Uint32Array(3) }])).toThrow(/four words/);
  });

  it('with no elements and with the longest names work', () => {
    const made = store();
    const name = 'é'.repeat(2048);
    made.declare(name, 'int32', [0, 5]);
    made.write(name, new Int32Array(0));
    expect(made.read(name)).toEqual(new Int32Array(0));
    expect(() => made.declare(`${name}x`, 'int32', [])).toThrow(/at most 4096 bytes/);
  });
});

describe('writing while a program runs', () => {
  it('does not touch the values that the run works with', async () => {
    const { graph, y, feed } = longGraph(60, 32);
    const plan = encode({ graph, fetches: new Map([['y', y]]) });
    const made = store();
    for (const { name, shape } of plan.variables) {
      made.declare(name, 'float32', shape);
      made.write(name, new Float32Array(576).fill(1 / 72));
    }
    const program = await addon.compile(plan.text, made);
    const [expected] = await program.run([feed], { id: 0 });
    const last = plan.variables.at(-1)?.name as string;
    for (let i = 1; i <= 10; i++) {
      const running = program.run([feed], { id: i });
      // The run has begun, or it begins in a moment: either way it sees all of the write or nothing of it.
      await new Promise((resolve) => setTimeout(resolve, i % 3));
      made.write(last, new Float32Array(576));
      const [seen] = await running;
      const zero = (seen as Float32Array).every((value) => value === 0);
      if (!zero) expect(seen).toEqual(expected);
      expect((await program.run([feed], { id: 100 + i }))[0]).toEqual(new Float32Array(feed.length));
      made.write(last, new Float32Array(576).fill(1 / 72));
    }
    expect((await program.run([feed], { id: 1000 }))[0]).toEqual(expected);
    expect(made.stats().bytes).toBe(60 * 576 * 4);
  });

  it('wins over the updates of a run that began before', async () => {
    const { graph, update } = averageGraph();
    const plan = encode({ graph, fetches: new Map(), updates: [update] });
    const made = store();
    made.declare('w', 'float32', [4]);
    const program = await addon.compile(plan.text, made);
    for (let i = 0; i < 200; i++) {
      made.write('w', new Float32Array(4));
      const running = program.run([Float32Array.of(8, 8, 8, 8)], { id: i });
      if (i % 2 === 0) await null;
      made.write('w', new Float32Array(4).fill(100));
      await running;
      // The write came before the run, so that the run moved 100 half of the way to 8, or after it.
      expect([54, 100]).toContain(made.read('w')[0]);
    }
  });
});

describe('constants that are made out of variables', () => {
  it('are shared by the programs of a store and made again when their variables change', async () => {
    const { graph, y } = longGraph(1, 16);
    const made = store('onednn');
    const plans = ['y', 'z'].map((name) => encode({ graph, fetches: new Map([[name, y]]) }));
    made.declare('w0', 'float32', [3, 3, 8, 8]);
    made.write('w0', new Float32Array(576).fill(1));
    const programs = await Promise.all(plans.map((plan) => addon.compile(plan.text, made)));
    const feed = new Float32Array(16 * 16 * 8).fill(1);
    const center = async (index: number, id: number): Promise<number> => {
      const [data] = (await (programs[index] as NativeProgram).run([feed], { id })) as [Float32Array];
      return data[(8 * 16 + 8) * 8] as number;
    };
    expect(await center(0, 1)).toBe(72);
    const alone = made.stats().packedBytes;
    expect(await center(1, 2)).toBe(72);
    expect(made.stats().packedBytes).toBe(alone);
    made.write('w0', new Float32Array(576).fill(2));
    expect(await center(1, 3)).toBe(144);
    expect(await center(0, 4)).toBe(144);
    for (const program of programs) program.dispose();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made.stats().packedBytes).toBe(0);
  });
});

describe('memory', () => {
  it('stays the same over many runs, small results and large ones', async () => {
    const { graph, y } = scaleGraph();
    const made = store('onednn');
    made.declare('w', 'float32', [4]);
    for (const rows of [2000, 6000]) {
      const plan = encode({ graph, fetches: new Map([['y', y]]), shapes: new Map([['x', [rows, 4]]]) });
      const program = await addon.compile(plan.text, made);
      const feed = new Float32Array(4 * rows).fill(1);
      const turn = async (count: number): Promise<number> => {
        for (let i = 0; i < count; i++) await program.run([feed], { id: i });
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 20)); // Node frees the memory behind large results in a later turn
        return process.memoryUsage().rss;
      };
      await turn(500);
      const { arenaBytes, bytes, packedBytes } = made.stats();
      const before = await turn(500);
      const after = await turn(2000);
      expect(made.stats()).toMatchObject({ arenaBytes, bytes, packedBytes, waiting: 0 });
      // The results of 2000 runs are 64 MB, or 192 MB: keeping every second one would show.
      if (!keepsFreedMemory) expect(after - before).toBeLessThan(1000 * feed.byteLength);
    }
  });

  it('of an executor is given back when nobody needs it any more', async () => {
    const { graph, y, feed } = longGraph(2, 32);
    const plan = encode({ graph, fetches: new Map([['y', y]]) });
    const watch = addon.createStore({ backend: 'reference', threads: 3 });
    const made = addon.createStore({ backend: 'reference', threads: 3 });
    for (const { name, shape } of plan.variables) made.declare(name, 'float32', shape);
    const program = await addon.compile(plan.text, made);
    await program.run([feed], { id: 1 });
    const bytes = made.stats().arenaBytes;
    expect(bytes).toBeGreaterThan(0);
    program.dispose();
    made.dispose();
    expect(watch.stats().arenaBytes).toBe(bytes); // still somebody there
    watch.dispose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const later = addon.createStore({ backend: 'reference', threads: 3 });
    expect(later.stats().arenaBytes).toBe(0);
  });
});
