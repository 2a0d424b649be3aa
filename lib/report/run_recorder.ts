/** Writing and reading the record of a run. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '../core/dtype.js';
import { parseJson } from '../core/json.js';
import { makeFolder } from '../core/make_folder.js';
import { readTextFile, type TextFailure } from '../core/text.js';
import { DataError, OutputError, systemReason } from '../errors.js';
import {
  type EndLine,
  type EvaluationLine,
  type RunLine,
  type RunRecord,
  type RunRecordLine,
  runRecordName,
  type SkippedLine,
  type StepLine,
} from './run_record.js';

/** Longest record that is read, in bytes. */
const maxRecordBytes = 500 * 2 ** 20;

/**
 * Appends to the record of a run, in the background and in order. Where it cannot be written, nothing more is, and `flush` and `close` say so.
 */
export class RunRecorder {
  readonly path: string;
  readonly #file: FileHandle;
  #writing: Promise<void> = Promise.resolve();
  #failure: OutputError | null = null;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens the record in a run's folder, which is made where there is none, and goes on behind what is there.
   * @throws OutputError
   */
  static async open(folder: string): Promise<RunRecorder> {
    const path = join(folder, runRecordName);
    try {
      await makeFolder(folder);
      const file = await open(path, 'a+');
      const { size } = await file.stat();
      const last = new Uint8Array(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      // A kill may have left a line without its end.
      if (size > 0 && last[0] !== 0x0a) await file.appendFile('\n');
      return new RunRecorder(path, file);
    } catch (cause) {
      throw new OutputError(`The record of the run cannot be opened: ${systemReason(cause)}.`, { path, cause });
    }
  }

  /** Takes a line. */
  add(line: RunRecordLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#writing = this.#writing.then(async () => {
      if (this.#failure !== null) return;
      try {
        await this.#file.appendFile(text);
      } catch (cause) {
        this.#failure = new OutputError(`The record of the run cannot be written: ${systemReason(cause)}.`, {
          path: this.path,
          cause,
        });
      }
    });
  }

  /** Waits until all that was taken is handed to the system. @throws OutputError where that failed */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
    if (this.#failure !== null) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Reads the record of a run. What a resumed run has undone is left out, and so is a last line that a kill has cut off.
 * @param folder that of the run
 * @throws DataError when there is none, or a line is none of a record, with its number
 */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, runRecordName);
  const fail: TextFailure = (what, details) =>
    new DataError(`This is no record of a training run: ${what}.`, {
      path,
      hint: 'expected the folder that a training wrote to (trainDir).',
      ...details,
    });
  const text = await readTextFile(path, maxRecordBytes, fail);
  const record = new RecordBuilder();
  const lines = text.split('\n');
  for (const [i, content] of lines.entries()) {
    if (content === '') continue;
    const line = parseLine(content, (what, details) => fail(`line ${i + 1}: ${what}`, details), isCutOff(lines, i));
    if (line !== null) record.add(line, (what) => fail(`line ${i + 1}: ${what}`));
  }
  return record.finish(fail);
}

/** Whether a kill may have cut off a line: it is the last one, or the next one is the beginning of a resumed run. */
function isCutOff(lines: readonly string[], i: number): boolean {
  const next = lines[i + 1];
  return next === undefined || /^\{"type":"run"/.test(next);
}

function parseLine(content: string, fail: TextFailure, mayBeCut: boolean): RunRecordLine | null {
  let value: unknown;
  try {
    value = parseJson(content, fail);
  } catch (error) {
    if (mayBeCut) return null;
    throw error;
  }
  const type = (value as { type?: unknown } | null)?.type;
  const known = ['run', 'step', 'evaluation', 'skipped', 'end'];
  if (!known.includes(type as string))
    throw fail(`expected one of the types ${known.join(', ')}, received ${describe(type)}`);
  return value as RunRecordLine;
}

/** Numbers that a line must have. */
const numbers = {
  run: ['fromStep', 'trainingImages', 'validationImages', 'batchSize', 'parameters'],
  step: ['step', 'epoch', 'learningRate', 'imagesPerSecond', 'seconds'],
  evaluation: ['step', 'epoch', 'images', 'top1', 'top5'],
  skipped: [],
  end: ['step'],
} as const satisfies Readonly<Record<RunRecordLine['type'], readonly string[]>>;

class RecordBuilder {
  #run: RunLine | null = null;
  #resumed = 0;
  #steps: StepLine[] = [];
  #evaluations: EvaluationLine[] = [];
  readonly #skipped = new Map<string, SkippedLine>();
  #end: EndLine | null = null;

  add(line: RunRecordLine, fail: TextFailure): void {
    for (const name of numbers[line.type]) {
      const value = (line as unknown as Readonly<Record<string, unknown>>)[name];
      if (typeof value !== 'number') throw fail(`${name}: expected a number, received ${describe(value)}`);
    }
    if (line.type === 'run') this.#begin(line, fail);
    else if (line.type === 'step') this.#steps.push(line);
    else if (line.type === 'evaluation') this.#evaluations.push(checkedEvaluation(line, this.#run, fail));
    else if (line.type === 'skipped') this.#skipped.set(line.name, line);
    else this.#end = line;
  }

  #begin(line: RunLine, fail: TextFailure): void {
    if (line.version !== 1) throw fail(`expected version 1 of the record, received ${describe(line.version)}`);
    if (!Array.isArray(line.classes)) throw fail(`classes: expected a list, received ${describe(line.classes)}`);
    const { fromStep } = line;
    this.#steps = this.#steps.filter(({ step }) => step <= fromStep);
    this.#evaluations = this.#evaluations.filter(({ step }) => step <= fromStep);
    this.#end = null;
    if (this.#run !== null) this.#resumed++;
    this.#run = { ...line, startedAt: this.#run?.startedAt ?? line.startedAt };
  }

  finish(fail: TextFailure): RunRecord {
    if (this.#run === null) throw fail('there is no line of the type run');
    return {
      run: this.#run,
      resumed: this.#resumed,
      steps: this.#steps,
      evaluations: this.#evaluations,
      skipped: [...this.#skipped.values()],
      end: this.#end,
    };
  }
}

function checkedEvaluation(line: EvaluationLine, run: RunLine | null, fail: TextFailure): EvaluationLine {
  const classes = run?.classes.length ?? 0;
  const isClass = (index: unknown) => Number.isInteger(index) && (index as number) >= 0 && (index as number) < classes;
  if (!Array.isArray(line.confusion) || !Array.isArray(line.mistakes))
    throw fail('expected lists of confusion and mistakes');
  for (const [label, predicted, images] of line.confusion)
    if (!isClass(label) || !isClass(predicted) || !Number.isInteger(images))
      throw fail('confusion: expected [label, predicted, images]');
  for (const { label, predicted } of line.mistakes)
    if (!isClass(label) || !isClass(predicted)) throw fail('mistakes: expected indices of classes');
  return line;
}
