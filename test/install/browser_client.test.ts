/** `slimnet/client` as it is in browsers (dist/, which `npm test` builds). */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { smallServer } from '../helpers/small_server.js';
import { root, runChild } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'slimnet-browser-'));
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'slimnet'), 'dir');
});
afterAll(() => rmSync(folder, { recursive: true }));

const program = `
import { createClient, ServerError } from 'slimnet/client';
export async function ask(url: string): Promise<unknown> {
  const client = createClient(url);
  const pixels = { datatype: 'UINT8', shape: [1, 8, 8, 3], data: new Uint8Array(192) } as const;
  const { outputs } = await client.infer('small', pixels, { outputs: ['predictions'] });
  const missing = await client.classify('none', new Blob([])).catch((error: unknown) => error);
  return [outputs.predictions?.shape.join(), missing instanceof ServerError && missing.status];
}`;

/** What a page has of the things that the client uses: nothing of Node's own. */
const page = () =>
  createContext({
    ...{ fetch, AbortController, Blob, TextEncoder, TextDecoder, URL, setTimeout, clearTimeout, performance, btoa },
  });

test.each(['import', 'require'])(
  'a bundle for browsers that has it by %s is small, has nothing of Node, and works',
  async (how) => {
    const file = join(folder, `${how}.ts`);
    const first = /^import (.*) from (.*);$/m;
    writeFileSync(file, how === 'import' ? program : program.replace(first, 'const $1 = require($2);'));
    const { outputFiles, errors } = await build({
      ...{ entryPoints: [file], bundle: true, minify: true, write: false, platform: 'browser', target: 'es2022' },
      ...{ format: 'iife', globalName: 'program', logLevel: 'silent' },
    });
    expect(errors).toEqual([]);
    const text = outputFiles[0]?.text ?? '';
    expect(text.length).toBeLessThan(25_000);
    await using small = await smallServer();
    const { ask } = runInContext(`${text}; program`, page()) as { ask(url: string): Promise<unknown> };
    expect(await ask(small.url)).toEqual(['1,3', 404]);
  },
);

test('it has types for pages, which have no types of Node', () => {
  writeFileSync(join(folder, 'page.mts'), program);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, target: 'es2022', types: [] },
    ...{ lib: ['es2022', 'dom'], module: 'esnext', moduleResolution: 'bundler' },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['page.mts'] }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(runChild(process.execPath, [tsc, '-p', folder], folder)).toMatchObject({ status: 0, stdout: '' });
});
