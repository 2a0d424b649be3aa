/** What a trainer says of its steps and evaluations. */
import type { Mistake } from '../report/index.js';

/** What a step has come to. */
export interface TrainerStep {
  /** Steps made so far, this one included. */
  readonly step: number;
  /** Steps of the whole training. */
  readonly steps: number;
  /** Epochs done so far, with the part of the one under way. */
  readonly epoch: number;
  /** Total loss, regularization included, with the weights from before the step. */
  readonly loss: number;
  readonly learningRate: number;
  /** Part of the last batch that the weights from before the step had right. */
  readonly accuracy: number;
  /** Of this step, waiting for data included. */
  readonly imagesPerSecond: number;
  /** Seconds of training so far, those of earlier runs included. */
  readonly seconds: number;
}

/** The results of one class. Parts are null where they would divide by nothing. */
export interface ClassReport {
  readonly name: string;
  /** Images of the class, and those that were taken for it. */
  readonly images: number;
  readonly predicted: number;
  readonly recall: number | null;
  readonly precision: number | null;
  readonly f1: number | null;
}

/** The results of an evaluation. */
export interface EvaluationReport {
  /** Step after which the weights were taken. */
  readonly step: number;
  readonly epoch: number;
  readonly images: number;
  /** Images that could not be read. */
  readonly skipped: number;
  /** Parts that were right: the first class (Slim's Accuracy), and one of the first five (its Recall_5). */
  readonly top1: number;
  readonly top5: number;
  /** Mean cross entropy, without regularization. */
  readonly loss: number;
  /** [label, predicted, images] wherever there are images. */
  readonly confusion: readonly (readonly [label: number, predicted: number, images: number])[];
  readonly perClass: readonly ClassReport[];
  /** The wrong answers in which the network was surest, worst first. */
  readonly mistakes: readonly Mistake[];
}

/** The end of an epoch. */
export interface EpochReport {
  /** Epochs done. */
  readonly epoch: number;
  readonly step: number;
  /** Mean loss of the epoch's steps. */
  readonly loss: number;
  /** Null where there is nothing to evaluate. */
  readonly evaluation: EvaluationReport | null;
}

/** The best evaluation so far. */
export interface BestResult {
  readonly step: number;
  readonly value: number;
  /** Its checkpoint; null where none is kept. */
  readonly checkpoint: string | null;
}

/** How a training ended. */
export interface TrainerResult {
  /** `finished`: all steps; `stopped`: early, as the options say; `interrupted`: by the signal, and can go on. */
  readonly outcome: 'finished' | 'stopped' | 'interrupted';
  readonly step: number;
  readonly epoch: number;
  /** Of the last step; null where none was made. */
  readonly loss: number | null;
  readonly best: BestResult | null;
  /** The last evaluation; null where there was none. */
  readonly evaluation: EvaluationReport | null;
  /** The last checkpoint; null without a train dir. */
  readonly checkpoint: string | null;
}

/** What a training takes, foreseen. */
export interface TrainingForecast {
  /** Values of the network's variables, and of those that are trained. */
  readonly parameters: number;
  readonly trainedParameters: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /** Bytes: variables with slots and averages, their second copy, working memory of a step, packed weights. */
  readonly bytes: {
    readonly variables: number;
    readonly spare: number;
    readonly arena: number;
    readonly constants: number;
    readonly total: number;
  };
  /** Seconds of a step on the first batch, without its decoding. */
  readonly secondsPerStep: number;
  readonly precision: string;
  readonly threads: number;
}
