import type { Command } from 'commander';
import type { CliIo } from './io.js';

/**
 * A command of the command line: one file under commands/, one line in its index. It adds itself to the program; its action calls
 * `finish` with the exit status, or throws.
 */
export type DefineCommand = (program: Command, io: CliIo, finish: (status: number) => void) => void;
