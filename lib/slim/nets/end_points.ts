/**
 * Names of end points as types, from the same data that the networks are built of: a misspelled name does not compile. They hold
 * for a network in its default scope that stands at the root. Where a scope is given, or an option that decides what there is
 * has no known value, names are strings.
 */
import type { Tensor } from '../../core/graph.js';
import type { Options } from '../options.js';
import type { Scope } from '../variable_scope.js';
import type { Network } from './network.js';

/** 1 | 2 | ... | N. */
type UpTo<N, Counted extends readonly number[] = []> = Counted['length'] extends N
  ? Counted[number]
  : UpTo<N, [...Counted, [...Counted, 0]['length']]>;

/** Units, or convolutions, of each block. */
type Counts = readonly number[];

/** Residual units by their scopes, and the convolutions of each. */
interface UnitConvolutions {
  bottleneck_v1: 'conv1' | 'conv2' | 'conv3';
  bottleneck_v2: 'conv1' | 'conv2' | 'conv3';
  basic_v1: 'conv1' | 'conv2';
}

type ResidualUnit = keyof UnitConvolutions;

type UnitEndPoint<S extends string, Unit extends ResidualUnit> = S | `${S}/${UnitConvolutions[Unit]}`;

type ResnetBlock<S extends string, Unit extends ResidualUnit, Units> =
  | S
  | `${S}/unit_1/${Unit}/shortcut`
  | UnitEndPoint<`${S}/unit_${UpTo<Units>}/${Unit}`, Unit>;

/** What a residual network collects up to its last block; `Block` is a tuple as long as the number of the next one. */
type ResnetEndPoint<
  S extends string,
  Unit extends ResidualUnit,
  Units extends Counts,
  Block extends readonly 0[] = [0],
  Names extends string = `${S}/conv1`,
> = Units extends readonly [infer First, ...infer Rest extends Counts]
  ? ResnetEndPoint<S, Unit, Rest, [...Block, 0], Names | ResnetBlock<`${S}/block${Block['length']}`, Unit, First>>
  : // Basic units of the first block have as many channels as the root.
    Exclude<Names, `${S}/block1/unit_1/basic_v1/shortcut`>;

/** What a VGG network collects up to its last layer but one. */
type VggEndPoint<
  S extends string,
  Convolutions extends Counts,
  Block extends readonly 0[] = [0],
  Names extends string = `${S}/${'fc6' | 'fc7'}`,
> = Convolutions extends readonly [infer First, ...infer Rest extends Counts]
  ? VggEndPoint<S, Rest, [...Block, 0], Names | VggBlock<S, Block['length'], First>>
  : Names;

type VggBlock<S extends string, Block extends number, Convolutions> =
  | `${S}/conv${Block}/conv${Block}_${UpTo<Convolutions>}`
  | `${S}/pool${Block}`;

/** `Name` where an option's type T says that it exists, nothing where it says that it does not, any string where it may. */
type When<T, Yes, No, Name extends string> = [T] extends [No] ? never : [T] extends [Yes] ? Name : string;

/** What an option may be where it is left out, too. */
type Given<T> = T | undefined;

/** Options whose values decide which end points there are. */
type Deciding = 'numClasses' | 'globalPool' | 'spatialSqueeze' | 'scope';

/** Options O with types of their own for those that decide. */
type Decided<O extends object, N, P, Q, S> = Options<Omit<O, Deciding>> & {
  readonly numClasses?: N;
  readonly globalPool?: P;
  readonly spatialSqueeze?: Q;
  readonly scope?: S;
};

type NoClasses = 0 | null;

/** A network of `Names`, unless a scope was given. */
type InScope<S, Names extends string> = [S] extends [undefined] ? Network<Names> : Network;

/** Builds a residual network in the scope `Name`. */
export type ResnetBuilder<O extends object, Name extends string, Unit extends ResidualUnit, Units extends Counts> = <
  N extends Given<number | null> = undefined,
  P extends Given<boolean> = undefined,
  Q extends Given<boolean | null> = undefined,
  S extends Given<Scope> = undefined,
>(
  inputs: Tensor,
  options?: Decided<O, N, P, Q, S>,
) => InScope<
  S,
  | ResnetEndPoint<Name, Unit, Units>
  | When<N, number, NoClasses | undefined, `${Name}/logits` | 'predictions'>
  | When<Q, boolean, null | undefined, When<P, true | undefined, false, 'global_pool'>>
  | When<N, number, NoClasses | undefined, When<Q, true, false | null | undefined, `${Name}/spatial_squeeze`>>
>;

/** Builds a VGG network in the scope `Name`. */
export type VggBuilder<O extends object, Name extends string, Convolutions extends Counts> = <
  N extends Given<number | null> = undefined,
  P extends Given<boolean> = undefined,
  Q extends Given<boolean> = undefined,
  S extends Given<Scope> = undefined,
>(
  inputs: Tensor,
  options?: Decided<O, N, P, Q, S>,
) => InScope<
  S,
  | VggEndPoint<Name, Convolutions>
  | When<N, number | undefined, NoClasses, `${Name}/fc8`>
  | When<P, true, false | undefined, 'global_pool'>
>;
