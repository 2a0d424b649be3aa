import { type Command, Option } from 'commander';
import { defined } from '../../core/options.js';
import { type TrainingPrecision, trainingPrecisions } from '../../core/precision.js';
import { type AugmentationPolicy, augmentations, type DataSet } from '../../data/index.js';
import { ArgumentError } from '../../errors.js';
import { type WeightLayout, weightLayouts } from '../../model/weights/libraries.js';
import type { GpuOptions } from '../../runtime/session/types.js';
import { type NetworkName, networkNames } from '../../slim/nets/registry.js';
import { type EvaluationReport, Trainer, type TrainerOptions, type TrainingForecast } from '../../trainer/index.js';
import type { DefineCommand } from '../command.js';
import { fetchDisplay } from '../fetching.js';
import { gpuHelp, gpuOptions } from '../gpu_options.js';
import { type CliIo, exitStatus, printable, say, skippedText, writeOut } from '../io.js';
import { weightsOption } from '../model_options.js';
import { integer } from '../numbers.js';
import { table } from '../table.js';
import { begunOptions, flagsToKeep } from '../training/begun.js';
import {
  addSlimNames,
  addTrainFlags,
  completeFlags,
  dashed,
  flagsText,
  fromSlimNames,
  number,
  scopes,
  type TrainFlags,
} from '../training/flags.js';
import { labelledImages } from '../training/labelled_images.js';
import { optimizerOf } from '../training/optimizer.js';
import { ProgressLine } from '../training/progress_line.js';

const examples = `
Examples:
  slimnet train photos/ --model resnet_v1_50 --checkpoint resnet_v1_50.ckpt --exclude-scopes resnet_v1_50/logits --train-dir runs/flowers
  slimnet train photos/ --train-dir runs/flowers --epochs 20          # goes on
  slimnet train --preset slim --dataset_dir flowers/ --model_name resnet_v1_50 --train_dir runs/slim --max_number_of_steps 1000
  slimnet eval photos/ --train-dir runs/flowers
  slimnet classify new/ --checkpoint runs/flowers
  slimnet report runs/flowers --open`;

/** Where and what, besides how. */
interface Places {
  readonly data?: string;
  readonly model: NetworkName;
  readonly checkpoint?: string;
  readonly weights?: 'imagenet';
  readonly excludeScopes?: readonly string[];
  readonly ignoreMissingVars?: boolean;
  readonly layout?: WeightLayout;
  readonly trainDir?: string;
  readonly trainableScopes?: readonly string[];
  readonly freeze?: readonly string[];
  readonly logitsRateScale?: number;
  readonly size?: number;
  readonly validation?: number;
  readonly split?: string;
  readonly labelsOffset?: number;
  readonly seed: number;
  readonly device: string;
  readonly threads?: number;
  readonly gpu?: GpuOptions;
  readonly precision?: TrainingPrecision;
  readonly imageWorkers?: number;
  readonly patience?: number;
  readonly exactResume: boolean;
  readonly dryRun?: boolean;
}

/** An epoch count for Slim's preset, which has none: its trainings end by a number of steps or by hand. */
const endless = 2 ** 40;
const usualEpochs = 10;

/** Defaults of what a training that goes on has begun with. */
const usual = { model: 'resnet_v1_50', seed: 0, device: 'cpu' } as const;

