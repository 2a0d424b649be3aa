/**
 * Both halves of each guide in docs/migrating.md, as they stand there, on the same picture and weights: the first in the library that it comes from.
 * They take a minute and libraries of a gigabyte, so they are run in thorough runs, where these are installed.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { convertCheckpoint } from '../../lib/checkpoint/index.js';
import { toolFolder } from '../../scripts/lib/release/tools.mjs';
import { foreignTensors, writeForeignCheckpoint } from '../helpers/foreign_weights.js';
import { golden, goldenFolder } from '../helpers/golden.js';
import { drawn } from '../helpers/network_fixtures.js';
import { encoder, paint } from '../helpers/pictures.js';
import { writePlainCheckpoint } from '../helpers/plain_checkpoint.js';
import { temporaryFolder } from '../helpers/temporary_folder.js';
import { thorough } from '../helpers/thorough.js';
import { root, runChild } from '../install/support.js';

const folder = temporaryFolder('migrating');
const python = join(
  process.env.SLIMNET_GOLDEN_VENV ?? join(homedir(), '.cache', 'slimnet', 'golden-venv'),
  'bin',
  'python',
);

/** The first block before, and the first after, below a heading of the page. */
function halves(heading: string): { before: string; after: string } {
  const page = readFileSync(join(root, 'docs', 'migrating.md'), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const block = (fence: string) => section.match(new RegExp(`^\`\`\`${fence}\n(.*?)^\`\`\`$`, 'ms'))?.[1];
  const [before, after] = [block('(?:js before|python)'), block('ts')];
  if (before === undefined || after === undefined)
    throw new Error(`docs/migrating.md has no two halves for ${heading}.`);
  return { before, after };
}

function run(command: string, file: string, text: string, args: readonly string[] = []): number[] {
  writeFileSync(join(folder, file), text);
  const { status, stdout, stderr } = runChild(command, [...args, file], folder, 600_000);
  if (status !== 0) throw new Error(`${file} ended with status ${status}:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as number[];
}

const javascript = (text: string) => transformSync(text, { loader: 'ts', format: 'esm', target: 'node20' }).code;

/** Runs the half for slimnet, in float32; `result` is what is printed. */
function after(name: string, text: string, result: string): number[] {
  const program = text.replace('{ checkpoint:', "{ precision: 'float32', checkpoint:");
  const imports = "import { Graph, loadModel, nets, placeholder, Session, slim } from 'slimnet';\n";
  const declared = text.includes('import {') ? '' : imports;
  return run(
    process.execPath,
    `${name}_after.mjs`,
    javascript(`${declared}${program}\nconsole.log(JSON.stringify(${result}));`),
  );
}

const indexOfLargest = (values: readonly number[]) => values.indexOf(Math.max(...values));

function softmax(logits: readonly number[]): number[] {
  const exps = logits.map((value) => Math.exp(value - Math.max(...logits)));
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map((value) => value / sum);
}

if (!thorough || !existsSync(python)) {
  test('halves of guides are there', () => {
    for (const heading of ['onnxruntime-node', '@tensorflow/tfjs-node', 'Keras', 'TF-Slim']) halves(heading);
    console.log(
      `docs/migrating.md: what other libraries run is left out: it takes SLIMNET_THOROUGH=1 and ${python} (scripts/golden/setup.sh).`,
    );
  });
} else {
  beforeAll(async () => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'slimnet'));
    symlinkSync(join(root, 'node_modules', 'sharp'), join(folder, 'node_modules', 'sharp'));
    const picture = paint(300, 260, (x, y) => [(x * 3) % 256, (y * 2) % 256, (x + y) % 200]);
    writeFileSync(join(folder, 'cat.jpg'), await encoder(picture).jpeg().toBuffer());
  });

  test('onnxruntime-node: the same class, as surely', async () => {
    symlinkSync(await toolFolder('onnxruntime'), join(folder, 'node_modules', 'onnxruntime-node'));
    const { networks } = golden<{ networks: { id: string; weights: [string, number[], number, number][] }[] }>(
      'onnx_import/networks.json',
    );
    const rows = networks.find(({ id }) => id === 'timm_resnet50')?.weights ?? [];
    const values = rows.map(([, shape, offset, scale], stream) =>
      Buffer.from(
        drawn(
          shape.reduce((count, size) => count * size, 1),
          stream,
          offset,
          scale,
        ).buffer,
      ),
    );
    writeFileSync(join(folder, 'weights.bin'), Buffer.concat(values));
    copyFileSync(join(goldenFolder, 'onnx_import', 'timm_resnet50.onnx'), join(folder, 'resnet50.onnx'));
    const guide = halves('onnxruntime-node');
    const before = `import { readFileSync } from 'node:fs';\n${guide.before}\nconsole.log(JSON.stringify(Array.from(logits.data)));`;
    const logits = run(process.execPath, 'onnxruntime_before.mjs', before);
    // The same file, which knows ten classes, and the picture cut as the other half does.
    const text = guide.after.replace(
      "'resnet50.safetensors', labels: 'imagenet'",
      "'resnet50.onnx', preprocessing: 'torchvision', cropFraction: 1",
    );
    const [index, probability] = after('onnxruntime', text, '[best.index, best.probability]');
    expect(index).toBe(indexOfLargest(logits));
    expect(Math.abs((probability ?? 0) - Math.max(...softmax(logits)))).toBeLessThan(0.02);
  });

  test('Keras: the same five classes, with the same probabilities', async () => {
    await writeForeignCheckpoint(join(folder, 'keras.safetensors'), foreignTensors('keras_resnet_50'));
    const guide = halves('Keras');
    const prelude = `
import json, sys
sys.path.insert(0, ${JSON.stringify(join(root, 'scripts', 'golden'))})
import make_keras
from make_keras import keras, np
drawn = keras.applications.ResNet50(weights=None)
make_keras.fill(drawn)
drawn.save_weights("resnet50.weights.h5")
# Keras would get the names of the classes from the web.
keras.applications.resnet.decode_predictions = lambda p, top: json.dumps([[int(i), float(p[0][i])] for i in p[0].argsort()[::-1][:top]])
`;
    const before = run(python, 'keras_before.py', prelude + guide.before, ['-W', 'ignore']) as unknown as [
      number,
      number,
    ][];
    const found = after(
      'keras',
      guide.after,
      'classes.map(({ index, probability }) => [index, probability])',
    ) as unknown as [number, number][];
    expect(found.map(([index]) => index)).toEqual(before.map(([index]) => index));
    for (const [i, [, probability]] of before.entries()) expect(found[i]?.[1]).toBeCloseTo(probability, 4);
  });

  test('TF-Slim: the same logits', async () => {
    const plain = await writePlainCheckpoint(join(folder, 'plain.safetensors'), 1000);
    await convertCheckpoint(plain, join(folder, 'resnet_v1_50.ckpt'), { format: 'tensorflow_v2' });
    const guide = halves('TF-Slim');
    const prelude = `
import json, sys
sys.path.insert(0, ${JSON.stringify(join(root, 'scripts', 'golden'))})
from slim_env import resnet_v1, slim, tf
import generator
pixels = generator.network_input((1, 224, 224, 3))
pixels.tofile("pixels.bin")
images = tf.placeholder(tf.float32, [None, 224, 224, 3])
session = tf.Session()
`;
    const before = run(
      python,
      'slim_before.py',
      `${prelude}${guide.before}print(json.dumps(logits.ravel().tolist()))\n`,
      ['-W', 'ignore'],
    );
    const pixels =
      "import { readFileSync } from 'node:fs';\nconst pixels = new Float32Array(readFileSync('pixels.bin').buffer.slice(0));\n";
    const imports = "import { Graph, nets, placeholder, Session, slim } from 'slimnet';\n";
    const text = guide.after.replace('Session.create(graph)', "Session.create(graph, { precision: 'float32' })");
    const found = after('slim', imports + pixels + text, 'Array.from(logits.data)');
    const range = Math.max(...before) - Math.min(...before);
    expect(Math.max(...found.map((value, i) => Math.abs(value - (before[i] ?? NaN)))) / range).toBeLessThan(1e-4);
  });

  test('@tensorflow/tfjs-node: the guide has both halves', () => {
    console.log('The half for @tensorflow/tfjs-node is not run: its release 4.22 gets its addon from the web.');
    halves('@tensorflow/tfjs-node');
  });
}
