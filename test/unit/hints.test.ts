/** Hints name options that whoever sees them has, as they are written there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../../lib/cli/main.js';
import { spelledOnCommandLine } from '../../lib/cli/spelling.js';
import { preprocessImageSpelling } from '../../lib/data/preprocess_image.js';
import { Advice, Code, ownSpelling, type Spelling } from '../../lib/errors.js';
import {
  checkpoint,
  decodeImage,
  Graph,
  loadModel,
  Model,
  preprocessImage,
  Saver,
  Session,
  slim,
  Trainer,
} from '../../lib/index.js';
import { modelSpelling } from '../../lib/model/call_options.js';
import { loadModelSpelling } from '../../lib/model/load_model.js';
import { assignFnSpelling, assignSpelling } from '../../lib/runtime/variables/assign.js';
import { saverSpelling } from '../../lib/runtime/variables/saver.js';
import { trainerSpelling } from '../../lib/trainer/options.js';
import { fakeIo } from '../helpers/cli.js';

const root = join(__dirname, '..', '..');
const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ file: `lib/${name}`, text: readFileSync(join(root, 'lib', name), 'utf8') }));

/** The options of all advice in the sources. */
const advised = new Set<string>();
for (const { file, text } of sources) {
  if (file === 'lib/errors.ts') continue;
  for (const [, template] of text.matchAll(/\badvice`((?:\\.|[^`\\])*)`/gs))
    for (const [, option] of (template as string).matchAll(/\$\{\[?\s*'([\w.]+)'/g)) advised.add(option as string);
  for (const [, option] of text.matchAll(/\badvice\(\s*\[[^\]]*\],\s*\[?\s*'([\w.]+)'/g)) advised.add(option as string);
}
// The batcher's errors are given the option by name.
for (const option of ['timeoutMs', 'batching.queueLimit']) advised.add(option);

/** A value of each kind that advice is given with. */
const values = [undefined, true, false, 5, 'float32', 'tensorflow_v2', ['a/b'], new Code('(name) => name')];

/** Whether a call complains that it has no such option; what else it complains about does not matter. */
async function knows(call: () => unknown): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    return !/has no option/.test((error as Error).message);
  }
}

/** `{ a: { b: undefined } }` of `a.b`. */
function options(path: string): object {
  return path.split('.').reduceRight<object | undefined>((value, name) => ({ [name]: value }), undefined) as object;
}

const graph = new Graph();
const session = Session.create(graph, { device: 'reference' });
const load = (path: string) => loadModel('resnet_18', { untrainedSeed: 1, ...options(path), imageSize: 0 } as never);

/** What callers can give, by the words with which hints name it to them; a word for where it is given stands behind `of`. */
const entryPoints: Record<
  string,
  { readonly spelling: Spelling; readonly has: (path: string, of?: string) => Promise<boolean> }
> = {
  loadModel: { spelling: loadModelSpelling, has: (path) => knows(() => load(path)) },
  'methods of a model': {
    spelling: modelSpelling,
    has: async (path, of) => {
      if (of === 'loadModel') return knows(() => load(path));
      const untouched = Object.create(Model.prototype) as Model;
      return knows(() => untouched.classify('a.jpg', options(path)));
    },
  },
  'Trainer.create': {
    spelling: trainerSpelling,
    has: (path) => knows(() => Trainer.create('resnet_18', options(path) as never)),
  },
  preprocessImage: {
    spelling: preprocessImageSpelling,
    has: (path) => knows(() => preprocessImage({} as never, options(path) as never)),
  },
  assignFromCheckpoint: {
    spelling: assignSpelling,
    has: async (path) =>
      path === 'numClasses' ||
      knows(async () => slim.assignFromCheckpoint(await session, 'nowhere', [], options(path))),
  },
  assignFromCheckpointFn: {
    spelling: assignFnSpelling,
    has: async (path) =>
      path === 'numClasses' || knows(() => slim.assignFromCheckpointFn('nowhere', [], options(path))),
  },
  Saver: {
    spelling: saverSpelling,
    has: async (path) => path === 'numClasses' || knows(() => new Saver(options(path))),
  },
};

const io = fakeIo();
const commands = commandLine(io, () => {}).commands;
for (const command of commands) {
  entryPoints[`slimnet ${command.name()}`] = {
    spelling: spelledOnCommandLine(command),
    has: async (flag) => command.options.some(({ long }) => long === flag),
  };
}

test('the scan finds the advice that there is', () => {
  for (const option of [
    'maxPixels',
    'ignoreMissing',
    'excludeScopes',
    'nameMap',
    'numClasses',
    'precision',
    'overwrite',
    'format',
  ])
    expect([...advised]).toContain(option);
});

test.each(Object.entries(entryPoints))('%s has every option that its hints name', async (_, { spelling, has }) => {
  for (const option of advised) {
    for (const value of values) {
      const spelled = spelling(option, value);
      if (spelled === null) continue;
      const [, name, of] = /^(--[\w-]+|[\w.]+).*?(?: of (\w+))?$/s.exec(spelled) as RegExpExecArray;
      expect([option, spelled, await has(name as string, of)]).toEqual([option, spelled, true]);
    }
  }
});

test('where nothing is known of the caller, an option of a hint is one of the functions that may show it', async () => {
  const anywhere = [
    (path: string) => knows(() => load(path)),
    (path: string) => knows(() => (Object.create(Model.prototype) as Model).classify('a.jpg', options(path))),
    (path: string) => knows(() => Trainer.create('resnet_18', options(path) as never)),
    (path: string) => knows(() => decodeImage('nowhere.jpg', options(path))),
    (path: string) => knows(() => Session.create(graph, { ...options(path), device: 3 } as never)),
    async (path: string) => knows(async () => (await session).restore('nowhere', options(path))),
    (path: string) => knows(() => checkpoint.openCheckpoint('nowhere', options(path))),
    (path: string) => knows(() => checkpoint.convertCheckpoint('nowhere', 'x', options(path))),
  ];
  const onCommandLine = async (option: string) =>
    commands.some((command) => spelledOnCommandLine(command)(option) !== null);
  for (const option of advised) {
    expect(ownSpelling(option)).toBe(option);
    const known = await Promise.all([...anywhere, onCommandLine].map((has) => has(option)));
    expect([option, known.includes(true)]).toEqual([option, true]);
  }
});

/** Hints without advice may name options of the one function that shows them. */
const ownOptions: Readonly<Record<string, readonly string[]>> = {
  'lib/data/batches/batch_loader.ts': ['batchSize'],
  'lib/data/data_sets/tf_records.ts': ['labelsOffset'],
  'lib/export/onnx_exporter.ts': ['isTraining'],
  'lib/model/own_network.ts': ['numClasses'],
};

/** Layers that have no other entry points than their own functions: there it is enough that a name is one of the sources. */
const separate = /^lib\/(autodiff|report|slim|summaries|train|trainer)\//;
const isNamed = (name: string) => sources.some(({ text }) => new RegExp(`\\b${name}\\b\\??\\s*[:(=]`).test(text));

const functions = /^(writeOnnx|readAs|readStrings)$/;

/** The texts of hints that are no advice, and the sentences with the name of a command in them. */
function plainHints(text: string): string[] {
  const literal = /hint:\s*((?:'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|\s*\+\s*|\s)+)/g;
  return [...text.matchAll(literal)].map(([, hint]) => (hint as string).replace(/\$\{[^}]*\}/g, ''));
}

test('other hints name no options that callers may know by another name', () => {
  const found: string[] = [];
  for (const { file, text } of sources) {
    for (const hint of plainHints(text)) {
      const names = hint.match(/\b[a-z]+[A-Z]\w*\b|\b(?:precision|device|format|overwrite|exclude)(?=: )/g) ?? [];
      // What commands say is checked by their flags.
      if (file.startsWith('lib/cli/')) continue;
      const other = names.filter(
        (name) => !functions.test(name) && !ownOptions[file]?.includes(name) && !(separate.test(file) && isNamed(name)),
      );
      if (other.length > 0) found.push(`${file}: ${other.join()}`);
    }
  }
  expect(found).toEqual([]);
});

test('commands and flags that hints name exist', () => {
  const flagsOf = new Map(commands.map((command) => [command.name(), command.options.map(({ long }) => long)]));
  const wrong: string[] = [];
  for (const { file, text } of sources) {
    const own = /^lib\/cli\/commands\/(\w+)\.ts$/.exec(file)?.[1];
    if (own !== undefined && flagsOf.has(own))
      for (const hint of plainHints(text))
        for (const [flag] of hint.matchAll(/--[a-z][\w-]*/g))
          if (!flagsOf.get(own)?.includes(flag)) wrong.push(`${file}: ${own} has no ${flag}`);
    for (const [, command, flag] of text.matchAll(/\bslimnet (\w+)(?: (--[a-z][\w-]*))?[^\n]*?\\`/g)) {
      const flags = flagsOf.get(command as string);
      if (flags === undefined || (flag !== undefined && !flags.includes(flag)))
        wrong.push(`${file}: slimnet ${command} ${flag ?? ''}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('advice that nobody can follow is left out, or says something else', () => {
  const advice = new Advice(['raise ', '.'], ['maxPixels']);
  expect(advice.say(() => null)).toBeNull();
  expect(advice.or('take a smaller one.').say(() => null)).toBe('take a smaller one.');
});
