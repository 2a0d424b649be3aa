import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild, runNode } from './support.js';

/** What a user writes; it compiles and its results have the types that stand in it. */
const good = `
  import { Graph, type KernelDefect, Session, type Tensor, type TensorValue, checkpoint, exportOnnx, loadModel, nets, placeholder, slim } from 'slimnet';
  import { type Classification, createClient, rowsOf, ServerError } from 'slimnet/client';
  export const graph: Graph = new Graph({ seed: 1 });
  export const images: Tensor = graph.build(() => placeholder('float32', [null, 224, 224, 3], { name: 'images' }));
  export const model = loadModel('resnet_v1_50', { checkpoint: 'x.ckpt' });
  export const logits = graph.build(() =>
    slim.argScope([slim.conv2d, slim.fullyConnected], { weightsRegularizer: slim.l2Regularizer(0.1), activationFn: null }, () =>
      slim.argScope(nets.resnetArgScope({ weightDecay: 0 }), () =>
        nets.resnetV1_50(images, { numClasses: 10, isTraining: false, outputStride: undefined }).net)));
  export async function run(session: Session): Promise<void> {
    const results = await session.run({ images: new Float32Array(1) }, { logits, other: images }, { timeoutMs: 5 });
    const both: { logits: TensorValue; other: TensorValue } = results;
    const shape: readonly number[] = both.logits.shape;
    const fetches: Record<string, Tensor> = { logits };
    const byName: Record<string, TensorValue> = await session.run({}, fetches);
    const file: Uint8Array = await exportOnnx({ graph, fetches, read: (variable) => session.read(variable) });
    const { tensors, source } = await checkpoint.convertCheckpoint('a', 'b', { format: 'tensorflow_v1', rename: [['old', 'new']] });
    console.log(shape, byName, file, tensors, source.format);
    await session.warmup(fetches, { shapes: [{ images: [1, 224, 224, 3] }, { images: [2, 224, 224, 3] }] });
  }
  export async function ask(picture: Blob, signal: AbortSignal): Promise<Float32Array | undefined> {
    const client = createClient('http://127.0.0.1:8000', { token: 'x', retries: 2 });
    const { predictions }: Classification = await client.classify('resnet', picture, { topK: 3, signal });
    const { outputs } = await client.infer('resnet', { pictures: [picture] }, { outputs: ['features'], binary: false });
    const { outputs: more } = await client.infer('resnet', { datatype: 'FP32', shape: [1, 2], data: new Float32Array(2) });
    const status = (error: unknown): number | undefined => (error instanceof ServerError ? error.status : undefined);
    console.log(predictions[0]?.label, status(null), more.logits?.datatype);
    return rowsOf(outputs.features)[0];
  }
  export async function serve(body: Uint8Array, signal: AbortSignal): Promise<number> {
    const served = await loadModel('resnet_v1_50', { untrainedSeed: 1, batching: { maxBatchSize: 8, timeoutMs: 2000 } });
    await served.warmup({ batchSizes: [1, 8], outputs: ['predictions'] });
    const [best] = await served.classify(body, { signal, timeoutMs: 100 });
    const images: number | undefined = served.stats().batching.imagesByBatchSize[8];
    const agreement: number | undefined = served.precisionReport.measured?.agreement;
    const defects: readonly KernelDefect[] = served.stats().defects;
    return (best?.index ?? 0) + (images ?? 0) + (agreement ?? 1) + defects.length;
  }
`;

/** Mistakes, and what the message must name. The last column is false where only the compiler can know. */
const typos: readonly (readonly [code: string, name: string, atRunTime?: false])[] = [
  ['slim.argScope([slim.conv2d], { strid: 2 }, () => 0)', 'strid'],
  ['slim.argScope([slim.conv2d, slim.batchNorm], { isTraining: true }, () => 0)', 'isTraining'],
  ['slim.argScope([slim.maxPool2d], { padding: 2 }, () => 0)', "'number' is not assignable", false],
  ['slim.conv2d(x, 8, [3, 3], { strides: 2 })', 'strides'],
  ['slim.batchNorm(x, { istraining: true })', 'istraining'],
  ["slim.maxPool2d(x, [2, 2], { pading: 'SAME' })", 'pading'],
  ['slim.fullyConnected(x, 3, { activation: null })', 'activation'],
  ['slim.dropout(x, { keep_prob: 0.5 })', 'keep_prob'],
  ["slim.softmax(x, { scop: 'a' })", 'scop'],
  ['slim.reduceMean(x, [1], { keepdims: true })', 'keepdims'],
  ["slim.variableScope('a', { defaultname: 'b' }, () => 0)", 'defaultname'],
  ['slim.xavierInitializer({ unifrom: true })', 'unifrom'],
  ['nets.resnetV1_50(x, { numClass: 10 })', 'numClass'],
  ["nets.resnetV1_50(x, { numClasses: '10' })", "'string' is not assignable", false],
  ['nets.resnetArgScope({ weight_decay: 0 })', 'weight_decay'],
  ['nets.resnetV1(x, [], { includeRoot: false })', 'includeRoot'],
  ['new Graph({ sead: 1 })', 'sead'],
  ["placeholder('float32', [1], { nam: 'y' })", 'nam'],
  ["constant(1, { dtyp: 'int32' })", 'dtyp'],
  ["loadModel('resnet_v1_50', { checkpoint: 'x', lables: 'y' })", 'lables'],
  ["loadModel('resnet_v1_5', { checkpoint: 'x' })", 'resnet_v1_5'],
  ["decodeImage('x', { maxPixel: 1 })", 'maxPixel'],
  ["Session.create(graph, { devise: 'cpu' })", 'devise'],
  ['session.run({}, { x }, { timeout: 5 })', 'timeout'],
  ['session.run({}, { logits: x }).then((results) => results.logit.shape)', 'logit', false],
  ["session.restore('x', { ignoremissing: true })", 'ignoremissing'],
  ["session.save('x', { fmt: 'safetensors' })", 'fmt'],
  ['session.initialize({ only: true })', 'only'],
  ['session.report({ x }, { shape: {} })', 'shape'],
  ['exportOnnx({ graph, fetches: { y: x }, read: () => new Float32Array(0), shape: {} })', 'shape'],
  ["writeOnnx('x', { graph, fetches: { y: x }, read: () => new Float32Array(0) }, { external: true })", 'external'],
  ["checkpoint.convertCheckpoint('a', 'b', { excludes: [] })", 'excludes'],
  ["checkpoint.openCheckpoint('x', { maxBytes: 1 })", 'maxBytes'],
  ["checkpoint.writeCheckpoint('x', [], { formt: 'safetensors' })", 'formt'],
];

