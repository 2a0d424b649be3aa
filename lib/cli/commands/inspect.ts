import { openCheckpoint } from '../../checkpoint/index.js';
import { macs } from '../../core/cost.js';
import { Graph } from '../../core/graph.js';
import { elementCount, type Shape, shapeText } from '../../core/shape.js';
import { argScope } from '../../slim/arg_scope.js';
import { type NetworkName, network, networkNames } from '../../slim/nets/registry.js';
import { placeholder } from '../../slim/placeholder.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, writeOut } from '../io.js';
import { integer } from '../model_options.js';
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
A checkpoint is a TensorFlow V1 file, a V2 prefix, a folder with a checkpoint file, or .safetensors; ./NAME is always a path.

Examples:
  slimnet inspect resnet_v1_50
  slimnet inspect resnet_v1_50 --size 321 --classes 21 --json
  slimnet inspect ./resnet_v1_50.ckpt`;

export const inspect: DefineCommand = (program, io, finish) => {
  program
    .command('inspect')
    .description('variables, shapes, parameter and multiply-accumulate counts of a network or a checkpoint')
    .argument('<network or checkpoint>', `${networkNames.join(', ')}, or the path of a checkpoint`)
    .option('--classes <n>', 'classes of a network', integer(1, 1_000_000))
    .option('--size <n>', "pixels a side of a network's input", integer(1, 16384))
    .option('--json', 'as JSON')
    .addHelpText('after', examples)
    .action(async (subject: string, flags: { classes?: number; size?: number; json?: boolean }) => {
      const report = isNetwork(subject) ? ofNetwork(subject, flags) : await ofCheckpoint(subject);
      await writeOut(io, flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : text(report));
      finish(exitStatus.ok);
    });
};

function isNetwork(name: string): name is NetworkName {
  return (networkNames as readonly string[]).includes(name);
}

function ofNetwork(name: NetworkName, { classes, size }: { classes?: number; size?: number }): Report {
  const entry = network(name);
  const side = size ?? entry.imageSize;
  const graph = new Graph();
  const { net } = graph.build(() => {
    const images = placeholder('float32', [1, side, side, 3], { name: 'images' });
    return argScope(entry.argScope(), () =>
      entry.build(images, { numClasses: classes ?? entry.numClasses, isTraining: false, globalPool: true }),
    );
  });
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
