/** Options of `slimnet train`: their defaults today, and those of TF-Slim's train_image_classifier. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ArgumentError } from '../../errors.js';
import { integer } from '../numbers.js';

/** What decides a training besides its data, network and places. */
export interface TrainFlags {
  readonly batchSize: number;
  readonly accumulation: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly optimizer: string;
  readonly learningRate: number;
  readonly learningRateDecayType: string;
  readonly endLearningRate: number;
  readonly learningRateDecayFactor: number;
  readonly numEpochsPerDecay: number;
  readonly warmupEpochs: number;
  readonly momentum: number;
  readonly optEpsilon: number;
  readonly rmspropMomentum: number;
  readonly rmspropDecay: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adadeltaRho: number;
  readonly adagradInitialAccumulatorValue: number;
  readonly ftrlLearningRatePower: number;
  readonly ftrlInitialAccumulatorValue: number;
  readonly ftrlL1: number;
  readonly ftrlL2: number;
  readonly weightDecay?: number;
  readonly batchNormDecay?: number;
  readonly labelSmoothing: number;
  readonly clipGradientNorm: number;
  readonly movingAverageDecay?: number;
  readonly augmentation: string;
  readonly classBalance: string;
  readonly cache: string;
  readonly recompute: string;
  readonly memoryLimit?: number;
  readonly recalibrationBatches: number;
  readonly saveIntervalSecs: number;
  readonly logEveryNSteps: number;
}

type Value = number | string | undefined;

/** An option with both of its defaults; undefined: none, as the description says. */
interface Flag {
  readonly name: keyof TrainFlags;
  readonly what: string;
  readonly parse?: (text: string) => number;
  readonly choices?: readonly string[];
  readonly today: Value;
  readonly slim: Value;
  /** What it is like where there is no default; `none` unless told. */
  readonly unset?: string;
  /** The optimizer or decay type that it is about; all unless told. */
  readonly of?: readonly string[];
}

/** A parser of numbers in a range. */
export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    return value;
  };
}

const rate = number(0, 1e6);
const part = number(0, 1);
const count = integer(1, Number.MAX_SAFE_INTEGER);

