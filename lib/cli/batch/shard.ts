import { ArgumentError } from '../../errors.js';

/** One of so many shares of a batch. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const wholeBatch: Shard = { index: 0, count: 1 };

/** Engines that run one program many times, and by which variables each run knows its number, and how many there are. */
const engines = [
  // An Indexed Job sets no count: its template hands it over.
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', first: null, counts: ['JOB_COMPLETIONS'] },
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    first: 'SLURM_ARRAY_TASK_MIN',
    counts: ['SLURM_ARRAY_TASK_COUNT'],
  },
] as const;

/**
 * The shard that `--shard` names: `i/n` with i from 0 to n - 1, or `auto`, which is read from what Kubernetes (Indexed Job) or Slurm (array)
 * tells a program.
 * @throws ArgumentError
 */
export function shardOf(text: string, environment: NodeJS.ProcessEnv): Shard {
  if (text === 'auto') return fromEnvironment(environment, undefined);
  const [, index, count] = /^(\d{1,9}|auto)\/(\d{1,9})$/.exec(text) ?? [];
  if (index === 'auto') return fromEnvironment(environment, Number(count));
  return checked(Number(index), Number(count), `--shard ${text}`);
}

function fromEnvironment(environment: NodeJS.ProcessEnv, count: number | undefined): Shard {
  const engine = engines.find(({ index }) => (environment[index] ?? '') !== '');
  if (engine === undefined)
    throw new ArgumentError(`--shard auto: neither ${engines.map(({ index }) => index).join(' nor ')} is set.`, {
      hint: 'they are, in a Kubernetes Indexed Job or a Slurm array; elsewhere give --shard 0/4.',
    });
  const told = engine.counts.map((name) => environment[name]).find((value) => (value ?? '') !== '');
  if (told === undefined && count === undefined)
    throw new ArgumentError(`--shard auto: ${engine.index} is set, ${engine.counts.join(', ')} is not.`, {
      hint: 'give the number of shards, --shard auto/8.',
    });
  const first = engine.first === null ? 0 : Number(environment[engine.first] ?? 0);
  const index = Number(environment[engine.index]) - first;
  return checked(index, count ?? Number(told), `--shard auto (${engine.index}=${environment[engine.index]})`);
}

function checked(index: number, count: number, where: string): Shard {
  if (Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count) return { index, count };
  throw new ArgumentError(`${where}: expected i/n with i from 0 to n - 1, or auto.`);
}
