/** Completion in bash: a script that is written from the commands themselves. */
import type { Command, Option } from 'commander';

/** A command with its words: what may stand behind it. */
interface Words {
  /** `slimnet` and what is behind it, such as `weights fetch`. */
  readonly path: string;
  readonly options: readonly Option[];
  readonly commands: readonly string[];
  /** Choices of its arguments. */
  readonly choices: readonly string[];
}

function wordsOf(command: Command, path = ''): Words[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  const own = {
    path,
    options: shown,
    commands: command.commands.map((each) => each.name()),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [own, ...command.commands.flatMap((each) => wordsOf(each, `${path} ${each.name()}`.trim()))];
}

const flagsOf = (options: readonly Option[]) =>
  options.flatMap(({ short, long }) => [long, short]).filter((flag) => flag !== undefined);

/** Within single quotes of a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What may follow an option: its choices, or a file where it takes a value. */
function valuesInBash(words: readonly Words[]): string[] {
  return words.flatMap(({ path, options }) =>
    options
      .filter(({ required, optional }) => required || optional)
      .map(({ short, long, argChoices }) => {
        const patterns = [long, short].filter((flag) => flag !== undefined).map((flag) => quoted(`${path}|${flag}`));
        const answer =
          argChoices === undefined
            ? 'mapfile -t COMPREPLY < <(compgen -f -- "$current")'
            : `mapfile -t COMPREPLY < <(compgen -W ${quoted(argChoices.join(' '))} -- "$current")`;
        return `    ${patterns.join('|')}) ${answer}; return ;;`;
      }),
  );
}

/** The script. */
export function bashCompletion(program: Command): string {
  const words = wordsOf(program);
  const paths = words.map(({ path }) => path).filter((path) => path !== '');
  const known = words.map(({ path, options, commands, choices }) => {
    const list = [...commands, ...choices, ...flagsOf(options), '--help'].join(' ');
    const files = path !== '' && commands.length + choices.length === 0 ? 'yes' : '';
    return `    ${quoted(path)}) words=${quoted(list)} files=${quoted(files)} ;;`;
  });
  return `# bash completion of slimnet: source <(slimnet completion bash)
_slimnet() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${paths.map(quoted).join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path|$previous" in
${valuesInBash(words).join('\n')}
  esac
  case "$path" in
${known.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; [[ $files && $current != -* ]] && compgen -f -- "$current")
}
complete -o filenames -F _slimnet slimnet
`;
}
