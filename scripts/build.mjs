/**
 * `node scripts/build.mjs [--debug] [--sanitize] [--tests] [--addon-only|--ts-only]`: sets up and builds slimnet.
 *
 *   --debug       the addon with asserts, into build/Debug
 *   --sanitize    the addon under AddressSanitizer and UndefinedBehaviorSanitizer, into build/asan
 *   --tests       the native tests as well
 *   --addon-only  neither node_modules nor dist (what binding.gyp calls)
 *   --ts-only     node_modules and dist alone
 */
import { commandLine } from './lib/command_line.mjs';
import { main } from './lib/console.mjs';
import { buildAddon, buildTypeScript, installModules } from './lib/steps.mjs';

await main(async () => {
  const { values } = commandLine(import.meta.url, {
    options: {
      debug: { type: 'boolean', default: false },
      sanitize: { type: 'boolean', default: false },
      tests: { type: 'boolean', default: false },
      'addon-only': { type: 'boolean', default: false },
      'ts-only': { type: 'boolean', default: false },
    },
  });
  if (!values['addon-only']) await installModules();
  const mode = values.sanitize ? 'asan' : values.debug ? 'debug' : 'release';
  if (!values['ts-only']) await buildAddon({ mode, tests: values.tests });
  if (!values['addon-only']) await buildTypeScript();
});
