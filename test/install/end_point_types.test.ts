/** The names of end points as the compiler knows them, against those that the real TF-Slim gives its networks. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph } from '../../lib/core/graph.js';
import * as nets from '../../lib/slim/nets/index.js';
import { placeholder } from '../../lib/slim/placeholder.js';
import { root, runChild } from './support.js';

const networkNames = [
  ...[1, 2].flatMap((version) => [50, 101, 152, 200].map((depth) => `resnet_v${version}_${depth}`)),
  'vgg_a',
  'vgg_16',
  'vgg_19',
];

/** The names that TF-Slim gives. */
function golden(name: string): readonly string[] {
  const path = join(root, 'test', 'golden', 'variables', `${name}.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { endPoints: string[] }).endPoints;
}

/** The names that a network has when it is built. */
function built(name: nets.NetworkName): readonly string[] {
  const network = new Graph().build(() =>
    nets.network(name).build(placeholder('float32', [1, 64, 64, 3]), { numClasses: 1000 }),
  );
  return Object.keys(network.endPoints);
}

/** A text that compiles when the types have these names, all of them and no others. */
function exactly(name: string, endPoints: readonly string[] = golden(name)): string {
  return `
    const ${name} = nets.networks.${name}.build(images, { numClasses: 1000 });
    export const of_${name}: Record<keyof typeof ${name}.endPoints, true> = {
      ${endPoints.map((point) => `'${point}': true,`).join('\n')}
    };`;
}

const head = `
  import { type Tensor, nets } from 'slimnet';
  declare const images: Tensor;
  declare const classes: number | null;`;

describe('the types of end points', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-end-points-'));

  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'slimnet'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const files: string[] = [];
  /** A file that is compiled, together with all others. @returns gives what the compiler says of it */
  function compiled(code: string): () => string {
    const file = `code_${files.length}.mts`;
    files.push(file);
    writeFileSync(join(folder, file), head + code);
    return () =>
      messages()
        .filter((message) => message.startsWith(`${file}(`))
        .join('\n');
  }

  let said: readonly string[] | undefined;
  /** What the compiler says of all files. */
  function messages(): readonly string[] {
    said ??= compileAll()
      .split(/\n(?! )/)
      .filter((message) => message !== '');
    expect(said.filter((message) => !/^code_\d+\.mts\(/.test(message))).toEqual([]);
    return said;
  }

  function compileAll(): string {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      noUncheckedIndexedAccess: true,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    return runChild(process.execPath, [tsc, '-p', folder], folder, 120_000).stdout;
  }

  const ofSlim = compiled(networkNames.map((name) => exactly(name)).join('\n'));
  test('are the names that TF-Slim gives, for every network', () => {
    expect(ofSlim()).toBe('');
  });

  const names = nets.networkNames.filter((name) => nets.network(name).library !== null);
  const ofOthers = compiled(names.map((name) => exactly(name, built(name))).join('\n'));
  test("are the names that networks in other libraries' form have", () => {
    expect(names).toHaveLength(8);
    expect(ofOthers()).toBe('');
  });

  const code = exactly('resnet_v1_50');
  const missing = compiled(code.replace("'resnet_v1_50/block1': true,", ''));
  const additional = compiled(code.replace("'resnet_v1_50/block1'", "'resnet_v1_50/block5'"));
  test('a missing and an additional name would show', () => {
    expect(missing()).toContain('\'"resnet_v1_50/block1"\'');
    expect(additional()).toContain('resnet_v1_50/block5');
  });

  const pieces: readonly (readonly [behaviour: string, code: string])[] = [
    [
      'a typo is refused, a name that exists gives a tensor',
      `const { endPoints } = nets.resnetV1_50(images);
       export const good: Tensor = endPoints['resnet_v1_50/block1/unit_1/bottleneck_v1/conv1'];
       // @ts-expect-error there is no unit 4
       endPoints['resnet_v1_50/block1/unit_4/bottleneck_v1/conv1'];
       // @ts-expect-error a unit of the other form
       endPoints['resnet_v1_50/block1/unit_1/bottleneck_v2/conv1'];`,
    ],
    [
      'what classes bring is there with classes alone',
      `export const good: Tensor = nets.resnetV2_50(images, { numClasses: 10 }).endPoints.predictions;
       // @ts-expect-error no classes, no predictions
       nets.resnetV2_50(images).endPoints.predictions;
       // @ts-expect-error no classes, no logits
       nets.resnetV2_50(images, { numClasses: null }).endPoints['resnet_v2_50/logits'];
       // @ts-expect-error no classes, no fc8
       nets.vgg16(images, { numClasses: 0 }).endPoints['vgg_16/fc8'];
       export const fc8: Tensor = nets.vgg16(images).endPoints['vgg_16/fc8'];`,
    ],
    [
      "the model library's end points are there where its options are given",
      `const squeezed = nets.resnetV1_101(images, { numClasses: 10, spatialSqueeze: true });
       export const good: Tensor[] = [squeezed.endPoints.global_pool, squeezed.endPoints['resnet_v1_101/spatial_squeeze']];
       export const pooled: Tensor = nets.vggA(images, { globalPool: true }).endPoints.global_pool;
       // @ts-expect-error not in tf_slim's line
       nets.resnetV1_101(images, { numClasses: 10 }).endPoints.global_pool;
       // @ts-expect-error not squeezed
       nets.resnetV1_101(images, { numClasses: 10, spatialSqueeze: false }).endPoints['resnet_v1_101/spatial_squeeze'];
       // @ts-expect-error not pooled
       nets.resnetV1_101(images, { globalPool: false, spatialSqueeze: false }).endPoints.global_pool;`,
    ],
    [
      'a scope, a value that is not known, and the generic builders leave names open',
      `export const open: (Tensor | undefined)[] = [
         nets.resnetV1_50(images, { scope: 'mine' }).endPoints['mine/block1'],
         nets.resnetV1_50(images, { numClasses: classes }).endPoints['anything'],
         nets.resnetV1(images, []).endPoints['anything'],
         nets.network('resnet_v1_50').build(images).endPoints['anything'],
       ];
       // @ts-expect-error it may be missing
       export const sure: Tensor = nets.resnetV1_50(images, { scope: 'mine' }).endPoints['mine/block1'];`,
    ],
    [
      'misspelled options are refused',
      `// @ts-expect-error
       nets.resnetV1_50(images, { numClasses: 10, globalpool: false });
       // @ts-expect-error
       nets.resnetV1_50(images, { isTraning: false });
       // @ts-expect-error of v1 alone
       nets.resnetV2_50(images, { numClasses: 10, depthMultiplier: 0.5 });
       // @ts-expect-error
       nets.vgg16(images, { dropoutKeepProb: '0.5' });`,
    ],
    [
      'a typed network is a network',
      `export const network: nets.Network = nets.resnetV1_50(images, { numClasses: 10 });
       export const options: Parameters<typeof nets.resnetV1_50>[1] = { numClasses: 10, isTraining: false };`,
    ],
  ];
  test.each(pieces.map(([behaviour, piece]) => [behaviour, compiled(piece)] as const))('%s', (_, ofPiece) => {
    expect(ofPiece()).toBe('');
  });
});
