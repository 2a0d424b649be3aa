/** Makes the files of the server's page of web/, as they are served. */
import { cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './paths.mjs';

/** Writes them into `target` (build/web). */
export async function buildPage(target) {
  // Not there before node_modules are.
  const { build } = createRequire(import.meta.url)('esbuild');
  mkdirSync(target, { recursive: true });
  for (const file of ['page.html', 'page.css', 'icon.svg']) cpSync(join(root, 'web', file), join(target, file));
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'web', 'page.ts')],
    outfile: join(target, 'page.js'),
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    logLevel: 'warning',
  });
}