/** A line for each option. */
const flags: readonly Flag[] = [
  { name: 'batchSize', what: 'images a batch', parse: integer(1, 65536), today: 32, slim: 32 },
  {
    name: 'accumulation',
    what: 'batches whose gradients are averaged for a step',
    parse: integer(1, 65536),
    today: 1,
    slim: 1,
  },
  {
    name: 'epochs',
    what: 'length in epochs',
    parse: integer(1, 2 ** 31),
    today: undefined,
    slim: undefined,
    unset: '10 unless there are --steps, slim without end',
  },
  { name: 'steps', what: 'length in steps', parse: count, today: undefined, slim: undefined },
  {
    name: 'optimizer',
    what: 'how gradients change weights',
    choices: ['sgd', 'momentum', 'rmsprop', 'adam', 'adagrad', 'adadelta', 'ftrl'],
    today: 'momentum',
    slim: 'rmsprop',
  },
  { name: 'learningRate', what: 'the first learning rate', parse: rate, today: 0.01, slim: 0.01 },
  {
    name: 'learningRateDecayType',
    what: 'how it falls',
    choices: ['cosine', 'exponential', 'polynomial', 'fixed'],
    today: 'cosine',
    slim: 'exponential',
  },
  {
    name: 'endLearningRate',
    what: 'the last learning rate',
    parse: rate,
    today: 0.0001,
    slim: 0.0001,
    of: ['polynomial'],
  },
  {
    name: 'learningRateDecayFactor',
    what: 'factor of each fall',
    parse: part,
    today: 0.94,
    slim: 0.94,
    of: ['exponential'],
  },
  {
    name: 'numEpochsPerDecay',
    what: 'epochs between two falls, or of the whole one',
    parse: number(1e-6, 1e9),
    today: 2,
    slim: 2,
    of: ['exponential', 'polynomial'],
  },
  { name: 'warmupEpochs', what: 'epochs in which it rises to the first', parse: rate, today: 1, slim: 0 },
  { name: 'momentum', what: 'how much of it a step keeps', parse: part, today: 0.9, slim: 0.9, of: ['momentum'] },
  { name: 'optEpsilon', what: 'epsilon', parse: rate, today: 1e-8, slim: 1, of: ['rmsprop', 'adam', 'adadelta'] },
  { name: 'rmspropMomentum', what: 'as in TensorFlow', parse: part, today: 0.9, slim: 0.9, of: ['rmsprop'] },
  { name: 'rmspropDecay', what: 'as in TensorFlow', parse: part, today: 0.9, slim: 0.9, of: ['rmsprop'] },
  { name: 'adamBeta1', what: 'as in TensorFlow', parse: part, today: 0.9, slim: 0.9, of: ['adam'] },
  { name: 'adamBeta2', what: 'as in TensorFlow', parse: part, today: 0.999, slim: 0.999, of: ['adam'] },
  { name: 'adadeltaRho', what: 'as in TensorFlow', parse: part, today: 0.95, slim: 0.95, of: ['adadelta'] },
  {
    name: 'adagradInitialAccumulatorValue',
    what: 'as in TensorFlow',
    parse: rate,
    today: 0.1,
    slim: 0.1,
    of: ['adagrad'],
  },
  {
    name: 'ftrlLearningRatePower',
    what: 'as in TensorFlow',
    parse: number(-1e6, 0),
    today: -0.5,
    slim: -0.5,
    of: ['ftrl'],
  },
  { name: 'ftrlInitialAccumulatorValue', what: 'as in TensorFlow', parse: rate, today: 0.1, slim: 0.1, of: ['ftrl'] },
  { name: 'ftrlL1', what: 'as in TensorFlow', parse: rate, today: 0, slim: 0, of: ['ftrl'] },
  { name: 'ftrlL2', what: 'as in TensorFlow', parse: rate, today: 0, slim: 0, of: ['ftrl'] },
  {
    name: 'weightDecay',
    what: "factor of the weights' L2 loss",
    parse: rate,
    today: undefined,
    slim: 0.00004,
    unset: "the network's own",
  },
  { name: 'batchNormDecay', what: 'how much of moving statistics a step keeps', parse: part, today: 0.9, slim: 0.997 },
  { name: 'labelSmoothing', what: 'how far labels move towards all being alike', parse: part, today: 0, slim: 0 },
  { name: 'clipGradientNorm', what: 'largest norm of a gradient; 0: any', parse: rate, today: 0, slim: 0 },
  {
    name: 'movingAverageDecay',
    what: 'keeps moving averages of the weights, which are then evaluated',
    parse: part,
    today: undefined,
    slim: undefined,
  },
  {
    name: 'augmentation',
    what: "what is done to images: auto is Slim's where it has any",
    choices: ['auto', 'slim', 'plain', 'none'],
    today: 'auto',
    slim: 'auto',
  },
  {
    name: 'classBalance',
    what: 'for classes of unlike numbers',
    choices: ['none', 'sampling', 'weights'],
    today: 'none',
    slim: 'none',
  },
  {
    name: 'cache',
    what: 'keep decoded images, or decode them each time',
    choices: ['auto', 'none'],
    today: 'auto',
    slim: 'none',
  },
  {
    name: 'recompute',
    what: 'what a step computes again instead of keeping it, for less memory',
    choices: ['none', 'norms', 'blocks'],
    today: 'none',
    slim: 'none',
  },
  {
    name: 'memoryLimit',
    what: 'MiB that variables and a step may take',
    parse: integer(1, 2 ** 32),
    today: undefined,
    slim: undefined,
    unset: 'what the system has left',
  },
  {
    name: 'recalibrationBatches',
    what: "batches from which batch normalization's statistics are made anew after each epoch",
    parse: integer(0, 2 ** 31),
    today: 0,
    slim: 0,
  },
  { name: 'saveIntervalSecs', what: 'seconds between checkpoints', parse: number(0, 1e9), today: 600, slim: 600 },
  { name: 'logEveryNSteps', what: 'steps of a line', parse: integer(1, 2 ** 31), today: 10, slim: 10 },
];

const presets = ['today', 'slim'] as const;

/** Adds them, without defaults of the parser's own: what was not given follows from the preset. */
export function addTrainFlags(command: Command): Command {
  command.addOption(
    new Option(
      '--preset <name>',
      "defaults: today's, or those of TF-Slim's train_image_classifier (default: today, or what a training that goes on was told)",
    ).choices(presets),
  );
  for (const { name, what, parse, choices, today, slim, unset = 'none', of = [] } of flags) {
    const value = choices === undefined ? 'n' : 'name';
    const defaults = today === slim ? `${today ?? unset}` : `${today ?? unset}, slim ${slim ?? unset}`;
    const option = new Option(
      `--${dashed(name)} <${value}>`,
      `${of.length === 0 ? '' : `${of.join(', ')}: `}${what} (default: ${defaults})`,
    );
    if (choices !== undefined) option.choices(choices);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(option);
  }
  return command;
}