export const train: DefineCommand = (program, io, finish) => {
  const command = addPlaces(
    program.command('train').description('trains a network on labelled images, or goes on with a training'),
  );
  const placeNames = command.options.map((option) => option.attributeName());
  addSlimNames(addTrainFlags(command))
    .addHelpText('after', examples)
    .action(async (path: string | undefined, given: Record<string, unknown>) => {
      const asked = fromSlimNames({ ...given, ...defined({ data: path }) });
      const named = { ...usual, ...(await begunOptions(asked)) };
      const places = named as unknown as Places;
      const flags = completeFlags(named);
      const images = places.data;
      if (images === undefined)
        throw new ArgumentError(
          'Expected labelled images: a folder with a folder for each class, a list, or record files.',
        );
      if (places.trainDir === undefined && places.dryRun !== true)
        throw new ArgumentError('Expected --train-dir, the folder for checkpoints and what else a training writes.');
      const data = await labelledImages(images, places, io.signal);
      say(
        io,
        printable(
          `slimnet: ${data.length} images of ${data.classes.length} classes, ${data.validation?.length ?? 0} held out`,
        ),
      );
      say(io, `slimnet: ${flagsText(flags)}`);
      const line = new ProgressLine(io, flags.logEveryNSteps);
      const fetching = fetchDisplay(io);
      const trainer = await Trainer.create(places.model, {
        ...trainerOptions(places, flags, data, line, io),
        ...(places.weights === undefined ? {} : { weights: { name: places.weights, ...fetching.options } }),
        command: commandText(placeNames, places, flags),
        commandFlags: flagsToKeep(named),
      }).finally(fetching.clear);
      try {
        if (places.dryRun === true) return await writeOut(io, forecastText(await trainer.forecast()));
        if (trainer.step > 0) say(io, `slimnet: going on after step ${trainer.step}`);
        const { outcome, step, best, checkpoint } = await trainer.run({ signal: io.signal });
        line.say(`slimnet: ${outcome} after step ${step}; the checkpoint is ${checkpoint}`);
        if (best !== null)
          line.say(
            `slimnet: best: ${best.value.toFixed(4)} after step ${best.step}${best.checkpoint === null ? '' : `, ${best.checkpoint}`}`,
          );
        finish(exitStatus.ok);
      } finally {
        await trainer.close();
      }
    });
};

function addPlaces(command: Command): Command {
  return command
    .argument(
      '[data]',
      'a folder with a folder of images for each class, a list (CSV, JSON lines), or TensorFlow record files',
    )
    .addOption(
      new Option(
        '-m, --model <name>',
        `network (default: ${usual.model}, or that of the training that goes on)`,
      ).choices(networkNames),
    )
    .option('-c, --checkpoint <path>', 'weights to begin with (default: drawn from the seed)')
    .addOption(weightsOption())
    .option('--exclude-scopes <scopes>', 'variables whose names begin so are not restored (a,b)', scopes)
    .option('--ignore-missing-vars', 'variables that the checkpoint lacks are drawn from the seed')
    .addOption(
      new Option('--layout <name>', 'who named the weights (default: as the names show)').choices(weightLayouts),
    )
    .option('--train-dir <folder>', 'checkpoints, event files, record; a training that is there goes on')
    .option('--trainable-scopes <scopes>', 'only variables whose names begin so are trained (a,b)', scopes)
    .option('--freeze <scopes>', 'variables whose names begin so stay as they are, statistics included (a,b)', scopes)
    .option('--logits-rate-scale <n>', 'factor of the learning rate of the last layer', number(0, 1e6))
    .option('--size <n>', "pixels a side (default: the network's own)", integer(1, 16384))
    .option(
      '--validation <part>',
      'part of each class that is held out (default: 0.1, or what the data holds out)',
      number(0, 0.99),
    )
    .option('--split <word>', 'record files: the word in the names of those to train on (default: train)')
    .option(
      '--labels-offset <n>',
      'record files: classes in front that are left out (default: 0)',
      integer(0, 1_000_000),
    )
    .option(
      '--seed <n>',
      `decides first weights, order, augmentation and dropout (default: ${usual.seed})`,
      integer(0, Number.MAX_SAFE_INTEGER),
    )
    .option('-d, --device <name>', `where to compute (slimnet doctor lists what there is) (default: ${usual.device})`)
    .option('--threads <n>', 'threads (default: cores that the process may use)', integer(1, 1024))
    .option('--gpu <list>', gpuHelp, gpuOptions)
    .addOption(
      new Option('--precision <name>', 'numbers to compute with (default: float32)').choices(trainingPrecisions),
    )
    .option('--image-workers <n>', 'images that are decoded at the same time (default: 2 to 4)', integer(1, 1024))
    .option(
      '--patience <n>',
      'ends after so many evaluations without a better one (default: never)',
      integer(1, 2 ** 31),
    )
    .option('--no-exact-resume', 'goes on although precision, threads, machine or version would give other bits')
    .option('--dry-run', 'parameters, memory and time of a step, and no training');
}