const names =
  'Graph, Session, checkpoint, constant, decodeImage, exportOnnx, loadModel, nets, placeholder, slim, writeOnnx';
const setting = `import { ${names} } from 'slimnet';
const graph = new Graph();
const x = graph.build(() => placeholder('float32', [1, 8, 8, 3], { name: 'x' }));
const session = await Session.create(graph, { device: 'null' });
`;
const settingLines = setting.split('\n').length - 1;
/** One typo a line. */
const bad = `${setting}${typos.map(([code]) => `void (() => ${code});`).join('\n')}\nexport {};\n`;

describe('the types of the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-types-'));

  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'slimnet'));
    for (const extension of ['mts', 'cts']) {
      writeFileSync(join(folder, `good.${extension}`), good);
      // Top-level await is for modules alone.
      const body = extension === 'cts' ? bad.replace('await Session', 'null as never as Session; void Session') : bad;
      writeFileSync(join(folder, `bad.${extension}`), body);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const said = new Map<string, string>();
  /** What the compiler says of a user's file; all files of the same settings are compiled together. */
  function compile(file: string, module: string, moduleResolution: string): string {
    const known = said.get(moduleResolution) ?? compileAll(module, moduleResolution);
    said.set(moduleResolution, known);
    const messages = known.split(/\n(?! )/).filter((message) => message !== '');
    expect(messages.filter((message) => !/^(good|bad)\.[cm]ts\(/.test(message))).toEqual([]);
    return messages.filter((message) => message.startsWith(`${file}(`)).join('\n');
  }

  function compileAll(module: string, moduleResolution: string): string {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module,
      moduleResolution,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    };
    const files = consumers
      .filter(([, , resolution]) => resolution === moduleResolution)
      .flatMap(([extension]) => [`good.${extension}`, `bad.${extension}`]);
    const project = join(folder, `${moduleResolution}.json`);
    writeFileSync(project, JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    return runChild(process.execPath, [tsc, '-p', project], folder).stdout;
  }

  const consumers = [
    ['mts', 'node16', 'node16'],
    ['mts', 'nodenext', 'nodenext'],
    ['cts', 'nodenext', 'nodenext'],
    ['mts', 'esnext', 'bundler'],
  ] as const;

  test.each(consumers)('are found by .%s under module %s, resolution %s', (extension, module, resolution) => {
    expect(compile(`good.${extension}`, module, resolution)).toBe('');
  });

  test.each(consumers)(
    'refuse every misspelled name in .%s under module %s, resolution %s',
    (extension, module, resolution) => {
      const errors = [
        ...compile(`bad.${extension}`, module, resolution).matchAll(
          /^bad\.[cm]ts\((\d+),\d+\): error (.*(?:\n .*)*)/gm,
        ),
      ];
      const found = typos.map(([code, name], i) => {
        const texts = errors
          .filter(([, line]) => Number(line) === settingLines + i + 1)
          .map(([, , text]) => text ?? '');
        return [
          code,
          texts.length > 0 && texts.every((text) => text.includes(name)) ? 'refused by name' : texts.join('; '),
        ];
      });
      expect(found).toEqual(typos.map(([code]) => [code, 'refused by name']));
      expect(errors).toHaveLength(typos.length);
    },
  );

  test('name the misspelled ones at run time as well', () => {
    const thrown = typos
      .filter(([, , atRunTime]) => atRunTime !== false)
      .map(
        ([code, name]) =>
          `await tried(${JSON.stringify(code)}, ${JSON.stringify(name)}, () => graph.build(() => [${code}])[0]);`,
      );
    const program = `${setting}
      async function tried(code, name, run) {
        let outcome = 'accepted';
        try {
          await run();
        } catch (error) {
          outcome = error.code === 'ERR_ARGUMENT' && error.message.includes(name) ? 'refused by name' : String(error);
        }
        if (outcome !== 'refused by name') console.log(code, outcome);
      }
      ${thrown.join('\n')}`;
    expect(runNode('module', program, folder)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });
});
