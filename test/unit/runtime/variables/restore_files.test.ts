/** Checkpoints into sessions: what stands in a file as it is in memory is read by native code, everything else by JavaScript. */
import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint, writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { isDType } from '../../../../lib/core/dtype.js';
import { Graph } from '../../../../lib/core/graph.js';
import { loadAddon } from '../../../../lib/native/binding.js';
import { Session } from '../../../../lib/runtime/session/session.js';
import { type RestoreTarget, restoreVariables } from '../../../../lib/runtime/variables/checkpointing.js';
import { testDevice } from '../../../helpers/test_device.js';
import { type ExpectedCheckpoint, goldenCases, goldenFolder, readJson } from '../../checkpoint/fixtures.js';

const device = testDevice;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-restore-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A graph with a variable for each tensor of numbers of a checkpoint. */
async function graphOf(path: string): Promise<Graph> {
  await using reader = await openCheckpoint(path);
  const graph = new Graph();
  for (const { name, dtype, shape } of reader.tensors.values()) {
    if (!isDType(dtype) || dtype === 'float16' || dtype === 'bfloat16') continue;
    graph.addVariable(
      { name, dtype, shape, trainable: false, initialValue: () => new Float32Array(0) },
      (variable) => variable as never,
    );
  }
  return graph;
}

describe('restored values are those of the checkpoint', () => {
  it.each(goldenCases())('%s', async (name) => {
    const path = join(goldenFolder, name, readJson<ExpectedCheckpoint>(name, 'expected.json').prefix);
    const graph = await graphOf(path);
    await using session = await Session.create(graph, { device, threads: 2 });
    await session.restore(path);
    await using reader = await openCheckpoint(path);
    for (const variable of graph.variables.keys()) {
      expect({ variable, data: session.read(variable) }).toEqual({
        variable,
        data: (await reader.read(variable)).data,
      });
    }
  });
});

describe('a range of a file', () => {
  it('is known for tensors in one piece, and leads to their bytes', async () => {
    const path = join(folder, 'whole.ckpt');
    const data = Float32Array.of(1, 2, 3);
    await writeCheckpoint(path, [{ name: 'v', dtype: 'float32', shape: [3], data }]);
    await using reader = await openCheckpoint(path);
    const range = reader.range('v');
    const bytes = readFileSync(`${path}.data-00000-of-00001`).subarray(range?.offset, (range?.offset ?? 0) + 12);
    expect(new Uint8Array(bytes)).toEqual(new Uint8Array(data.buffer));
  });

  it('is not known for those in several, or inside of a table', async () => {
    for (const name of ['partitioned_v2', 'numbers_v1']) {
      const path = join(goldenFolder, name, readJson<ExpectedCheckpoint>(name, 'expected.json').prefix);
      await using reader = await openCheckpoint(path);
      const ranges = [...reader.tensors.values()]
        .filter(({ dtype }) => isDType(dtype))
        .map((tensor) => reader.range(tensor.name));
      expect(ranges).toContain(undefined);
    }
  });
});

