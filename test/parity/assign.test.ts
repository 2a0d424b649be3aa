/** What TF-Slim's variables_test.py asserts of giving variables values: from values and from checkpoints. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WritableFormat, writeCheckpoint } from '../../lib/checkpoint/index.js';
import type { Variable } from '../../lib/core/graph.js';
import { ArgumentError, CheckpointError, ScopeError, ShapeError } from '../../lib/errors.js';
import type { Session } from '../../lib/runtime/session/session.js';
import * as slim from '../../lib/slim_namespace.js';
import { withSession } from './numbers.js';
import { build } from './support.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-assign-'));
});
afterAll(() => rm(folder, { recursive: true }));

let checkpoints = 0;

/** A checkpoint of float32 tensors. */
async function checkpointOf(
  values: Readonly<Record<string, readonly [shape: readonly number[], data: readonly number[]]>>,
  format: WritableFormat = 'tensorflow_v2',
): Promise<string> {
  const path = join(folder, `model-${++checkpoints}`);
  const entries = Object.entries(values).map(([name, [shape, data]]) => ({
    name,
    dtype: 'float32' as const,
    shape,
    data: Float32Array.from(data),
  }));
  await writeCheckpoint(path, entries, { format });
  return path;
}

const scalars = { v0: [[], [10]], v1: [[], [20]] } as const;

/** Builds variables, initializes them and hands them over. */
async function withVariables(
  shapes: Readonly<Record<string, readonly number[]>>,
  body: (session: Session, variables: Record<string, Variable>, read: (name: string) => number[]) => Promise<void>,
): Promise<void> {
  const { graph, value } = build(() =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, slim.variable(name, { shape })])),
  );
  await withSession(graph, 'reference', async (session) => {
    await session.initialize();
    await body(session, value, (name) => Array.from(session.read(name) as Float32Array));
  });
}