function trainerOptions(places: Places, f: TrainFlags, data: DataSet, line: ProgressLine, io: CliIo): TrainerOptions {
  const imagesPerStep = f.batchSize * f.accumulation;
  const isEndless = f.epochs === undefined && f.steps === undefined && f.learningRateDecayType !== 'cosine';
  const steps = f.steps ?? (isEndless ? endless : undefined);
  const logits = `${places.model}/${places.model.startsWith('vgg') ? 'fc8' : 'logits'}`;
  return {
    data,
    ...defined({
      trainDir: places.dryRun === true ? undefined : places.trainDir,
      checkpoint: places.checkpoint,
      excludeScopes: places.excludeScopes,
      ignoreMissing: places.ignoreMissingVars,
      layout: places.layout,
      imageSize: places.size,
      trainableScopes: places.trainableScopes,
      freeze: places.freeze,
      learningRateScales: places.logitsRateScale === undefined ? undefined : { [logits]: places.logitsRateScale },
      threads: places.threads,
      gpu: places.gpu,
      precision: places.precision,
      imageWorkers: places.imageWorkers,
      earlyStopping: places.patience === undefined ? undefined : { patience: places.patience },
      steps,
      epochs: steps === undefined ? (f.epochs ?? usualEpochs) : undefined,
      weightDecay: f.weightDecay,
      batchNormDecay: places.model.startsWith('vgg') ? undefined : f.batchNormDecay,
      movingAverageDecay: f.movingAverageDecay,
      memoryLimit: f.memoryLimit === undefined ? undefined : f.memoryLimit * 2 ** 20,
      augmentation: policies[f.augmentation]?.(),
    }),
    seed: places.seed,
    device: places.device,
    exactResume: places.exactResume,
    batchSize: f.batchSize,
    gradientAccumulationSteps: f.accumulation,
    optimizer: (length) => optimizerOf(f, { stepsPerEpoch: data.length / imagesPerStep, steps: length.steps }),
    labelSmoothing: f.labelSmoothing,
    clipGradientNorm: f.clipGradientNorm,
    classBalance: f.classBalance as 'none',
    cache: f.cache as 'auto',
    recompute: f.recompute as 'none',
    recalibrationBatches: f.recalibrationBatches,
    saveIntervalSecs: f.saveIntervalSecs,
    logEverySteps: f.logEveryNSteps,
    onNotice: (text) => line.say(printable(`slimnet: ${text}`)),
    onSkip: ({ name, error }) => line.say(printable(`slimnet: left out: ${skippedText(io, name, error)}`)),
    onStep: (step) => line.step(step, imagesPerStep),
    onEvaluation: (report) => line.say(`slimnet: ${evaluationText(report)}`),
  };
}

/** auto: what the trainer chooses. */
const policies: Readonly<Record<string, (() => AugmentationPolicy) | undefined>> = {
  slim: augmentations.slim,
  plain: augmentations.plain,
  none: augmentations.none,
};

function evaluationText({ epoch, top1, top5, loss, images }: EvaluationReport): string {
  return `epoch ${epoch.toFixed(2)}: ${images} held-out images: accuracy ${top1.toFixed(4)}, top 5 ${top5.toFixed(4)}, loss ${loss.toFixed(4)}`;
}

/** The command that repeats the training: where and what, as given, and all that decides how. */
function commandText(names: readonly string[], places: Places, flags: TrainFlags): string {
  const given: Readonly<Record<string, unknown>> = { ...places };
  const words = names.flatMap((name) => {
    const value = given[name];
    if (value === undefined || name === 'dryRun') return [];
    if (name === 'exactResume') return value === true ? [] : ['--no-exact-resume'];
    return value === true ? [`--${dashed(name)}`] : [`--${dashed(name)}`, word(String(value))];
  });
  return ['slimnet train', word(places.data ?? ''), ...words, flagsText(flags)].join(' ');
}

/** As a shell takes it for one word. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function forecastText(forecast: TrainingForecast): string {
  const { bytes, parameters, trainedParameters, steps, stepsPerEpoch, secondsPerStep, precision, threads } = forecast;
  const mebibytes = (count: number) => `${(count / 2 ** 20).toFixed(1)} MiB`;
  return table(
    ['', ''],
    [
      ['parameters', `${parameters}, trained ${trainedParameters}`],
      ['steps', `${steps}, ${stepsPerEpoch} an epoch`],
      ['variables, slots, averages', mebibytes(bytes.variables)],
      ['their second copy', mebibytes(bytes.spare)],
      ['working memory of a step', mebibytes(bytes.arena)],
      ['constants', mebibytes(bytes.constants)],
      ['memory of all that', mebibytes(bytes.total)],
      ['seconds of a step', `${secondsPerStep.toFixed(3)} (${precision}, ${threads} threads)`],
      ['hours of the training', ((secondsPerStep * steps) / 3600).toFixed(2)],
    ],
  );
}
