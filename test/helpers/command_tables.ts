/** What docs/command_line.md must say of each command: written from the command itself. */
import type { Argument, Command, Option } from 'commander';
import { commandLine } from '../../lib/cli/main.js';
import { networkNames } from '../../lib/slim/nets/registry.js';
import { fakeIo } from './cli.js';

/** Markdown of each command by name: its usage, what it is for, its arguments and options. */
export function commandTables(): Record<string, string> {
  const program = commandLine(fakeIo(), () => {});
  return Object.fromEntries(program.commands.map((command) => [command.name(), section(command)]));
}

function section(command: Command): string {
  const inner = command.commands.length > 0 ? ['<command>'] : [];
  const usage = ['slimnet', command.name(), ...inner, ...command.registeredArguments.map(argumentText)].join(' ');
  const lines = rowsOf(command).map(
    ([name, text]) => `| \`${name}\` | ${text.replaceAll(networkNames.join(', '), 'a network')} |`,
  );
  return [
    `## ${command.name()}`,
    '',
    `\`${usage}\`: ${command.description()}.`,
    '',
    '| | |',
    '| --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

/** Names and meanings; of a command of commands, those of each behind its name. */
function rowsOf(command: Command): (readonly [string, string])[] {
  return [
    ...command.registeredArguments.map((argument) => [argumentText(argument), argument.description] as const),
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map((option) => [option.flags, [option.description, ...more(option)].join('; ')] as const),
    ...command.commands.flatMap((each) => [
      [[each.name(), ...each.registeredArguments.map(argumentText)].join(' '), each.description()] as const,
      ...each.options.map(
        (option) => [`${each.name()} ${option.flags}`, [option.description, ...more(option)].join('; ')] as const,
      ),
    ]),
  ];
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function more({ argChoices, defaultValue, mandatory }: Option): string[] {
  const choices = argChoices?.join() === networkNames.join() ? 'a network' : argChoices?.join(', ');
  const value = Array.isArray(defaultValue) ? defaultValue.join(' ') : defaultValue;
  return [
    ...(choices === undefined ? [] : [choices]),
    ...(value === undefined ? [] : [`default ${value}`]),
    ...(mandatory ? ['needed'] : []),
  ];
}
