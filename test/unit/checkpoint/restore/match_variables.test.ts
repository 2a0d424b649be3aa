import {
  assertRestorable,
  matchVariables,
  type NameMap,
  type RestoreSource,
  type RestoreVariable,
} from '../../../../lib/checkpoint/index.js';
import type { DType } from '../../../../lib/core/dtype.js';
import { ArgumentError, CheckpointError } from '../../../../lib/errors.js';

const variable = (name: string, shape: number[] = [2], dtype: DType = 'float32'): RestoreVariable => ({
  name,
  dtype,
  shape,
});

function source(tensors: RestoreVariable[]): RestoreSource {
  const infos = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape, bytes: 0 }));
  return { path: 'm.ckpt', format: 'tensorflow_v1', tensors: new Map(infos.map((info) => [info.name, info])) };
}

const net = 'resnet_v1_50';
const layers = ['conv1/weights', 'conv1/BatchNorm/gamma', 'conv1/BatchNorm/beta'];
const published = source([
  ...layers.map((name) => variable(`${net}/${name}`)),
  variable(`${net}/logits/weights`, [1, 1, 2048, 1000]),
  variable(`${net}/logits/biases`, [1000]),
  variable(`${net}/mean_rgb`, [3]),
  variable('global_step', [], 'int64'),
]);

test('variables get the tensors of their names; what else the file has is listed, not refused', () => {
  const variables = layers.map((name) => variable(`${net}/${name}`));
  const plan = matchVariables(variables, published);
  expect(plan.assignments).toEqual(variables.map((v) => ({ variable: v, tensor: v.name })));
  expect(plan.unexpected).toContain(`${net}/mean_rgb`);
  expect(plan.unexpected).toContain('global_step');
  expect(plan).toMatchObject({ ok: true, missing: [], misshaped: [], mistyped: [], converted: [], excluded: [] });
  expect(() => assertRestorable(plan)).not.toThrow();
  expect(plan.explain()).toContain('3 variables fit');
});

describe('every problem is named, with the way out', () => {
  test('as many classes, in another form', () => {
    const dense = source([variable(`${net}/logits/weights`, [2048, 1000])]);
    const text = matchVariables([variable(`${net}/logits/weights`, [1, 1, 2048, 1000])], dense).explain();
    expect(text).toContain('[2048, 1000]');
    expect(text).not.toContain('build it with');
  });

  test('1001 classes built, 1000 stored', () => {
    const plan = matchVariables(
      [variable(`${net}/logits/weights`, [1, 1, 2048, 1001]), variable(`${net}/logits/biases`, [1001])],
      published,
    );
    expect(plan.ok).toBe(false);
    expect(plan.misshaped.map((misfit) => misfit.variable.name)).toEqual([
      `${net}/logits/weights`,
      `${net}/logits/biases`,
    ]);
    const text = plan.explain();
    expect(text).toContain('the variable is [1, 1, 2048, 1001], the checkpoint has [1, 1, 2048, 1000]');
    expect(text).toContain('numClasses: 1000');
    expect(text).toContain('labels offset');
    expect(text).toContain(`excludeScopes: ['${net}/logits']`);
    expect(() => assertRestorable(plan)).toThrow(CheckpointError);
    expect(() => assertRestorable(plan)).toThrow('[1001], the checkpoint has [1000]');
  });

  test('10 classes built, 1000 stored', () => {
    const text = matchVariables([variable(`${net}/logits/biases`, [10])], published).explain();
    expect(text).toContain(`excludeScopes: ['${net}/logits']`);
    expect(text).not.toContain('background');
  });

  test('a network built outside its arg scope has biases that the file lacks', () => {
    const plan = matchVariables([variable(`${net}/conv1/weights`), variable(`${net}/conv1/biases`)], published);
    expect(plan.missing.map(({ tensor }) => tensor)).toEqual([`${net}/conv1/biases`]);
    expect(plan.explain()).toContain('resnetArgScope()');
    expect(() => assertRestorable(plan)).toThrow(`${net}/conv1/biases`);
  });

  test.each([
    ['added', (name: string) => `tower/${net}/${name}`, "name.replace('tower/', '')"],
    ['left out', (name: string) => name, `'${net}/' + name`],
    ['renamed', (name: string) => `backbone/${name}`, `name.replace('backbone/', '${net}/')`],
  ])('a scope that was %s', (_, rename, hint) => {
    const variables = layers.map((name) => variable(rename(name)));
    const plan = matchVariables(variables, published);
    expect(plan.missing).toHaveLength(3);
    expect(plan.explain()).toContain(`nameMap: (name) => ${hint}`);
    expect(plan.explain()).toContain(`similar: ${net}/conv1/weights`);
  });

  test('another dtype', () => {
    const plan = matchVariables([variable('global_step', [], 'float32')], published);
    expect(plan.mistyped).toHaveLength(1);
    expect(plan.ok).toBe(false);
    expect(plan.explain()).toContain('the variable is float32, the checkpoint has int64');
  });

  test("an optimizer's slots that the file lacks", () => {
    const plan = matchVariables([variable(`${net}/conv1/weights/Momentum`)], published);
    expect(plan.explain()).toContain('ignoreMissing: true');
  });

  test('long lists are counted, not printed', () => {
    const variables = Array.from({ length: 500 }, (_, i) => variable(`other/v${i}`));
    const text = matchVariables(variables, published).explain();
    expect(text).toContain('and 480 more');
    expect(text.length).toBeLessThan(3000);
  });
});