describe('filling variables from files', () => {
  const addon = loadAddon();

  function store() {
    const made = addon.createStore({ backend: device, threads: 2 });
    for (const name of ['a', 'b', 'c']) made.declare(name, 'float32', [1000]);
    return made;
  }

  function fileOf(values: Float32Array): number {
    const path = join(folder, `bytes-${Math.random()}`);
    writeFileSync(path, new Uint8Array(values.buffer));
    return openSync(path, 'r');
  }

  const values = new Float32Array(2000).map((_, i) => i);
  const checksum = addon.crc32c(new Uint8Array(values.buffer, 0, 4000));

  it('takes them from wherever they stand, with and without a checksum', async () => {
    const made = store();
    const file = fileOf(values);
    const result = await addon.fill(made, [
      { name: 'a', file, offset: 0, checksum },
      { name: 'b', file, offset: 4000 },
      { name: 'c', file, offset: 4 },
    ]);
    expect(result).toEqual({ filled: 3 });
    expect(made.read('a')).toEqual(values.subarray(0, 1000));
    expect(made.read('b')).toEqual(values.subarray(1000));
    expect(made.read('c')).toEqual(values.subarray(1, 1001));
  });

  it('leaves a variable as it was where the bytes have another checksum', async () => {
    const made = store();
    made.write('a', new Float32Array(1000).fill(7));
    const result = await addon.fill(made, [{ name: 'a', file: fileOf(values), offset: 4, checksum }]);
    expect(result).toMatchObject({ filled: 0, problem: { index: 0, kind: 'checksum' } });
    expect(result.problem?.computed).toBe(addon.crc32c(new Uint8Array(values.buffer, 4, 4000)));
    expect(made.read('a')).toEqual(new Float32Array(1000).fill(7));
  });

  it('says where a file ends, and what the system says', async () => {
    const made = store();
    expect(await addon.fill(made, [{ name: 'b', file: fileOf(values), offset: 5000 }])).toMatchObject({
      filled: 0,
      problem: { index: 0, kind: 'end', at: 8000 },
    });
    expect(await addon.fill(made, [{ name: 'b', file: 1_000_000, offset: 0 }])).toMatchObject({
      problem: { kind: 'system', errno: 9 },
    });
  });

  it('refuses variables that there are not', async () => {
    await expect(addon.fill(store(), [{ name: 'd', file: 0, offset: 0 }])).rejects.toThrow(/no variable d/);
  });

  it('does not touch what a run that began before sees', async () => {
    const plan = [
      'slimnet.plan 1',
      '%0 = variable() {name="a"} @"a" : float32[1000]',
      '%1 = abs(%0) {} @"y" : float32[1000]',
      'output "y" %1',
      '',
    ].join('\n');
    const made = store();
    const program = await addon.compile(plan, made);
    const file = fileOf(values);
    made.write('a', new Float32Array(1000).fill(3));
    for (let i = 0; i < 20; i++) {
      const running = program.run([], { id: 2 * i + 1 });
      await addon.fill(made, [{ name: 'a', file, offset: 0 }]);
      const [before] = await running;
      expect([0, 3]).toContain((before as Float32Array)[0]);
      expect((await program.run([], { id: 2 * i + 2 }))[0]).toEqual(values.subarray(0, 1000));
      made.write('a', new Float32Array(1000).fill(3));
    }
  });
});

describe('filling that fails without saying how far it came', () => {
  it('leaves no variable that counts as restored', async () => {
    const path = join(folder, 'failing.ckpt');
    await writeCheckpoint(path, [{ name: 'v', dtype: 'float32', shape: [1], data: Float32Array.of(1) }]);
    const variables = [...(await graphOf(path)).variables.values()];
    const invalidated: string[] = [];
    const target: RestoreTarget = {
      write: () => {},
      fill: () => Promise.reject(new Error('no memory')),
      hashContents: async () => {},
      invalidate: (some) => {
        invalidated.push(...some.map(({ name }) => name));
      },
    };
    const reader = await openCheckpoint(path);
    try {
      const restoring = restoreVariables(reader, variables, {}, target, false, () => {});
      await expect(restoring).rejects.toThrow('no memory');
    } finally {
      await reader.close();
    }
    expect(invalidated).toEqual(['v']);
  });
});

describe('a file that is cut off after it was opened', () => {
  it('ends the restore with the byte at which it ended', async () => {
    const path = join(folder, 'cut.ckpt');
    const shape = [3_000_000];
    await writeCheckpoint(path, [{ name: 'v', dtype: 'float32', shape, data: new Float32Array(shape[0] as number) }]);
    const graph = await graphOf(path);
    await using session = await Session.create(graph, { device });
    const data = `${path}.data-00000-of-00001`;
    const nameMap = () => {
      truncateSync(data, 5_000_000); // the sizes have been checked by now
      return 'v';
    };
    await expect(session.restore(path, { nameMap })).rejects.toThrow(
      /The file ended after 5000000 bytes; it had 12000000 when it was opened/,
    );
  });
});
