/**
 * The TypeScript and JavaScript of the README and of docs/, compiled as a user's and run, in a folder with the files that it names. What a snippet
 * uses and does not declare comes from settings/ (of its page, or for all), or from slimnet.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { convertCheckpoint } from '../../lib/checkpoint/index.js';
import { devices } from '../../lib/index.js';
import { loadAddon } from '../../lib/native/binding.js';
import { foreignTensors, writeForeignCheckpoint } from '../helpers/foreign_weights.js';
import { golden } from '../helpers/golden.js';
import { encoder, paint } from '../helpers/pictures.js';
import { writePlainCheckpoint } from '../helpers/plain_checkpoint.js';
import { temporaryFolder, writeFiles } from '../helpers/temporary_folder.js';
import { root, runChild } from '../install/support.js';
import { type Snippet, snippets } from './snippets.js';

/** What would take minutes as it stands there, or needs a port of its own; the rest runs as it is. */
const changes: readonly (readonly [page: string, from: string, to: string])[] = [
  ['docs/training.md', "placeholder('float32', [32, 224, 224, 3]", "placeholder('float32', [2, 64, 64, 3]"],
  ['docs/training.md', "placeholder('int32', [32]", "placeholder('int32', [2]"],
  ['README.md', 'maxBatchSize: 16', 'maxBatchSize: 2'],
  ['docs/serving.md', 'maxBatchSize: 16', 'maxBatchSize: 2'],
  [
    'docs/serving.md',
    "labels: 'labels.txt', files: false }",
    "labels: 'labels.txt', files: false, batching: { maxBatchSize: 2 } }",
  ],
  ['docs/serving.md', "'http://127.0.0.1:8000'", 'address'],
  ['docs/serving.md', 'port: 8000', 'port: 0'],
  ['docs/data.md', 'batchSize: 32', 'batchSize: 8'],
  ['docs/data.md', 'epoch === 10', 'epoch === 1'],
  ['docs/training.md', 'numberOfSteps: 1000', 'numberOfSteps: 1'],
  [
    'docs/training.md',
    "trainDir: 'runs/flowers', batchSize: 32, epochs: 10",
    "trainDir: 'runs/small', batchSize: 4, epochs: 1, imageSize: 64",
  ],
  // Networks with fewer weights, where checkpoints are written or several are loaded.
  ['docs/training.md', "Trainer.create('resnet_v1_50'", "Trainer.create('resnet_18'"],
  ['docs/training.md', "checkpoint: 'resnet_v1_50.ckpt', excludeScopes", "checkpoint: 'resnet_18.ckpt', excludeScopes"],
  ['docs/training.md', "excludeScopes: ['resnet_v1_50/logits']", "excludeScopes: ['resnet_18/logits']"],
  ['docs/training.md', "{ 'resnet_v1_50/logits': 10 }", "{ 'resnet_18/logits': 10 }"],
  ['docs/precision.md', "loadModel('resnet_v1_50', { checkpoint", "loadModel('resnet_18', { checkpoint"],
];

const settings = join(__dirname, 'settings');
const folder = temporaryFolder('docs');
const code = snippets().filter(({ language }) => language === 'ts' || language === 'js');
const nameOf = ({ page, line }: Snippet) => `${basename(page, '.md')}_${line}`;
/** What is compiled and run of each. */
const modules = new Map<Snippet, string>();

beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'slimnet'));
  for (const name of ['fastify', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  await writeInputs();
  const unused = new Set(changes);
  for (const snippet of code) {
    let text = snippet.code;
    for (const change of changes) {
      const [page, from, to] = change;
      if (page !== snippet.page || !text.includes(from)) continue;
      text = text.replaceAll(from, to);
      unused.delete(change);
    }
    modules.set(snippet, text);
  }
  expect([...unused]).toEqual([]);
});

