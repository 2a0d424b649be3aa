/** The command lines of scripts. What a script takes stands in the comment at its beginning, which is its help as well. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SetupError, say } from './console.mjs';

/** What a script says of itself: its first comment, without the marks of one. */
export function usageOf(source) {
  const block = /^\/\*\*(.*?)\*\//s.exec(source)?.[1];
  const lines = block === undefined ? /^(?:\/\/.*\n)+/.exec(source)?.[0] : block;
  return (lines ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\/\/|\*)? ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/**
 * Reads the arguments of the script at `url` as `parseArgs` does. `--help` prints what the script says of itself, and arguments that it does
 * not take are named: both end the process.
 * @param {string | URL} url the script's `import.meta.url`
 * @param {import('node:util').ParseArgsConfig} config `options` and `allowPositionals`; with `args`, which are then not those of the process,
 *   what is wrong is a SetupError
 */
export function commandLine(url, { options = {}, ...config } = {}) {
  const file = fileURLToPath(url);
  let parsed;
  try {
    parsed = parseArgs({ ...config, options: { ...options, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS_')) throw error;
    const wrong = new SetupError(`${error.message}\n${basename(file)} --help tells what there is.`);
    if (config.args !== undefined) throw wrong;
    say(wrong.message);
    process.exit(1);
  }
  if (!parsed.values.help) return parsed;
  process.stdout.write(`${usageOf(readFileSync(file, 'utf8'))}\n`);
  process.exit(0);
}
