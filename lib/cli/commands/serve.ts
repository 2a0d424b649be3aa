import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { checkpointFingerprint } from '../../checkpoint/index.js';
import { defined } from '../../core/options.js';
import { defaultWorkers as defaultImageWorkers } from '../../data/image_loader.js';
import { ArgumentError, systemReason } from '../../errors.js';
import type { Model } from '../../model/index.js';
import { loadAddon } from '../../native/binding.js';
import { type SharedWeightsChoice, sharedWeightsVariable } from '../../runtime/programs/shared_weights.js';
import {
  type LimitName,
  type Limits,
  limitTable,
  ModelRepository,
  type SlimnetServer,
  startServer,
  type VersionSource,
  versionsInFolder,
  watch,
} from '../../server/index.js';
import { mostInstances, ofInstances } from '../../server/repository/index.js';
import { runWorkers, type Siblings, siblings } from '../../server/workers/index.js';
import type { DefineCommand } from '../command.js';
import { decodeOptions } from '../image_options.js';
import { type CliIo, errorText, exitStatus, printable, say } from '../io.js';
import {
  addPrecisionOptions,
  addSourceOptions,
  addWeightOptions,
  loadFromFlags,
  type ModelFlags,
  modelOptions,
  networkOf,
  withCheckpoint,
} from '../model_options.js';
import { integer } from '../numbers.js';

interface ServeFlags extends Omit<ModelFlags, 'checkpoint'>, Partial<Limits> {
  readonly checkpoint?: string;
  readonly weights?: 'imagenet';
  readonly repository?: string;
  readonly watch?: boolean;
  readonly watchMs: number;
  readonly modelControl?: boolean;
  readonly profiling?: boolean;
  readonly tracing?: boolean;
  readonly metrics: boolean;
  readonly page: boolean;
  readonly tritonMetrics?: boolean;
  readonly imageWorkers?: number;
  readonly name?: string;
  readonly host: string;
  readonly port: number;
  readonly grpcPort?: number;
  readonly workers: number;
  readonly instances?: number;
  /** A folder; false: none. */
  readonly sharedWeights?: string | false;
  readonly computeNice?: number;
  readonly queue: number;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logLevel: string;
  readonly drainDelayMs: number;
  readonly graceMs: number;
}

/** Pictures of strangers: of three bytes a pixel, these are 150 MB. */
const defaultPixels = 50_000_000;
/** How long one of them may be decoded. */
const decodeSeconds = 10;

/** What a worker may take to end after its grace. */
const afterGraceMs = 10_000;

const logLevels = ['silent', 'error', 'warn', 'info', 'debug'];

const examples = `
Examples:
  slimnet serve --model resnet_v1_50 --weights imagenet
  slimnet serve --checkpoint resnet_v1_50.ckpt --labels labels.txt
  curl --data-binary @photo.jpg http://127.0.0.1:8000/v1/models/resnet_v1_50:classify
  curl http://127.0.0.1:8000/v2/models/resnet_v1_50

The server needs two more libraries: npm install fastify@5 prom-client@15`;

export const serve: DefineCommand = (program, io, finish) => {
  const command = program
    .command('serve')
    .description('a server for models, with the Open Inference Protocol of KServe and Triton (docs/serving.md)');
  addSourceOptions(command).option(
    '--repository <folder>',
    'instead of a checkpoint: a folder with NAME/VERSION/ for each model (docs/serving.md)',
  );
  addLimits(addPrecisionOptions(addWeightOptions(command, defaultPixels)))
    .option('-l, --labels <path>', 'names of the classes (docs/labels.md)')
    .option('--watch', 'look for new checkpoints and versions, and replace what is served without a pause')
    .option('--watch-ms <n>', 'how often to look', integer(100, 3_600_000), 5000)
    .option('--model-control', 'let clients load and unload models')
    .option('--profiling', 'let clients ask how long each layer takes')
    .option('--tracing', 'spans for OpenTelemetry, of which node --import registers an SDK')
    .option('--no-page', 'no page for people at /')
    .option('--no-metrics', 'no metrics at /metrics')
    .option('--triton-metrics', "also metrics under Triton's names, nv_inference_*")
    .option('--name <name>', 'name of the model in paths (default: that of the network)')
    .option('--host <address>', 'address to listen at; 0.0.0.0 for all of this machine', '127.0.0.1')
    .option('-p, --port <n>', 'port to listen at', integer(0, 65535), 8000)
    .option('--grpc-port <n>', 'also gRPC at this port; needs npm install @grpc/grpc-js@1', integer(0, 65535))
    .option('--workers <n>', 'processes that share the cores and the port', integer(1, 1024), 1)
    .option(
      '--instances <n>',
      'batches of a model that run at the same time, each on one thread: --mode throughput with n threads',
      integer(1, mostInstances),
    )
    .option(
      '--shared-weights <folder>',
      'share weights in memory with other processes through files there (default with workers: ~/.cache/slimnet/shared)',
    )
    .option('--no-shared-weights', 'each worker has its own')
    .option(
      '--image-workers <n>',
      'images that are decoded or preprocessed at the same time (default: 2 to 4, by the cores)',
      integer(1, 1024),
    )
    .option(
      '--compute-nice <n>',
      'niceness of the threads that compute, so that the event loop goes first (Linux; default: that of the process)',
      integer(0, 19),
    )
    .option('--queue <n>', 'images that may wait for their batch', integer(1, 2 ** 20), 256)
    .option(
      '--token-file <path>',
      'file with the token that clients must have (default: SLIMNET_TOKEN, where it is set)',
    )
    .option('--tls-cert <path>', 'certificate chain, PEM: serves HTTPS')
    .option('--tls-key <path>', 'key of the certificate, PEM')
    .addOption(new Option('--log-level <level>', 'of the log on standard error').choices(logLevels).default('info'))
    .option('--drain-delay-ms <n>', 'when stopped, go on with requests for so long', integer(0, 3_600_000), 500)
    .option('--grace-ms <n>', 'when stopped, wait for answers for so long', integer(0, 3_600_000), 25_000)
    .addHelpText('after', examples)
    .action(async (flags: ServeFlags) => finish(await runServer(flags, io)));
};

