/**
 * Finds a Chromium, or installs Debian's where apt may do that, and prints its path. Idempotent. SLIMNET_CHROMIUM names another one.
 */
import { main, SetupError } from '../lib/console.mjs';
import { which } from '../lib/process.mjs';
import { aptInstall, installLine, rootPrefix } from '../lib/tools.mjs';

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const found = () => process.env.SLIMNET_CHROMIUM ?? programs.map((name) => which(name)).find(Boolean);

await main(async () => {
  if (!found()) {
    const prefix = which('apt-get') ? rootPrefix() : null;
    if (!prefix) throw new SetupError(`there is no Chromium. To have one: ${installLine(['chromium'])}`);
    await aptInstall(prefix, ['chromium']);
  }
  const path = found();
  if (!path) throw new SetupError('apt installed chromium, and there is none');
  process.stdout.write(`${path}\n`);
});
