#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { isSlimnetError } from '../errors.js';
import { packageVersion } from '../native/binding.js';
import { commands } from './commands/index.js';
import { type CliIo, errorText, exitStatus, say } from './io.js';

/** All commands; each calls `finish` with its exit status. */
export function commandLine(io: CliIo, finish: (status: number) => void): Command {
  const program = new Command('slimnet')
    .description('Residual networks on oneDNN: classify images, extract features, look into checkpoints.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.out.write(text), writeErr: (text) => void io.err.write(text) })
    .showHelpAfterError('(slimnet --help lists the commands, slimnet <command> --help its options)')
    .addHelpText(
      'after',
      '\nResults go to standard output, messages to standard error.\n' +
        'Exit status: 0 all done, 1 something failed (the rest is done), 2 wrong use, 130 interrupted.',
    );
  for (const define of commands) define(program, io, finish);
  return program;
}

/**
 * Runs the command line.
 * @param args without node and script
 * @returns the exit status: 0 done, 1 something failed, 2 wrong use, 130 interrupted
 */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  let status: number = exitStatus.ok;
  const program = commandLine(io, (s) => {
    status = s;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (io.signal.aborted) {
      say(io, 'slimnet: interrupted');
      return exitStatus.interrupted;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
    say(io, `slimnet: ${errorText(error)}`);
    return isSlimnetError(error) && error.code === 'ERR_ARGUMENT' ? exitStatus.usage : exitStatus.failed;
  }
}

function runsAsProgram(): boolean {
  try {
    return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

/** Runs with the streams of this process. The first Ctrl-C ends the work in order, the second one at once. */
async function runProgram(): Promise<void> {
  // A reader that stops early (`| head`) closes the pipe: that ends the work and is no error of ours.
  const readerGone = (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitStatus.ok : exitStatus.failed);
  process.stdout.on('error', readerGone);
  process.stderr.on('error', readerGone);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitStatus.interrupted);
      stop.abort();
    });
  }
  process.exitCode = await main(process.argv.slice(2), {
    in: process.stdin,
    out: process.stdout,
    err: process.stderr,
    signal: stop.signal,
  });
  // Standard input may still be open (a terminal): nobody reads it any more.
  process.stdin.unref?.();
}

if (runsAsProgram()) void runProgram();
