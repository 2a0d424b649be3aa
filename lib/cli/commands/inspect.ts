import { Option } from 'commander';
import { openCheckpoint, writeFileAtomically } from '../../checkpoint/index.js';
import { macs } from '../../core/cost.js';
import { Graph, type Tensor } from '../../core/graph.js';
import { elementCount, type Shape, shapeText } from '../../core/shape.js';
import { ArgumentError } from '../../errors.js';
import { weightsOf } from '../../model/weights/network_weights.js';
import { namedWeights } from '../../model/weights/onnx/named_weights.js';
import { argScope } from '../../slim/arg_scope.js';
import { type NetworkName, network, networkNames } from '../../slim/nets/registry.js';
import { placeholder } from '../../slim/placeholder.js';
import type { DefineCommand } from '../command.js';
import { outlineOf, toDepth } from '../graph/outline.js';
import { graphSvg } from '../graph/svg.js';
import { graphText } from '../graph/text.js';
import { type CliIo, exitStatus, say, writeOut } from '../io.js';
import { integer } from '../numbers.js';
import { asOutput } from '../output_error.js';
import { table } from '../table.js';

interface VariableLine {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly trainable?: boolean;
}

interface Report {
  readonly subject: string;
  readonly kind: string;
  /** Facts in the order in which they are printed. */
  readonly facts: Readonly<Record<string, string | number | Shape>>;
  readonly variables: readonly VariableLine[];
}

const examples = `
A checkpoint is a TensorFlow V1 file, a V2 prefix, a folder with a checkpoint file, .safetensors or .pth; ./NAME is always a path.

Examples:
  slimnet inspect resnet_v1_50
  slimnet inspect resnet_v1_50 --size 321 --classes 21 --json
  slimnet inspect ./resnet_v1_50.ckpt
  slimnet inspect resnet_v1_50 --graph --depth 2
  slimnet inspect resnet_v1_50 --graph resnet_v1_50.svg`;

interface Flags {
  readonly classes?: number;
  readonly size?: number;
  readonly json?: boolean;
  readonly graph?: string | true;
  readonly format?: 'text' | 'svg';
  readonly depth?: number;
}

export const inspect: DefineCommand = (program, io, finish) => {
  program
    .command('inspect')
    .description('variables, shapes, parameter and multiply-accumulate counts of a network or a checkpoint')
    .argument('<network or checkpoint>', `${networkNames.join(', ')}, or the path of a checkpoint`)
    .option('--classes <n>', 'classes of a network', integer(1, 1_000_000))
    .option('--size <n>', "pixels a side of a network's input", integer(1, 16384))
    .option('--json', 'as JSON')
    .addOption(
      new Option('--graph [file]', 'the network layer by layer, on standard output or in a file').conflicts('json'),
    )
    .addOption(
      new Option('--format <name>', 'graph: a table or a drawing; svg for a file that ends so').choices([
        'text',
        'svg',
      ]),
    )
    .option(
      '--depth <n>',
      'graph: scopes that are shown inside of each other (1 blocks, 2 units, 3 layers)',
      integer(0, 100),
    )
    .addHelpText('after', examples)
    .action(async (subject: string, flags: Flags) => {
      if (flags.graph !== undefined) {
        await writeGraph(io, subject, flags, flags.graph);
        return finish(exitStatus.ok);
      }
      const wrong = (['format', 'depth'] as const).find((name) => flags[name] !== undefined);
      if (wrong !== undefined) throw new ArgumentError(`--${wrong} is for --graph.`);
      const report = isNetwork(subject) ? ofNetwork(subject, flags) : await ofCheckpoint(subject);
      await writeOut(io, flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : text(report));
      finish(exitStatus.ok);
    });
};

function isNetwork(name: string): name is NetworkName {
  return (networkNames as readonly string[]).includes(name);
}

interface Built {
  readonly graph: Graph;
  readonly side: number;
  readonly net: Tensor;
  readonly predictions: Tensor | undefined;
}

function build(name: NetworkName, { classes, size }: Pick<Flags, 'classes' | 'size'>): Built {
  const entry = network(name);
  const side = size ?? entry.imageSize;
  const graph = new Graph();
  const { net, endPoints } = graph.build(() => {
    const images = placeholder('float32', [1, side, side, 3], { name: 'images' });
    return argScope(entry.argScope(), () =>
      entry.build(images, { numClasses: classes ?? entry.numClasses, isTraining: false, globalPool: true }),
    );
  });
  return { graph, side, net, predictions: endPoints.predictions };
}

