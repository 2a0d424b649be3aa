/** Variables whose values stand in files as they are in memory: these need not come through JavaScript. */
import { getSystemErrorName } from 'node:util';
import type { CheckpointError } from '../../errors.js';
import { endedEarly, unreadable } from '../files/byte_source.js';
import type { CheckpointReader } from '../reader.js';
import type { StoredRange, TensorInfo } from '../types.js';
import type { Assignment, RestoreVariable } from './match_variables.js';

/** Bytes after which a reading can be aborted. */
const groupBytes = 64 << 20;

/** A variable, and where its values stand. */
export interface Filling<V extends RestoreVariable = RestoreVariable> {
  readonly variable: V;
  readonly bytes: number;
  readonly range: StoredRange & { readonly source: { readonly file: number } };
}

/** Why one could not be filled. */
export interface FillingProblem {
  readonly kind: 'checksum' | 'end' | 'system';
  readonly computed: number;
  /** Byte of the file. */
  readonly at: number;
  readonly errno: number;
}

/** The assignments that can be filled, in groups of some size, and all others. */
export function sortFillings<V extends RestoreVariable>(
  reader: CheckpointReader,
  assignments: readonly Assignment<V>[],
): { readonly groups: readonly (readonly Filling<V>[])[]; readonly others: readonly Assignment<V>[] } {
  const groups: Filling<V>[][] = [];
  const others: Assignment<V>[] = [];
  let room = 0;
  for (const assignment of assignments) {
    const filling = fillingOf(reader, assignment);
    if (filling === undefined) {
      others.push(assignment);
      continue;
    }
    if (room <= 0) {
      groups.push([]);
      room = groupBytes;
    }
    (groups.at(-1) as Filling<V>[]).push(filling);
    room -= filling.bytes;
  }
  return { groups, others };
}

function fillingOf<V extends RestoreVariable>(
  reader: CheckpointReader,
  { variable, tensor, dimensions, minus }: Assignment<V>,
): Filling<V> | undefined {
  if (dimensions !== undefined || minus !== undefined) return undefined;
  const { bytes, dtype } = reader.tensors.get(tensor) as TensorInfo;
  if (dtype !== variable.dtype) return undefined;
  const range = reader.range(tensor);
  if (range?.source.file === undefined) return undefined;
  return { variable, bytes, range: range as Filling<V>['range'] };
}

/** What is said of it. */
export function fillingError({ range }: Filling, { kind, computed, at, errno }: FillingProblem): CheckpointError {
  switch (kind) {
    case 'checksum':
      return (range.checksum as NonNullable<StoredRange['checksum']>).damaged(computed);
    case 'end':
      return endedEarly(range.source, at);
    case 'system':
      return unreadable(range.source, { code: getSystemErrorName(-errno) }, at);
  }
}
