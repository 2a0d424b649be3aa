import { Argument } from 'commander';
import type { DefineCommand } from '../command.js';
import { bashCompletion } from '../completion.js';
import { writeOut } from '../io.js';

const examples = `
Example:
  source <(slimnet completion bash)          # in ~/.bashrc`;

export const completion: DefineCommand = (program, io) => {
  program
    .command('completion')
    .description('a script with which a shell completes commands, options and their values')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash']))
    .addHelpText('after', examples)
    .action(() => writeOut(io, bashCompletion(program)));
};
