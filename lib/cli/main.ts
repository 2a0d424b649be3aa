#!/usr/bin/env node
import cluster from 'node:cluster';
import { fstatSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { isSlimnetError } from '../errors.js';
import { libc, loadAddon, packageVersion, platformName } from '../native/binding.js';
import { commands } from './commands/index.js';
import { FileOutput } from './file_output.js';
import { type CliIo, errorText, exitStatus, say, statusOfSignal, writeOut } from './io.js';
import { spelledOnCommandLine } from './spelling.js';

/** All commands; each calls `finish` with its exit status. */
export function commandLine(
  io: CliIo,
  finish: (status: number) => void,
  write: (text: string) => void = (text) => void io.out.write(text, () => {}),
): Command {
  const program = new Command('slimnet')
    .description('Residual networks on oneDNN: classify images, extract features, train, look into checkpoints.')
    .option('-V, --version', 'version of slimnet, and what its addon is made of')
    .on('option:version', () => {
      write(versionText());
      throw new CommanderError(0, 'commander.version', '');
    })
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: (text) => void io.err.write(text) })
    .showHelpAfterError('(slimnet --help lists the commands, slimnet <command> --help its options)')
    .addHelpText(
      'after',
      '\nResults go to standard output, messages to standard error.\n' +
        'Exit status: 0 all done, 1 something failed (the rest is done), 2 wrong use, 130 interrupted, 143 terminated.',
    );
  for (const define of commands) define(program, io, finish);
  for (const command of program.commands)
    command.configureOutput({ outputError: (text, print) => print(withShortOption(text, command)) });
  return program;
}

/** The version, and on further lines what runs. */
function versionText(): string {
  const lines = [packageVersion()];
  try {
    const { buildType, compiler, onednn, napiVersion } = loadAddon().diagnostics();
    lines.push(`addon: ${buildType}, ${compiler}, Node-API ${napiVersion}; oneDNN ${onednn}`);
  } catch (error) {
    lines.push(`addon: missing (${(error as Error).message.split('\n', 1)[0]})`);
  }
  lines.push(`${[`node: ${process.versions.node}`, platformName(), libc()].filter((part) => part !== '').join(', ')}`);
  return `${lines.join('\n')}\n`;
}

/** `--train_dir`, as TF-Slim's programs have it, is `--train-dir`. */
function withDashes(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((arg, i) => (i < end ? arg.replace(/^--\w+/, (name) => name.replaceAll('_', '-')) : arg));
}

/** Of options that are one letter the parser guesses none. */
function withShortOption(text: string, { options }: Command): string {
  const [, letter] = /^error: unknown option '--?(\w)'\n/.exec(text) ?? [];
  const meant = options.find(
    ({ short }) => letter !== undefined && short?.toLowerCase() === `-${letter.toLowerCase()}`,
  );
  return meant === undefined ? text : text.replace('\n', `\n(Did you mean ${meant.short}, ${meant.long}?)\n`);
}

/**
 * Runs the command line.
 * @param args without node and script
 * @returns the exit status: 0 done, 1 something failed, 2 wrong use, 130 interrupted, 143 terminated
 */
export async function main(args: readonly string[], streams: CliIo): Promise<number> {
  let status: number = exitStatus.ok;
  // The help and the version, which the parser writes without waiting for it.
  const help: Promise<void>[] = [];
  let called: Command | undefined;
  const io: CliIo = { ...streams, spelling: (...option) => (called ? spelledOnCommandLine(called)(...option) : null) };
  const program = commandLine(
    io,
    (s) => {
      status = s;
    },
    (text) => help.push(writeOut(io, text)),
  );
  try {
    program.hook('preAction', (_, command) => {
      called = command;
    });
    try {
      await program.parseAsync(withDashes(args), { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      status = error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
    }
    await Promise.all(help);
    return status;
  } catch (error) {
    if (io.signal.aborted) {
      say(io, 'slimnet: interrupted');
      return statusOfSignal(io.signal.reason);
    }
    say(io, `slimnet: ${errorText(io, error)}`);
    // For a person; programs read the code.
    if (io.err.isTTY && isSlimnetError(error))
      say(io, `slimnet: about such errors: docs/errors.md#${error.code.toLowerCase()}`);
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

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** Runs with the streams of this process. The first Ctrl-C ends the work in order, the second one at once. */
async function runProgram(): Promise<void> {
  // Whoever writes learns of failures from its own call. Messages that nobody can read leave their mark on the status.
  let unheard = false;
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {
    unheard = true;
  });
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // Terminals and service managers tell workers what they tell their main process, which has its own word with them.
      if (cluster.isWorker && (name === 'SIGINT' || stop.signal.aborted)) return;
      if (stop.signal.aborted) process.exit(statusOfSignal(name));
      stop.abort(name);
    });
  }
  const status = await main(process.argv.slice(2), {
    in: process.stdin,
    out: isFile(process.stdout.fd) ? new FileOutput(process.stdout.fd) : process.stdout,
    err: process.stderr,
    signal: stop.signal,
  });
  process.exitCode = status === exitStatus.ok && unheard ? exitStatus.failed : status;
  // It would keep the process.
  cluster.worker?.disconnect();
  // Standard input may still be open (a terminal): nobody reads it any more.
  process.stdin.unref?.();
}

if (runsAsProgram()) void runProgram();