/** The flags that were given, and the defaults of the preset for all others. */
export function completeFlags(given: Readonly<Record<string, unknown>>): TrainFlags {
  const preset = given.preset === 'slim' ? 'slim' : 'today';
  return Object.fromEntries(
    flags.map((flag) => [flag.name, given[flag.name] ?? flag[preset]]).filter(([, value]) => value !== undefined),
  ) as unknown as TrainFlags;
}

/** What was chosen, for people: `--optimizer momentum --learning-rate 0.01 ...`. */
export function flagsText(chosen: TrainFlags): string {
  const counts = (name: string): boolean => {
    const { of } = flags.find((flag) => flag.name === name) ?? {};
    return of === undefined || of.includes(chosen.optimizer) || of.includes(chosen.learningRateDecayType);
  };
  return Object.entries(chosen)
    .filter(([name]) => counts(name))
    .map(([name, value]) => `--${dashed(name)} ${value}`)
    .join(' ');
}

export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Flags of train_image_classifier under other names here. */
const otherNames = {
  'checkpoint-path': 'checkpoint',
  'checkpoint-exclude-scopes': 'excludeScopes',
  'dataset-dir': 'data',
  'dataset-split-name': 'split',
  'model-name': 'model',
  'max-number-of-steps': 'steps',
  'train-image-size': 'size',
  'eval-image-size': 'size',
  'num-preprocessing-threads': 'imageWorkers',
} as const;

/** Flags of theirs that change nothing here, or that may have one value alone, with the reason why. */
const fixedValues: Readonly<Record<string, { readonly value: RegExp; readonly why: string }>> = (() => {
  const oneProcess =
    'slimnet trains in one process, on all cores: several clones, replicas and parameter servers are not there yet';
  const none = { value: /./, why: '' };
  return {
    'num-clones': { value: /^1$/, why: oneProcess },
    'worker-replicas': { value: /^1$/, why: oneProcess },
    'replicas-to-aggregate': { value: /^1$/, why: oneProcess },
    'sync-replicas': { value: /^false$/i, why: oneProcess },
    'num-ps-tasks': { value: /^0$/, why: oneProcess },
    task: { value: /^0$/, why: oneProcess },
    master: { value: /^$/, why: oneProcess },
    'quantize-delay': {
      value: /^-1$/,
      why: 'training for quantization is not there: `slimnet quantize` does it afterwards',
    },
    quantize: { value: /^false$/i, why: '`slimnet quantize` does it' },
    'use-grayscale': { value: /^false$/i, why: 'networks here take three channels' },
    'clone-on-cpu': none,
    'num-readers': none,
    'save-summaries-secs': none,
    'dataset-name': none,
    'eval-dir': none,
  };
})();

/** Adds the names that train_image_classifier and eval_image_classifier have for things. They are not in the help. */
export function addSlimNames(command: Command): Command {
  const all = [...Object.keys(otherNames), ...Object.keys(fixedValues)];
  for (const name of all) {
    const value =
      name === 'sync-replicas' || name === 'clone-on-cpu' || name === 'use-grayscale' || name === 'quantize'
        ? '[value]'
        : '<value>';
    command.addOption(new Option(`--${name} ${value}`).hideHelp());
  }
  return command;
}

/**
 * What was given under Slim's names, under those of here.
 * @throws ArgumentError for what is not there, with the reason
 */
export function fromSlimNames(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...given };
  for (const [name, own] of Object.entries(otherNames)) {
    const value = given[camel(name)];
    if (value === undefined) continue;
    if (result[own] !== undefined && own !== 'split')
      throw new ArgumentError(`--${name} and --${dashed(own)} are the same: expected one of them.`);
    result[own] = parsers[own]?.(name, value) ?? value;
  }
  for (const [name, { value, why }] of Object.entries(fixedValues)) {
    const received = given[camel(name)];
    if (received === undefined) continue;
    if (!value.test(received === true ? 'true' : String(received)))
      throw new ArgumentError(`--${name} ${received}: ${why}.`);
  }
  return result;
}

/** How the values of Slim's flags are read; the others are texts. */
const parsers: Readonly<Record<string, ((name: string, value: unknown) => unknown) | undefined>> = {
  steps: wholeNumber,
  size: wholeNumber,
  imageWorkers: wholeNumber,
  excludeScopes: (_, value) => scopes(String(value)),
};

function wholeNumber(name: string, text: unknown): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ArgumentError(`--${name}: expected an integer from 1, received ${String(text)}.`);
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Scopes as both spell them: `a,b`. */
export function scopes(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').filter((scope) => scope !== '')];
}
