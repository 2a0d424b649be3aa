/** What commands say of each image, whatever the format. */
import type { Model } from '../../model/model.js';
import type { ModelOutput } from '../../model/network_graph.js';
import type { Prediction } from '../../model/predictions.js';

/** An image that failed, as a record. */
export interface Failure {
  readonly file: string;
  readonly error: { readonly code: string; readonly message: string };
}

/** What became of an image. */
export type Result = { readonly file: string; readonly row: Float32Array } | Failure;

export function isFailure(result: { readonly file: string }): result is Failure {
  return 'error' in result;
}

export type ParquetType = 'STRING' | 'INT32' | 'FLOAT' | 'FLOATS';

export interface Column {
  readonly name: string;
  readonly type: ParquetType;
}

/** What a command says of images. */
export interface Content<R extends { readonly file: string } = { readonly file: string }> {
  /** The output of the network that it takes. */
  readonly output: ModelOutput;
  /** Values of a row of that output. */
  readonly width: number;
  /** What else the results depend on. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
  /** The record of an image, as JSON has it. */
  record(file: string, row: Float32Array): R;
  /** Names of the values of a line of a table, besides `file`, which comes first, and `error`, which comes last. */
  readonly columns: readonly Column[];
  /** The lines of a record, with a value for each of `columns`. */
  lines(record: R): readonly (readonly unknown[])[];
}

export interface ClassifyRecord {
  readonly file: string;
  readonly predictions: readonly Prediction[];
}

/** The most probable classes of images. */
export function classes(model: Model, topK: number): Content<ClassifyRecord> {
  model.assertOutput('predictions');
  return classTable(model.numClasses, { topK }, (row) => model.top(row, topK));
}

function classTable(
  width: number,
  settings: Content['settings'],
  top: (row: Float32Array) => Prediction[],
): Content<ClassifyRecord> {
  return {
    ...{ output: 'predictions', width, settings },
    record: (file, row) => ({ file, predictions: top(row) }),
    columns: [
      { name: 'rank', type: 'INT32' },
      { name: 'class', type: 'INT32' },
      { name: 'label', type: 'STRING' },
      { name: 'probability', type: 'FLOAT' },
    ],
    lines: ({ predictions }) => predictions.map((p, rank) => [rank + 1, p.index, p.label, p.probability]),
  };
}

export interface EmbedRecord {
  readonly file: string;
  readonly features: readonly number[];
}

/** Features of images. */
export function features(model: Model): Content<EmbedRecord> {
  return featureTable(model.widthOf('features'));
}

function featureTable(width: number): Content<EmbedRecord> {
  return {
    ...{ output: 'features', width, settings: {} },
    record: (file, row) => ({ file, features: Array.from(row) }),
    columns: [{ name: 'features', type: 'FLOATS' }],
    lines: ({ features: values }) => [[values]],
  };
}

/** What a command said, for results that are there: without a model there are no others. */
export function contentOf(command: string, width: number): Content {
  return command === 'embed' ? featureTable(width) : classTable(width, {}, () => []);
}
