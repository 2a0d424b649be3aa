/**
 * What a checkpoint of a training run says of the run, besides its variables: tensors `slimnet/state/<name>`. Integers are int64 scalars,
 * all else is JSON, as the bytes of its UTF-8. Whoever restores variables by name passes them over.
 */
import { describe } from '../core/dtype.js';
import { parseJson } from '../core/json.js';
import { CheckpointError } from '../errors.js';
import type { CheckpointEntry } from './entries.js';
import type { CheckpointReader } from './reader.js';

const scope = 'slimnet/state/';
const longest = 64 * 2 ** 20;

/** The tensors for some values by name. */
export function runStateTensors(state: Readonly<Record<string, unknown>>): CheckpointEntry[] {
  return Object.entries(state).map(([key, value]): CheckpointEntry => {
    const name = scope + key;
    if (Number.isSafeInteger(value))
      return { name, dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value as number)) };
    const data = new TextEncoder().encode(JSON.stringify(value));
    return { name, dtype: 'uint8', shape: [data.length], data };
  });
}

/**
 * The values that a checkpoint holds; null where it is of no training run.
 * @throws CheckpointError where they are damaged
 */
export async function readRunState(reader: CheckpointReader): Promise<Readonly<Record<string, unknown>> | null> {
  const names = [...reader.tensors.keys()].filter((name) => name.startsWith(scope));
  if (names.length === 0) return null;
  const state: Record<string, unknown> = {};
  for (const name of names) state[name.slice(scope.length)] = await readValue(reader, name);
  return state;
}

async function readValue(reader: CheckpointReader, name: string): Promise<unknown> {
  const fail = (what: string): CheckpointError =>
    new CheckpointError(`${name}: this is no state of a training run: ${what}.`, { path: reader.path });
  const { dtype, shape } = reader.tensors.get(name) ?? { dtype: 'none', shape: [] };
  if (dtype === 'int64' && shape.length === 0) {
    const { data } = await reader.readAs(name, 'int64');
    const value = Number((data as BigInt64Array)[0]);
    if (!Number.isSafeInteger(value)) throw fail(`expected an integer, received ${value}`);
    return value;
  }
  if (dtype !== 'uint8' || shape.length !== 1 || (shape[0] as number) > longest)
    throw fail(`expected text, received ${describe(dtype)}`);
  const { data } = await reader.readAs(name, 'uint8');
  return parseJson(new TextDecoder().decode(data as Uint8Array), (what) => fail(what));
}