async function writeGraph(io: CliIo, subject: string, flags: Flags, target: string | true): Promise<void> {
  const implied = typeof target === 'string' && target.endsWith('.svg') ? 'svg' : undefined;
  if (implied !== undefined && flags.format === 'text')
    throw new ArgumentError(`--format text: a file whose name ends in .svg is a drawing.`);
  if (target === '') throw new ArgumentError('--graph: expected the name of a file, or nothing.');
  const other = typeof target === 'string' ? /\.(?!svg$|txt$|md$)[^./\\]*$/.exec(target)?.[0] : undefined;
  if (other !== undefined) {
    throw new ArgumentError(`--graph: the format of a file that ends in ${other} is not one that is written.`, {
      hint: 'end its name in .svg for a drawing, in .txt for a table.',
    });
  }
  const [name, classes] = isNetwork(subject) ? [subject, flags.classes] : await networkOf(subject);
  const { graph, net, predictions } = build(name, { ...flags, ...(classes === undefined ? {} : { classes }) });
  const whole = outlineOf(graph, predictions === undefined ? [net] : [net, predictions]);
  const outline = flags.depth === undefined ? whole : toDepth(whole, flags.depth);
  const content = (flags.format ?? implied) === 'svg' ? graphSvg(outline, name) : graphText(outline);
  if (target === true) return writeOut(io, content);
  await asOutput(() => writeFileAtomically(target, Buffer.from(content)));
  say(io, `${target}: ${name}`);
}

/** The network whose weights a checkpoint holds, and its classes: a checkpoint itself says nothing of a graph. */
async function networkOf(path: string): Promise<[NetworkName, number | undefined]> {
  const opened = await openCheckpoint(path);
  try {
    const reader = namedWeights(opened, null);
    const found = networkNames.filter((name) => [...reader.variables.keys()].some((key) => key.startsWith(`${name}/`)));
    const [name, ...others] = found;
    if (name !== undefined && others.length === 0) return [name, weightsOf(network(name), reader).classes || undefined];
    throw new ArgumentError(
      `--graph: a checkpoint holds no graph, and its names are ${name === undefined ? 'of no network that is known here' : `of ${found.join(' and ')}`}.`,
      { path, hint: `name the network: ${networkNames.join(', ')}.` },
    );
  } finally {
    await opened.close();
  }
}

function ofNetwork(name: NetworkName, flags: Flags): Report {
  const entry = network(name);
  const { graph, side, net } = build(name, flags);
  const variables = [...graph.variables.values()];
  const count = (list: typeof variables) => list.reduce((sum, v) => sum + elementCount(v.shape), 0);
  return {
    subject: name,
    kind: 'network',
    facts: {
      input: [1, side, side, 3],
      logits: net.shape,
      variables: variables.length,
      parameters: count(variables),
      trainableParameters: count(variables.filter((v) => v.trainable)),
      multiplyAccumulates: macs(graph, [net]),
      preprocessing: entry.preprocessing,
      labelOffset: entry.labelOffset,
      ...(entry.published === null
        ? {}
        : {
            publishedFile: entry.published.file,
            publishedTop1: entry.published.top1,
            publishedTop5: entry.published.top5,
          }),
    },
    variables: variables.map(({ name: v, dtype, shape, trainable }) => ({ name: v, dtype, shape, trainable })),
  };
}

async function ofCheckpoint(path: string): Promise<Report> {
  const reader = await openCheckpoint(path);
  try {
    const tensors = [...reader.tensors.values()];
    return {
      subject: path,
      kind: `checkpoint (${reader.format})`,
      facts: {
        tensors: tensors.length,
        elements: tensors.reduce((sum, t) => sum + elementCount(t.shape), 0),
        bytes: tensors.reduce((sum, t) => sum + t.bytes, 0),
      },
      variables: tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    };
  } finally {
    await reader.close();
  }
}

function text({ subject, kind, facts, variables }: Report): string {
  const withTrainable = variables.some((v) => v.trainable !== undefined);
  const rows = variables.map((v) => [
    v.name,
    v.dtype,
    shapeText(v.shape),
    elementCount(v.shape),
    ...(withTrainable ? [v.trainable === true ? 'yes' : 'no'] : []),
  ]);
  const lines = Object.entries(facts).map(([key, value]) => [words(key), factText(value)] as const);
  const width = Math.max(...lines.map(([key]) => key.length));
  const head = lines.map(([key, value]) => `  ${key.padEnd(width)}  ${value}\n`).join('');
  return `${subject}: ${kind}\n${head}\n${table(['variable', 'dtype', 'shape', 'elements', ...(withTrainable ? ['trainable'] : [])], rows)}`;
}

/** `trainableParameters` as `trainable parameters`. */
function words(key: string): string {
  return key.replace(/[A-Z]|\d+$/g, (part) => ` ${part.toLowerCase()}`);
}

function factText(value: string | number | Shape): string {
  if (typeof value === 'object') return shapeText(value);
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}