describe('options', () => {
  test('ignoreMissing leaves missing variables, but not misshaped ones', () => {
    const missing = matchVariables([variable('new'), variable(`${net}/conv1/weights`)], published, {
      ignoreMissing: true,
    });
    expect(missing).toMatchObject({ ok: true, missing: [{ tensor: 'new' }] });
    expect(missing.assignments).toHaveLength(1);
    expect(matchVariables([variable(`${net}/logits/biases`, [9])], published, { ignoreMissing: true }).ok).toBe(false);
  });

  test('excludeScopes goes by how the name starts, and before includeScopes', () => {
    const variables = [...layers.map((name) => variable(`${net}/${name}`)), variable(`${net}/logits/biases`, [7])];
    const plan = matchVariables(variables, published, {
      includeScopes: [net],
      excludeScopes: [`${net}/logits`, `${net}/conv1/Batch`],
    });
    expect(plan.assignments.map(({ tensor }) => tensor)).toEqual([`${net}/conv1/weights`]);
    expect(plan.excluded).toEqual([
      `${net}/conv1/BatchNorm/gamma`,
      `${net}/conv1/BatchNorm/beta`,
      `${net}/logits/biases`,
    ]);
    expect(plan.unexpected).not.toContain(`${net}/logits/biases`);
    expect(plan.ok).toBe(true);
  });

  test('includeScopes leaves out everything else', () => {
    const plan = matchVariables([variable(`${net}/conv1/weights`), variable('head/weights')], published, {
      includeScopes: [net],
    });
    expect(plan.excluded).toEqual(['head/weights']);
    expect(plan.assignments).toHaveLength(1);
  });

  test('nameMap is a function or a record; null excludes', () => {
    const variables = [variable('a/conv1/weights'), variable('b'), variable(`${net}/conv1/BatchNorm/beta`)];
    const byRecord = matchVariables(variables, published, {
      nameMap: { 'a/conv1/weights': `${net}/conv1/weights`, b: null },
    });
    expect(byRecord.assignments.map(({ tensor }) => tensor)).toEqual([
      `${net}/conv1/weights`,
      `${net}/conv1/BatchNorm/beta`,
    ]);
    expect(byRecord.excluded).toEqual(['b']);
    const byFunction = matchVariables(variables, published, {
      nameMap: (name) => (name === 'b' ? null : name.replace('a/', `${net}/`)),
    });
    expect(byFunction.assignments).toEqual(byRecord.assignments);
  });

  test('a record has no names that were not put into it', () => {
    const plan = matchVariables([variable('constructor')], published, { nameMap: {} });
    expect(plan.missing).toEqual([{ variable: variable('constructor'), tensor: 'constructor' }]);
  });

  test('reshape takes another shape of as many elements', () => {
    const variables = [variable(`${net}/logits/weights`, [2048, 1000])];
    const refused = matchVariables(variables, published);
    expect(refused.ok).toBe(false);
    expect(refused.explain()).toContain('reshape: true');
    expect(matchVariables(variables, published, { reshape: true })).toMatchObject({
      ok: true,
      assignments: [{ tensor: `${net}/logits/weights` }],
    });
    expect(matchVariables([variable(`${net}/logits/biases`, [10])], published, { reshape: true }).ok).toBe(false);
  });

  test('one tensor may go to several variables', () => {
    const plan = matchVariables([variable('a'), variable('b')], published, { nameMap: () => `${net}/conv1/weights` });
    expect(plan.assignments).toHaveLength(2);
  });

  test('bad options and variables that share a name are refused', () => {
    expect(() => matchVariables([], published, { excludeScopes: 'logits' as never })).toThrow(ArgumentError);
    expect(() => matchVariables([], published, { includeScopes: [''] })).toThrow(ArgumentError);
    expect(() => matchVariables([variable('a')], published, { nameMap: (() => undefined) as never })).toThrow(
      ArgumentError,
    );
    expect(() => matchVariables([variable('a'), variable('a')], published)).toThrow('two variables named a');
  });
});

