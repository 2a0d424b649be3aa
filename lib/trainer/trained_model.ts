/** A model on the variables of a training. */
import type { Graph, Variable } from '../core/graph.js';
import { type Defaults, defined, withDefaults } from '../core/options.js';
import type { Precision } from '../core/precision.js';
import type { PreprocessingSpec } from '../data/index.js';
import { ArgumentError } from '../errors.js';
import { batchSizesUpTo } from '../model/batch_sizes.js';
import { checkBatching } from '../model/batching.js';
import { type BatchingOptions, Model } from '../model/index.js';
import type { ModelParts } from '../model/model_types.js';
import { buildNetwork, type NetworkGraph } from '../model/network_graph.js';
import { buildOwnNetwork, isOwn } from '../model/own_network.js';
import { type ExecutionMode, Session } from '../runtime/index.js';
import type { TrainedEntry } from './training_graph.js';

/** Options of `trainer.model`. */
export interface TrainedModelOptions {
  /** What to compute with; as the training unless told. */
  readonly precision?: Precision;
  /** How calls share batches. */
  readonly batching?: BatchingOptions;
  readonly mode?: ExecutionMode;
}

const defaults = {
  precision: undefined,
  batching: {},
  mode: undefined,
} satisfies Defaults<TrainedModelOptions>;

/** Where the weights come from. */
export interface WeightSource {
  readonly entry: TrainedEntry;
  readonly classes: readonly string[];
  readonly preprocessing: PreprocessingSpec;
  readonly session: Session;
  /** The variable that holds what a variable of the network has in inference: itself, or its average. */
  readonly variableFor: (name: string) => Variable | undefined;
  readonly imageWorkers: number | undefined;
}

/**
 * A model whose weights are those that a training had at the last `refresh`: it answers while the training goes on, always from the
 * weights of one step. It is disposed by itself.
 */
export class TrainedModel extends Model {
  readonly #source: WeightSource;
  readonly #values: ReadonlyMap<Variable, Variable>;

  private constructor(source: WeightSource, session: Session, outputs: NetworkGraph['outputs'], parts: ModelParts) {
    super(source.entry, session, outputs, parts);
    this.#source = source;
    this.#values = valuesFrom(source, session.graph);
  }

  /** @internal */
  static async make(source: WeightSource, options: TrainedModelOptions): Promise<TrainedModel> {
    const { precision, batching: given, mode } = withDefaults('trainer.model', options, defaults);
    const { entry, classes, preprocessing, imageWorkers: workers } = source;
    const batching = checkBatching(given);
    const built = isOwn(entry)
      ? buildOwnNetwork(entry, classes.length, preprocessing, 0)
      : buildNetwork(entry, classes.length, preprocessing, 0);
    const { device, precision: own, gpu } = source.session;
    const { threads } = source.session.stats();
    const programLimit = 8 + Object.keys(built.outputs).length * batchSizesUpTo(batching.maxBatchSize).length;
    const session = await Session.create(
      built.graph,
      defined({ device, threads, precision: precision ?? own, mode, gpu, programLimit }),
    );
    try {
      const parts = { labels: classes, numClasses: classes.length, preprocessing, batching, weights: null };
      const model = new TrainedModel(source, session, built.outputs, { ...parts, images: defined({ workers }) });
      await model.refresh();
      return model;
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  /** Takes the weights that the training has now. Calls that have begun are answered from the old ones, later ones wait. */
  async refresh(): Promise<void> {
    await this.session.assignFrom(this.#source.session, this.#values);
  }
}

function valuesFrom({ entry, variableFor }: WeightSource, graph: Graph): ReadonlyMap<Variable, Variable> {
  return new Map(
    [...graph.variables.values()].map((variable) => {
      const value = variableFor(variable.name);
      if (value === undefined)
        throw new ArgumentError(`${entry.name}: in inference it has a variable that it lacks in training.`, {
          node: variable.name,
          hint: 'build must name its variables alike, whatever isTraining is.',
        });
      return [variable, value];
    }),
  );
}
