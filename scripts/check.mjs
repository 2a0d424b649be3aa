/** `npm run check [-- --fix]`: lint, format, types, layers, generated code. */
import { runChecks } from './lib/check_steps.mjs';
import { commandLine } from './lib/command_line.mjs';
import { main } from './lib/console.mjs';
import { buildTypeScript, installModules } from './lib/steps.mjs';
import { close } from './lib/test_runs.mjs';

await main(async () => {
  const { values } = commandLine(import.meta.url, { options: { fix: { type: 'boolean', default: false } } });
  await installModules();
  // Code is generated from the compiled operations.
  await buildTypeScript();
  return close(await runChecks(values, (line) => process.stdout.write(`${line}\n`)));
});