describe('tensors in another layout', () => {
  const stored = source([
    variable('conv.weight', [64, 3, 7, 7]),
    variable('fc.weight', [10, 512]),
    variable('bn.mean', [64]),
    variable('conv.bias', [64]),
    variable('double', [2], 'float64'),
  ]);
  const kernel = { tensor: 'conv.weight', dimensions: [2, 3, 1, 0] } as const;

  test('fit when their dimensions in the order given do', () => {
    const nameMap = { k: kernel, d: { tensor: 'fc.weight', dimensions: [null, null, 1, 0] } } as const;
    const variables = [variable('k', [7, 7, 3, 64]), variable('d', [1, 1, 512, 10])];
    const plan = matchVariables(variables, stored, { nameMap });
    expect(plan.ok).toBe(true);
    expect(plan.assignments).toEqual([
      { variable: variables[0], ...nameMap.k },
      { variable: variables[1], ...nameMap.d },
    ]);
    expect(plan.unexpected).toEqual(['bn.mean', 'conv.bias', 'double']);
  });

  test('are told as they are stored and as they would be taken', () => {
    const plan = matchVariables([variable('k', [3, 3, 3, 64])], stored, { nameMap: { k: kernel } });
    expect(plan.explain()).toContain(
      'k: the variable is [3, 3, 3, 64], the checkpoint has [64, 3, 7, 7], taken as [7, 7, 3, 64]',
    );
    const dense = matchVariables([variable('k', [3, 3, 3, 64])], stored, {
      nameMap: { k: { ...kernel, tensor: 'fc.weight' } },
    });
    expect(dense.ok).toBe(false);
    expect(dense.explain()).toContain('the checkpoint has [10, 512]');
  });

  test('a tensor that is subtracted must be there and fit as well', () => {
    const map = (minus: string) => ({ nameMap: { m: { tensor: 'bn.mean', minus } } });
    const mean = variable('m', [64]);
    const plan = matchVariables([mean], stored, map('conv.bias'));
    expect(plan.assignments).toEqual([{ variable: mean, tensor: 'bn.mean', minus: 'conv.bias' }]);
    expect(plan.unexpected).not.toContain('conv.bias');
    expect(matchVariables([mean], stored, map('none')).missing).toEqual([{ variable: mean, tensor: 'none' }]);
    expect(matchVariables([mean], stored, map('fc.weight')).misshaped).toHaveLength(1);
    expect(matchVariables([mean], stored, { ...map('none'), ignoreMissing: true }).assignments).toEqual([]);
  });

  test('a map that is a function sees what the checkpoint has', () => {
    const nameMap: NameMap = (name, tensors) =>
      tensors.has(`${name}.weight`) ? { ...kernel, tensor: `${name}.weight` } : name;
    const plan = matchVariables([variable('conv', [7, 7, 3, 64]), variable('double', [2], 'float64')], stored, {
      nameMap,
    });
    expect(plan.assignments.map(({ tensor }) => tensor)).toEqual(['conv.weight', 'double']);
  });

  test.each([
    [{ tensor: 'conv.weight', dimensions: [0, 1, 1, 2] }, /each stored dimension once/],
    [{ tensor: 'conv.weight', dimensions: [0, 1, 2, 4] }, /each stored dimension once/],
    [{ tensor: 'conv.weight', dimensions: 'HWIO' }, /each stored dimension once/],
    [{ tensor: 'conv.weight', minus: 3 }, /minus/],
    [{ tensor: 'conv.weight', plus: 'b' }, /the property plus/],
    [{ dimensions: [0] }, /a tensor's name/],
    [undefined, /a tensor's name/],
  ])('a map that gives %j is refused', (mapped, message) => {
    const match = () => matchVariables([variable('k')], stored, { nameMap: () => mapped as never });
    expect(match).toThrow(ArgumentError);
    expect(match).toThrow(message);
  });

  test('only float32 can be subtracted from', () => {
    const nameMap = { k: { tensor: 'double', minus: 'double' } };
    expect(() => matchVariables([variable('k', [2], 'float64')], stored, { nameMap })).toThrow(/float32/);
  });
});