/** The files that the pages name. */
async function writeInputs(): Promise<void> {
  const published = 'weights/resnet_v1_50_2016_08_28/resnet_v1_50.ckpt';
  const picture = (blue: number, i: number) =>
    paint(80, 60, (x, y) => [(x * 7 + i * 13) % 200, (y * 5 + i * 29) % 200, blue]);
  const jpeg = (blue: number, i = 0) => encoder(picture(blue, i)).jpeg().toBuffer();
  const photos = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => (['cat', 'dog'] as const).map((kind) => [kind, i] as const));
  const { files } = golden<{ readonly files: Readonly<Record<string, string>> }>('data_sets.json');
  writeFiles(folder, {
    'cat.jpg': await jpeg(20),
    'dog.jpg': await jpeg(200),
    'labels.txt': Array.from({ length: 1000 }, (_, i) => `kind ${i}`).join('\n'),
    'labels.csv': `path,class\n${photos.map(([kind, i]) => `photos/${kind}/${i}.jpg,${kind}`).join('\n')}\n`,
    ...Object.fromEntries(
      await Promise.all(
        photos.map(async ([kind, i]) => [`photos/${kind}/${i}.jpg`, await jpeg(kind === 'cat' ? 20 : 200, i)]),
      ),
    ),
    ...Object.fromEntries(
      Object.entries(files).flatMap(([name, text]) =>
        name.startsWith('flowers/') ? [[name, Buffer.from(text, 'base64')]] : [],
      ),
    ),
    'flowers/labels.txt': '0:daisy\n1:dandelion\n2:roses\n',
  });
  const checkpoint = await writePlainCheckpoint(join(folder, 'resnet_v1_50.ckpt'), 1000);
  await writePlainCheckpoint(join(folder, 'resnet_18.ckpt'), 1000, 'resnet_18');
  mkdirSync(join(folder, dirname(published)), { recursive: true });
  await convertCheckpoint(checkpoint, join(folder, published), { format: 'tensorflow_v1', crc32c: loadAddon().crc32c });
  await writeForeignCheckpoint(join(folder, 'resnet50.safetensors'), foreignTensors('resnet_50'));
  await writeForeignCheckpoint(join(folder, 'keras.safetensors'), foreignTensors('keras_resnet_50'));
}

/** Type checks all snippets. @returns what the compiler says of each, by its name */
function compile(): Map<string, string[]> {
  for (const [snippet, text] of modules) writeFileSync(join(folder, `${nameOf(snippet)}.ts`), text);
  for (const name of readdirSync(settings))
    writeFileSync(join(folder, `setting_${name}`), readFileSync(join(settings, name)));
  const compilerOptions = {
    ...{ strict: true, noImplicitAny: false, noEmit: true, skipLibCheck: true },
    ...{
      target: 'es2022',
      module: 'nodenext',
      lib: ['es2023', 'esnext.disposable', 'dom'],
      types: ['node'],
      moduleDetection: 'force',
    },
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const { stdout } = runChild(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder],
    folder,
    300_000,
  );
  const messages = new Map<string, string[]>();
  for (const [, file = '', message = ''] of stdout.matchAll(/^(\w+)\.ts\(\d+,\d+\): error (.*)$/gm))
    messages.set(file, [...(messages.get(file) ?? []), message]);
  return messages;
}

/** Imports of what a snippet leaves undeclared: from the setting of its page, from that of all, or from slimnet. */
function imports({ page }: Snippet, messages: readonly string[]): string {
  const missing = new Set(messages.flatMap((message) => /^TS(?:2304|2552|18004): .*?'(\w+)'/.exec(message)?.[1] ?? []));
  const places = [`setting_${basename(page, '.md')}`, 'setting_common'].filter((place) =>
    existsSync(join(folder, `${place}.ts`)),
  );
  const from = (name: string) => {
    const place = places.find((each) => exported(each).has(name));
    return place === undefined ? 'slimnet' : `./${place}.js`;
  };
  return [...missing].map((name) => `import { ${name} } from '${from(name)}';`).join('');
}

function exported(place: string): Set<string> {
  const heads = readFileSync(join(folder, `${place}.ts`), 'utf8').matchAll(/^export [^=(\n]*/gm);
  return new Set([...heads].flatMap(([head]) => head.match(/\w+/g) ?? []));
}

test('compiles, and runs', async () => {
  const first = compile();
  for (const [snippet, text] of modules)
    modules.set(snippet, imports(snippet, first.get(nameOf(snippet)) ?? []) + text);
  expect([...compile()]).toEqual([]);

  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const { code: script } = transformSync(readFileSync(join(folder, file), 'utf8'), {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
    });
    writeFileSync(join(folder, file.replace(/ts$/, 'js')), script);
  }
  const names = code.map(nameOf);
  const cpu = (await devices()).find(({ name }) => name === 'cpu');
  const refused = (snippet: Snippet) =>
    cpu?.available === true &&
    cpu.precisions.bfloat16 !== '' &&
    modules.get(snippet)?.includes("precision: 'bfloat16'");
  const program = `
    console.log = () => {};
    for (const name of ${JSON.stringify(names)}) {
      const outcome = await import('./' + name + '.js').then(() => 'ran', (error) => String(error?.stack ?? error));
      process.stdout.write(JSON.stringify([name, outcome]) + '\\n');
    }
    process.exit();`;
  writeFileSync(join(folder, 'run.js'), program);
  const environment = ['SLIMNET_WEIGHTS=weights', 'SLIMNET_OFFLINE=1', 'SLIMNET_PACKED_CACHE=packed'];
  const { stdout, stderr } = runChild('env', [...environment, process.execPath, 'run.js'], folder, 900_000);
  const outcomes = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
  const expected = code.map((each) => [
    nameOf(each),
    refused(each) ? expect.stringMatching(/^BackendError: .*bfloat16/) : 'ran',
  ]);
  expect({ outcomes, stderr }).toMatchObject({ outcomes: expected });
}, 1_200_000);