function addLimits(command: Command): Command {
  for (const [name, { default: value, most, unit, what }] of Object.entries(limitTable)) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const unitText = unit === null ? '' : `, in ${unit}`;
    command.option(`--${flag} <n>`, `limit: ${what}${unitText} (default: ${value})`, integer(1, most));
  }
  return command;
}

async function runServer(given: ServeFlags, io: CliIo): Promise<number> {
  const flags = withInstances(given);
  if (flags.workers === 1) return serveHere(flags, io, null);
  const own = siblings();
  if (own === null) return serveWithWorkers(flags, io);
  // Cores are divided among the workers, and so are threads that decode.
  const share = (all: number) => Math.max(1, Math.floor(all / flags.workers));
  const threads = flags.threads ?? share(loadAddon().diagnostics().cores);
  const imageWorkers = flags.imageWorkers ?? share(defaultImageWorkers);
  return serveHere({ ...flags, threads, imageWorkers }, io, own);
}

/** Instances in the words of the engine. */
function withInstances({ instances, ...flags }: ServeFlags): ServeFlags {
  if (instances === undefined) return flags;
  const { mode, threads } = flags;
  // What --mode is unless told.
  const given = defined({ mode: mode === 'latency' ? undefined : mode, threads });
  return { ...flags, ...defined(ofInstances('serve', instances, given)) };
}

/** Starts workers, each of which runs this command once more, and keeps them going. */
async function serveWithWorkers(flags: ServeFlags, io: CliIo): Promise<number> {
  // What is wrong with the options is told once.
  await (await versionsOf(flags, io))();
  tokenFor(flags);
  tlsFor(flags);
  const inOrder = await runWorkers({
    ...{ count: flags.workers, metrics: flags.metrics, signal: io.signal },
    stopMs: flags.drainDelayMs + flags.graceMs + afterGraceMs,
    onEvent: (text) => say(io, `slimnet: ${text}`),
  });
  return inOrder ? exitStatus.ok : exitStatus.failed;
}

/** Serves in this process, which may be one of several. */
async function serveHere(flags: ServeFlags, io: CliIo, own: Siblings | null): Promise<number> {
  const limits = defined(
    Object.fromEntries((Object.keys(limitTable) as LimitName[]).map((name) => [name, flags[name]])),
  ) as Partial<Limits>;
  const { host, port, grpcPort, drainDelayMs, graceMs, logLevel: level, modelControl, profiling, tracing } = flags;
  const tell = (text: string) => say(io, `slimnet: ${own === null ? '' : `worker ${process.pid}: `}${text}`);
  const signal = own === null ? io.signal : AbortSignal.any([io.signal, own.signal]);
  const versions = await versionsOf(flags, io);
  const told = new Set<unknown>();
  let server: SlimnetServer | null = null;
  const report = () => {
    if (server !== null) own?.report(repository.ready, addressesOf(server));
  };
  const repository = new ModelRepository({
    onChange: ({ name, version, state, reason }, error) => {
      told.add(error);
      if (error !== undefined) tell(printable(`${name}, version ${version}: ${errorText(io, error)}`));
      else if (state !== 'LOADING') tell(printable(`${name}, version ${version}: ${reason || state.toLowerCase()}`));
      const unshared =
        state === 'READY' && error === undefined ? whyNotShared(flags, repository.get(name, version).model) : '';
      if (unshared !== '') tell(`weights are not shared with other processes: ${unshared} (docs/shared_weights.md)`);
      report();
    },
  });
  for (const source of await versions()) repository.add(source);
  const listen = async () => {
    server = await startServer({
      ...{ models: repository, host, port, limits, drainDelayMs, graceMs },
      ...defined({ token: tokenFor(flags), tls: tlsFor(flags), grpcPort, modelControl, profiling, tracing }),
      ...defined({ computeNiceness: flags.computeNice }),
      ...(own === null ? {} : { siblings: own }),
      page: flags.page,
      metrics: flags.metrics && flags.tritonMetrics === true ? 'triton' : flags.metrics,
      logger: { level, stream: { write: (line) => void io.err.write(line) } },
    });
    if (own === null) tell(`listening at ${addressesOf(server)}`);
    report();
    return server;
  };
  const load = async () => {
    // A server of many models lives with those that it could load; one of a single model is nothing without it.
    await repository.loadAll().catch((error: unknown) => {
      if (flags.repository === undefined || signal.aborted) throw error;
    });
  };
  let endWatch = async () => {};
  try {
    // Others answer until one that takes the place of a worker can: it gets connections once it listens.
    for (const step of own?.replaces === true ? [load, listen] : [listen, load]) await step();
    if (flags.watch === true)
      endWatch = watch(repository, {
        ...{ intervalMs: flags.watchMs, versions },
        onError: (error) => {
          if (!told.has(error)) tell(errorText(io, error));
          told.clear();
        },
      });
    await aborted(signal);
  } catch (error) {
    await stopOf(server);
    throw error;
  }
  tell('stopping');
  // What is being loaded goes on to its end, beside the answers.
  const [inTime] = await Promise.all([stopOf(server), endWatch()]);
  if (!inTime) tell(`answers took longer than ${graceMs} ms and were given up`);
  return inTime ? exitStatus.ok : exitStatus.failed;
}