describe('AssignFromValuesTest, AssignFromValuesFnTest', () => {
  const shapes = { 'my_model/my_layer0/my_var0': [1, 3, 1], 'my_model/my_layer1/my_var1': [2, 1, 2] };
  const values = { 'my_model/my_layer0/my_var0': [1, 3, 9], 'my_model/my_layer1/my_var1': [2, 4, 6, 8] };

  test('testNoScopes, testWithScopes', async () => {
    await withVariables(shapes, async (session, _, read) => {
      slim.assignFromValues(session, values);
      for (const [name, expected] of Object.entries(values)) expect(read(name)).toEqual(expected);
    });
    await withVariables(shapes, async (session, _, read) => {
      await slim.assignFromValuesFn(values)(session);
      for (const [name, expected] of Object.entries(values)) expect(read(name)).toEqual(expected);
    });
  });

  test('names that stand for none or several, and values that do not fit, change nothing', async () => {
    await withVariables({ a: [2], 'a/b': [2], c_long: [] }, async (session, _, read) => {
      slim.assignFromValues(session, { a: [1, 2], 'a/b': Float32Array.of(3, 4), c: 5 });
      expect([read('a'), read('a/b'), read('c_long')]).toEqual([[1, 2], [3, 4], [5]]);
      const attempt = (given: slim.NamedValues) => () => slim.assignFromValues(session, { a: [9, 9], ...given });
      expect(attempt({ x: 1 })).toThrow(ScopeError);
      expect(attempt({ x: 1 })).toThrow(/Variable x wasn't found/);
      expect(attempt({ '': 1 })).toThrow(/doesn't uniquely identify/);
      expect(attempt({ 'a/b': [1] })).toThrow(ShapeError);
      expect(attempt({ 'a/b': ['1', '2'] as never })).toThrow(ArgumentError);
      expect(attempt({ 'a/b': Float64Array.of(1, 2) })).toThrow(ArgumentError);
      expect(read('a')).toEqual([1, 2]);
    });
  });
});

describe('AssignFromCheckpointTest', () => {
  test('testLoadExistingVariables', async () => {
    const path = await checkpointOf(scalars);
    await withVariables({ my_var0: [], my_var1: [] }, async (session, { my_var0, my_var1 }, read) => {
      const plan = await slim.assignFromCheckpoint(session, path, { v0: my_var0 as Variable, v1: my_var1 as Variable });
      expect(plan.assignments).toHaveLength(2);
      expect([read('my_var0'), read('my_var1')]).toEqual([[10], [20]]);
    });
  });

  test('testLoadPartitionedVariables: one tensor for several variables', async () => {
    const path = await checkpointOf({
      var0: [
        [2, 2],
        [10, 11, 12, 13],
      ],
    });
    await withVariables({ a: [2, 2], b: [2, 2] }, async (session, { a, b }, read) => {
      await slim.assignFromCheckpoint(session, path, { var0: [a as Variable, b as Variable] });
      expect([read('a'), read('b')]).toEqual([
        [10, 11, 12, 13],
        [10, 11, 12, 13],
      ]);
    });
  });

  test('testRaisesValueErrorIfAVariableIsntFound: and nothing is changed', async () => {
    const path = await checkpointOf(scalars);
    await withVariables({ my_var0: [], my_var1: [] }, async (session, { my_var0, my_var1 }, read) => {
      session.write('my_var1', Float32Array.of(-1));
      const list = { v0_fake: my_var0 as Variable, v1: my_var1 as Variable };
      const failing = slim.assignFromCheckpoint(session, path, list);
      await expect(failing).rejects.toThrow(CheckpointError);
      await expect(failing).rejects.toThrow(/Checkpoint is missing variable \[v0_fake\]/);
      expect(read('my_var1')).toEqual([-1]);
      await slim.assignFromCheckpoint(session, path, list, { ignoreMissing: true });
      expect(read('my_var1')).toEqual([20]);
    });
  });

  test('testInitFromCheckpointWithScopes: a list, by the names of the variables', async () => {
    const path = await checkpointOf({ 'layer0/v0': [[2], [1, 2]], 'layer1/v1': [[1], [3]], other: [[], [0]] });
    await withVariables({ 'layer0/v0': [2], 'layer1/v1': [1] }, async (session, variables, read) => {
      await slim.assignFromCheckpoint(session, path, Object.values(variables));
      expect([read('layer0/v0'), read('layer1/v1')]).toEqual([[1, 2], [3]]);
    });
  });

  test('any difference of shape is refused', async () => {
    const path = await checkpointOf({
      v: [
        [1, 2],
        [1, 2],
      ],
    });
    await withVariables({ v: [2, 1] }, async (session, { v }) => {
      await expect(slim.assignFromCheckpoint(session, path, [v as Variable])).rejects.toThrow(
        /Total size of new array must be unchanged for v lh_shape: \[1,2\], rh_shape: \[2,1\]/,
      );
    });
  });

  test('what is no variable, or comes twice, is refused', async () => {
    const path = await checkpointOf(scalars);
    await withVariables({ v0: [] }, async (session, { v0 }) => {
      const attempt = (list: unknown) => slim.assignFromCheckpoint(session, path, list as never);
      await expect(attempt(['v0'])).rejects.toThrow(ArgumentError);
      await expect(attempt(null)).rejects.toThrow(ArgumentError);
      await expect(attempt([v0, v0])).rejects.toThrow(/occurs twice/);
    });
  });
});

describe('AssignFromCheckpointFnTest', () => {
  test.each(['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const)(
    'testLoadExistingVariables from %s',
    async (format) => {
      const path = await checkpointOf(scalars, format);
      await withVariables({ my_var0: [], my_var1: [] }, async (session, { my_var0, my_var1 }, read) => {
        const init = slim.assignFromCheckpointFn(path, { v0: my_var0 as Variable, v1: my_var1 as Variable });
        expect((await init(session))?.assignments).toHaveLength(2);
        expect([read('my_var0'), read('my_var1')]).toEqual([[10], [20]]);
      });
    },
  );

  test('testLoadExistingVariablesDifferentShape: allowed only where asked for', async () => {
    const path = await checkpointOf({
      v0: [
        [2, 1],
        [10, 11],
      ],
    });
    await withVariables({ my_var0: [1, 2] }, async (session, { my_var0 }, read) => {
      const list = { v0: my_var0 as Variable };
      await expect(slim.assignFromCheckpointFn(path, list)(session)).rejects.toThrow(
        /shapes of both tensors to match for v0: lhs shape \[1,2\], rhs shape \[2,1\]/,
      );
      await slim.assignFromCheckpointFn(path, list, { reshape: true })(session);
      expect(read('my_var0')).toEqual([10, 11]);
    });
  });

  test('testNotFoundError', async () => {
    const path = await checkpointOf(scalars);
    await withVariables({ my_var0: [] }, async (session, { my_var0 }) => {
      const init = slim.assignFromCheckpointFn(path, { v0_fake: my_var0 as Variable });
      await expect(init(session)).rejects.toThrow(/Key v0_fake not found in checkpoint/);
    });
  });

  test('testMissingVariablesList, testMissingVariablesDict: the rest is restored, and a warning names them', async () => {
    const path = await checkpointOf(scalars);
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      await withVariables({ v0: [], v1: [], v2: [] }, async (session, variables, read) => {
        const init = slim.assignFromCheckpointFn(path, Object.values(variables), { ignoreMissing: true });
        expect((await init(session))?.missing.map(({ tensor }) => tensor)).toEqual(['v2']);
        expect([read('v0'), read('v1')]).toEqual([[10], [20]]);
        expect(warnings).toHaveBeenCalledTimes(1);
        expect(String(warnings.mock.calls[0]?.[0])).toMatch(/^Variable v2 missing in checkpoint /);
        const none = slim.assignFromCheckpointFn(path, { x: variables.v0 as Variable }, { ignoreMissing: true });
        expect(await none(session)).toBeNull();
      });
    } finally {
      warnings.mockRestore();
    }
  });

  test('no variables at all are refused', () => {
    expect(() => slim.assignFromCheckpointFn('model', [])).toThrow(/varList cannot be empty/);
    expect(() => slim.assignFromCheckpointFn('model', {})).toThrow(ArgumentError);
  });

  test('options have the names that they have everywhere, and the hint knows those of Slim', () => {
    const attempt = (options: object) => () => slim.assignFromCheckpointFn('model', [], options as never);
    expect(attempt({ ignoreMissingVars: true })).toThrow(
      /has no option ignoreMissingVars.* did you mean ignoreMissing\?/,
    );
    expect(attempt({ reshapeVariables: true })).toThrow(/has no option reshapeVariables.* did you mean reshape\?/);
  });
});
