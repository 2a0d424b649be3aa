// The command line of `npm run bench`.
import { commandLine } from '../scripts/lib/command_line.mjs';
import { SetupError } from '../scripts/lib/console.mjs';
import { measurements } from './measurements/index.mjs';
import { isOwn, subjects } from './subjects.mjs';

const precisions = ['float32', 'bfloat16', 'int8'];
const defaultNetworks = 'resnet_v1_50,resnet_v2_50,vgg_16';

/** Items of a list that are known. @throws SetupError that names what there is */
function chosen(name, text, known) {
  const items = text.split(',').filter((item) => item !== '');
  const unknown = items.find((item) => !known.includes(item));
  if (unknown !== undefined) throw new SetupError(`--${name}: there is no ${unknown}; there is ${known.join(', ')}.`);
  return items;
}

/** The one item of a text. @throws SetupError that names what there is */
function one(name, text, known) {
  const [item, ...more] = chosen(name, text, known);
  if (item === undefined || more.length > 0)
    throw new SetupError(`--${name}: expected one of ${known.join(', ')}, received ${text}.`);
  return item;
}

/** @throws SetupError unless the text is a number from `least` on */
function numeric(name, text, least, integral = true) {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < least || (integral && !Number.isInteger(value)))
    throw new SetupError(
      `--${name}: expected ${integral ? 'an integer' : 'a number'} from ${least} on, received ${text}.`,
    );
  return value;
}

/** Subjects whose names, or the part before a dash, are in the list; slimnet and the idle process are always there. */
function chosenSubjects(text) {
  if (text === undefined) return subjects;
  const names = [...new Set(subjects.flatMap(({ name }) => [name, name.split('-')[0]]))];
  const wanted = new Set(chosen('peers', text, names));
  return subjects.filter(
    ({ name }) => isOwn(name) || name === 'idle' || wanted.has(name) || wanted.has(name.split('-')[0]),
  );
}

/** `16x224`: a batch of 16 images of 224 pixels a side. */
function trainingSize(text) {
  const [, batch, size] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (!(batch >= 1 && size >= 1))
    throw new SetupError(`--training-sizes: expected batch x pixels as 16x224, received ${text}.`);
  return { batch: Number(batch), size: Number(size) };
}

/** Processors of a list as `taskset -c` takes it: 0,2 or 0-3. */
function processors(text) {
  let count = 0;
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (!(last >= first)) throw new SetupError(`--pin: expected processors as 0,1 or 0-3, received ${text}.`);
    count += last - first + 1;
  }
  return count;
}

/** @throws SetupError with what is wrong and what would be right */
export function parseOptions(args) {
  const { values } = commandLine(new URL('run.mjs', import.meta.url), {
    args,
    options: {
      only: { type: 'string' },
      peers: { type: 'string' },
      networks: { type: 'string', default: defaultNetworks },
      batches: { type: 'string', default: '1,32' },
      precisions: { type: 'string', default: precisions.join(',') },
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '3' },
      pictures: { type: 'string', default: '64' },
      'overload-seconds': { type: 'string', default: '600' },
      images: { type: 'string', default: '3072' },
      'soak-precision': { type: 'string', default: 'float32' },
      compile: { type: 'string', default: 'resnet_v1_200' },
      'training-sizes': { type: 'string', default: '16x224,32x64' },
      pin: { type: 'string', default: '0,1' },
      out: { type: 'string' },
    },
  });
  const names = measurements.map(({ name }) => name);
  const only = values.only === undefined ? names : chosen('only', values.only, [...names, 'report']);
  return {
    only: new Set(only),
    subjects: chosenSubjects(values.peers),
    networks: values.networks.split(','),
    batches: values.batches.split(',').map((batch) => numeric('batches', batch, 1)),
    precisions: chosen('precisions', values.precisions, precisions),
    rounds: numeric('rounds', values.rounds, 1),
    seconds: numeric('seconds', values.seconds, 0.01, false),
    pictures: numeric('pictures', values.pictures, 1),
    overloadSeconds: numeric('overload-seconds', values['overload-seconds'], 1),
    images: numeric('images', values.images, 1),
    soakPrecision: one('soak-precision', values['soak-precision'], precisions),
    compile: values.compile,
    trainingSizes: values['training-sizes'].split(',').map(trainingSize),
    pin: values.pin,
    threads: processors(values.pin),
    out: values.out,
  };
}
