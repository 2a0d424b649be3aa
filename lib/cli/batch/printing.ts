/** Results on standard output, as they come. */
import { type CliIo, printable, writeEnd, writeOut } from '../io.js';
import { predictionTable } from '../table.js';
import type { ClassifyRecord, Content, Result } from './contents.js';
import { csvHead, csvLines } from './formats/csv.js';
import { recordsOf } from './formats/format.js';

/** Writes results, and at the end what makes them whole. */
export interface Printer {
  write(results: readonly Result[]): Promise<void>;
  end(): Promise<void>;
}

export interface PrinterOptions {
  readonly content: Content;
  /** Whether images that failed have records. */
  readonly failures: boolean;
}

export type MakePrinter = (io: CliIo, options: PrinterOptions) => Printer;

/** A line for each format. */
export const printers: Readonly<Record<string, MakePrinter>> = {
  table: tables,
  json,
  jsonl,
  csv,
};

function tables(io: CliIo, { content }: PrinterOptions): Printer {
  return {
    // Failures are told on standard error, for the same reader.
    async write(results) {
      for (const { file, predictions } of recordsOf(content, false, results) as ClassifyRecord[])
        await writeOut(io, `${printable(file)}\n${predictionTable(predictions)}\n`);
    },
    end: async () => {},
  };
}

function jsonl(io: CliIo, { content, failures }: PrinterOptions): Printer {
  return {
    async write(results) {
      for (const record of recordsOf(content, failures, results)) await writeOut(io, `${JSON.stringify(record)}\n`);
    },
    end: async () => {},
  };
}

function json(io: CliIo, { content, failures }: PrinterOptions): Printer {
  let written = 0;
  return {
    async write(results) {
      for (const record of recordsOf(content, failures, results)) {
        await writeOut(io, `${written === 0 ? '[\n' : ',\n'}  ${JSON.stringify(record)}`);
        written++;
      }
    },
    end: () => writeEnd(io, written, (records) => (records === 0 ? '[]\n' : '\n]\n')),
  };
}

function csv(io: CliIo, { content, failures }: PrinterOptions): Printer {
  let started = false;
  const head = () => {
    const text = started ? '' : csvHead(content);
    started = true;
    return text;
  };
  return {
    async write(results) {
      for (const record of recordsOf(content, failures, results))
        await writeOut(io, head() + csvLines(content, record));
    },
    async end() {
      if (!started) await writeOut(io, head());
    },
  };
}
