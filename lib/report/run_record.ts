/**
 * What a training writes down of itself: `run.jsonl` in its folder, a JSON object a line, appended as it goes. `slimnet report` is made of it alone.
 * docs/data.md describes the lines.
 */

/** Name of the file in the folder of a run. */
export const runRecordName = 'run.jsonl';

/** The first line, and again whenever a run is resumed: then with the step at which it goes on. */
export interface RunLine {
  readonly type: 'run';
  readonly version: 1;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Step after which this run goes on: 0 at first. What earlier lines say of later steps was undone. */
  readonly fromStep: number;
  readonly network: string;
  /** The command, or the call, that does the same again. */
  readonly command: string;
  readonly classes: readonly string[];
  readonly trainingImages: number;
  readonly validationImages: number;
  readonly batchSize: number;
  readonly parameters: number;
  readonly precision: string;
  /** Processor, threads, instruction set, backend: what decides the bits and the speed. */
  readonly machine: string;
  /** Version of slimnet. */
  readonly slimnet: string;
  /** All other options, by name. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A step, or the mean of some. */
export interface StepLine {
  readonly type: 'step';
  readonly step: number;
  /** Epochs done, with the part of the one under way. */
  readonly epoch: number;
  /** Total loss, regularization included; null where it is not finite, as JSON has no such numbers. */
  readonly loss: number | null;
  readonly learningRate: number;
  /** Part of the batch that was right, where it was computed. */
  readonly accuracy?: number;
  readonly imagesPerSecond: number;
  /** Seconds of training so far, those of earlier runs included. */
  readonly seconds: number;
}

/** An image that was classified wrongly. */
export interface Mistake {
  readonly name: string;
  /** Indices of the classes. */
  readonly label: number;
  readonly predicted: number;
  /** Probabilities of both. */
  readonly labelProbability: number;
  readonly predictedProbability: number;
  /** A small picture as a data URL (`thumbnail`). */
  readonly picture?: string;
}

/** An evaluation on held-out images. */
export interface EvaluationLine {
  readonly type: 'evaluation';
  readonly step: number;
  readonly epoch: number;
  readonly images: number;
  readonly loss: number | null;
  /** Parts that were right: the first class, and one of the first five. */
  readonly top1: number;
  readonly top5: number;
  /** [label, predicted, images] wherever there are images. */
  readonly confusion: readonly (readonly [label: number, predicted: number, images: number])[];
  /** Those in which the network was surest, worst first. */
  readonly mistakes: readonly Mistake[];
}

/** An image that was left out. */
export interface SkippedLine {
  readonly type: 'skipped';
  readonly name: string;
  readonly reason: string;
}

/** The last line of a run that came to an end. */
export interface EndLine {
  readonly type: 'end';
  readonly step: number;
  /** `finished`: all steps; `stopped`: early, as the options say; `interrupted`: by a signal or the caller. */
  readonly outcome: 'finished' | 'stopped' | 'interrupted' | 'failed';
  readonly message?: string;
}

export type RunRecordLine = RunLine | StepLine | EvaluationLine | SkippedLine | EndLine;

/** A whole run, resumed or not. */
export interface RunRecord {
  /** The latest start, with the time of the first. */
  readonly run: RunLine;
  /** Times that it was resumed. */
  readonly resumed: number;
  readonly steps: readonly StepLine[];
  readonly evaluations: readonly EvaluationLine[];
  readonly skipped: readonly SkippedLine[];
  /** Null while it is under way, or when it was killed. */
  readonly end: EndLine | null;
}