function stopOf(server: SlimnetServer | null): Promise<boolean> {
  return server === null ? Promise.resolve(true) : server.stop();
}

function addressesOf({ url, grpcAddress }: SlimnetServer): string {
  return grpcAddress === null ? url : `${url}, and for gRPC at ${grpcAddress}`;
}

/** What there is to serve, each time that somebody asks. */
async function versionsOf(flags: ServeFlags, io: CliIo): Promise<() => Promise<readonly VersionSource[]>> {
  const { checkpoint, weights, repository } = flags;
  if ([checkpoint, weights, repository].filter((given) => given !== undefined).length !== 1)
    throw new ArgumentError('serve: expected one of --checkpoint, --weights and --repository.');
  const batching = {
    ...{ maxBatchSize: flags.batch, queueLimit: Math.max(flags.queue, flags.batch) },
    ...defined({ timeoutMs: flags.timeoutMs }),
  };
  const decode = { ...decodeOptions({ maxPixels: defaultPixels, ...flags }), timeoutSeconds: decodeSeconds };
  const images = defined({ imageWorkers: flags.imageWorkers, sharedWeights: sharedWeightsOf(flags) });
  if (repository !== undefined) {
    for (const name of ['model', 'name', 'labels'] as const)
      if (flags[name] !== undefined)
        throw new ArgumentError(`serve: --${name} is for one model; with --repository it stands in NAME/model.json.`);
    const { checkpoint: _, batching: __, ...options } = modelOptions({ ...flags, checkpoint: '' });
    return () => versionsInFolder(repository, { ...options, batching, decode, ...images });
  }
  const one = await withCheckpoint(flags, io);
  const source: VersionSource = {
    name: flags.name ?? (await networkOf(one)),
    version: '1',
    load: () => loadFromFlags(one, io, { files: false, batching, decode, ...images }),
    fingerprint: () => checkpointFingerprint(one.checkpoint),
  };
  return async () => [source];
}

/** Workers share, unless told otherwise; a single process does where it is told through which folder. */
function sharedWeightsOf({ sharedWeights, workers }: ServeFlags): SharedWeightsChoice | undefined {
  if (typeof sharedWeights === 'string') return { folder: resolve(sharedWeights) };
  return sharedWeights !== false && workers > 1 ? true : undefined;
}

/** In words for people; '' where all is shared that could be, or nothing shall be. */
function whyNotShared(flags: ServeFlags, model: Model): string {
  if (sharedWeightsOf(flags) === undefined || process.env[sharedWeightsVariable] === 'off') return '';
  const { sharedWeights } = model.session.stats();
  return sharedWeights === undefined ? 'this user has no folder for caches' : sharedWeights.problem;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function tokenFor({ tokenFile }: ServeFlags): string | undefined {
  if (tokenFile !== undefined) return read(tokenFile, 'the token').toString('utf8').trim();
  const token = process.env.SLIMNET_TOKEN;
  return token === '' ? undefined : token;
}

function tlsFor({ tlsCert, tlsKey }: ServeFlags): { cert: Buffer; key: Buffer } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new ArgumentError('--tls-cert and --tls-key: expected both or neither.');
  return { cert: read(tlsCert, 'the certificate'), key: read(tlsKey, 'the key') };
}

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ArgumentError(`Cannot read ${what}: ${systemReason(cause)}.`, { path, cause });
  }
}
