/**
 * What the arrays of Keras' HDF5 files are called as weights: `layer/kernel`, as `weight.path` says it in Keras 3. There are two kinds of files.
 * `.weights.h5` and `.keras` have groups `vars` with numbered arrays, and the name of the layer as an attribute; `.h5` of `model.save` and of older
 * versions a group for each layer, with the names of its weights below.
 */
import { CheckpointError } from '../../errors.js';
import { type Hdf5Data, type Hdf5File, nameOf } from './hdf5.js';

/** Weights of layers in the order of their numbers, by what Keras calls the class. */
const weightsOf: readonly (readonly [pattern: RegExp, names: readonly string[]])[] = [
  [/^batch_normalization/, ['gamma', 'beta', 'moving_mean', 'moving_variance']],
  [/^layer_normalization/, ['gamma', 'beta']],
  [/^depthwise_conv/, ['kernel', 'bias']],
  [/^(conv\dd|conv\dd_transpose|dense)/, ['kernel', 'bias']],
];

/** The arrays of a file by the names of the weights. @throws CheckpointError where two have one name, or layers none */
export function kerasWeights(file: Pick<Hdf5File, 'groups' | 'data'>, path: string): Map<string, Hdf5Data> {
  const isNumbered = file.groups.some(({ path: group }) => group.at(-1) === 'vars');
  const named = isNumbered ? numbered(file, path) : grouped(file);
  const weights = new Map<string, Hdf5Data>();
  const counts = new Map<string, number>();
  for (const { name } of named) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { name, outer, data } of named) {
    // Two networks in one may have layers of the same names.
    const full = counts.get(name) === 1 ? name : `${outer}/${name}`;
    if (weights.has(full))
      throw new CheckpointError(`Two arrays have the name ${full}: ${nameOf(data)} is one of them.`, { path });
    weights.set(full, data);
  }
  return weights;
}

interface Named {
  readonly name: string;
  /** Stands before the name where it is not the only one. */
  readonly outer: string;
  readonly data: Hdf5Data;
}

function numbered({ groups, data }: Pick<Hdf5File, 'groups' | 'data'>, path: string): Named[] {
  const names = new Map(groups.map((group) => [group.path.join('/'), group.name]));
  const counts = new Map<string, number>();
  for (const { path: each } of data) {
    const group = each.slice(0, -1).join('/');
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return data.map((each) => {
    const vars = each.path.slice(0, -1);
    const holder = vars.slice(0, -1);
    const isOptimizer = each.path[0] === 'optimizer';
    if (vars.at(-1) !== 'vars' || isOptimizer) return { name: nameOf(each), outer: '', data: each };
    const layer = names.get(vars.join('/'));
    if (layer === undefined)
      throw new CheckpointError(
        `The layer of ${nameOf(each)} has no name: the file was written by a version of Keras that kept none.`,
        {
          path,
          hint: 'load it in Keras and save it again, or convert the weights to safetensors: docs/foreign_weights.md.',
        },
      );
    const index = each.path.at(-1) as string;
    const kind = weightsOf.find(([pattern]) => pattern.test(holder.at(-1) ?? ''))?.[1];
    const siblings = counts.get(vars.join('/'));
    // A normalization without gamma or beta has other numbers.
    const isWhole = kind !== undefined && (siblings === kind.length || (kind[1] === 'bias' && siblings === 1));
    const weight = isWhole ? (kind[Number(index)] ?? index) : index;
    return { name: `${layer}/${weight}`, outer: holder.filter((part) => part !== 'layers').join('/'), data: each };
  });
}

/** What stands below this group are weights; what stands beside it is what training keeps. */
const weightGroup = 'model_weights';

function grouped({ groups, data }: Pick<Hdf5File, 'groups' | 'data'>): Named[] {
  const isModel = groups.some(({ path }) => path.length === 1 && path[0] === weightGroup);
  return data.map((each) => {
    const inner = isModel && each.path[0] === weightGroup ? each.path.slice(1) : each.path;
    const isWeight = !isModel || each.path[0] === weightGroup;
    const [layer = '', ...rest] = inner;
    const name = (isWeight && rest.length > 0 ? rest : inner).join('/').replace(/:0$/, '');
    return { name, outer: layer, data: each };
  });
}
