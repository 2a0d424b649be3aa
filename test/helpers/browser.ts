/** A browser for tests: Chromium, without a window. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** null, with the reason printed, where there is no Chromium and none can be installed. */
export async function startBrowser(): Promise<Browser | null> {
  const setup = join(__dirname, '..', '..', 'scripts', 'browser', 'setup.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [setup], { encoding: 'utf8', timeout: 280_000 });
  if (status !== 0) {
    process.stderr.write(`Not run in a browser: ${stderr.trim()}\n`);
    return null;
  }
  // Chromium has no sandbox for root, as whom containers run; what it shows here is our own page.
  return chromium.launch({ executablePath: stdout.trim(), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
