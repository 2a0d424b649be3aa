/**
 * Puts what the compiler made of lib/ (build/lib) into dist/ as it is published: a few files of code, because Node takes its time for
 * each file that it resolves, reads and compiles, and the declarations that users' compilers read. `dist/cjs` has the same once more as
 * CommonJS, for loaders that cannot require an ECMAScript module, such as Jest's; Node itself requires the module.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError } from './console.mjs';
import { root } from './paths.mjs';

/** What is run or imported: files of build/lib, at the same place in dist. */
const entries = ['index.js', 'server/index.js', 'server/json_worker.js', 'cli/main.js'];
/** Those that are imported, with their declarations, also as CommonJS. */
const imported = ['index', 'server/index'];
/** Those that browsers import too: each one file that needs no other, and nothing of Node. */
const forBrowsers = ['client/index'];

/** Libraries that go into the bundle; all others stay what npm installs beside slimnet. */
export const bundled = [
  '@bufbuild/protobuf',
  'csv-parse',
  'hyparquet-writer',
  'tar',
  // What these two are made of.
  'hyparquet',
  'minipass',
  'minizlib',
];

/** The declarations that `file` needs, itself included, as paths below `folder`. */
export function reachableDeclarations(folder, file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(join(folder, file), 'utf8');
  for (const [, specifier] of text.matchAll(/\b(?:from|import\()\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g)) {
    reachableDeclarations(folder, join(dirname(file), `${specifier}.d.ts`), found);
  }
  return found;
}

/** The copyright notice at the head of a source, or an empty text. */
export function noticeOf(source) {
  const head = /^(?:\/\/[^\n]*\n)+/.exec(source)?.[0] ?? '';
  return /copyright/i.test(head) ? head.replaceAll(/^\/\/ ?/gm, '') : '';
}

/** Libraries whose text is in the bundle, for pages that slimnet writes. */
export const quoted = ['uplot'];

/** Data of others that is in the code: what it is, and the file with its licence. */
const data = [
  {
    what: "ImageNet's class names are WordNet 3.0's, in the order that timm (Apache-2.0) has",
    licence: join(root, 'scripts', 'licences', 'wordnet.txt'),
  },
  {
    what: 'The letters of `slimnet demo` are of typefaces of others',
    licence: join(root, 'assets', 'demo', 'FONTS.txt'),
  },
];

/** Licences and notices of the libraries in the bundle, of which `inputs` are the files. */
function thirdPartyNotices(inputs) {
  const withLicence = quoted.map((name) => {
    const { version, license } = manifest(name);
    return `${name} ${version}, in the pages that slimnet writes. Licence: ${license}\n\n${licenceOf(name)}`;
  });
  const inCode = bundled.map((name) => {
    const own = inputs.filter((file) => file.includes(`node_modules/${name}/`));
    if (own.length === 0)
      throw new SetupError(`${name} is listed as bundled (scripts/lib/bundle.mjs), and no file of it is`);
    const { version, license } = manifest(name);
    const notices = new Set(own.map((file) => noticeOf(readFileSync(join(root, file), 'utf8'))).filter(Boolean));
    // Some libraries have their notice in a file of its own alone.
    if (notices.size === 0) notices.add(licenceOf(name));
    return `${name} ${version}, parts of which are in this folder's code. Licence: ${license}\n\n${[...notices].join('\n')}`;
  });
  const ofData = data.map(({ what, licence }) => `${what}. Licence:\n\n${readFileSync(licence, 'utf8')}`);
  return [...inCode, ...withLicence, ...ofData];
}

const manifest = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
const licenceOf = (name) => {
  const folder = join(root, 'node_modules', name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.md)?$/i.test(entry));
  return readFileSync(join(folder, file), 'utf8');
};

/** Writes `target` (dist) from `source` (build/lib). Both are absolute. */
export async function bundle(source, target) {
  // Not there before node_modules are.
  const { build } = createRequire(import.meta.url)('esbuild');
  rmSync(target, { recursive: true, force: true });
  const common = {
    absWorkingDir: root,
    outbase: source,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
    plugins: [
      {
        // The text that lib/report/chart_library.ts reads from node_modules in a checkout.
        name: 'the chart library goes into the bundle',
        setup: ({ onLoad }) =>
          onLoad({ filter: /report\/chart_library\.js$/ }, async ({ path }) => {
            const { chartLibrary } = await import(pathToFileURL(path).href);
            return { contents: `export const chartLibrary = () => (${JSON.stringify(chartLibrary())});`, loader: 'js' };
          }),
      },
      {
        // The files of web/ that lib/server/page/page_files.ts reads from build/web in a checkout.
        name: 'the page of the server goes into the bundle',
        setup: ({ onLoad }) =>
          onLoad({ filter: /server\/page\/page_files\.js$/ }, async ({ path }) => {
            const { pageFiles } = await import(pathToFileURL(path).href);
            return { contents: `export const pageFiles = () => (${JSON.stringify(pageFiles())});`, loader: 'js' };
          }),
      },
      {
        name: 'libraries of others stay outside',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^./]/ }, ({ path }) =>
            bundled.some((name) => path === name || path.startsWith(`${name}/`)) ? undefined : { path, external: true },
          ),
      },
    ],
  };
  const { metafile } = await build({
    ...common,
    entryPoints: entries.map((entry) => join(source, entry)),
    outdir: target,
    splitting: true,
    format: 'esm',
  });
  await build({
    ...common,
    entryPoints: imported.map((entry) => join(source, `${entry}.js`)),
    outdir: join(target, 'cjs'),
    format: 'cjs',
    define: { 'import.meta.url': 'slimnetModuleUrl' },
    banner: { js: "const slimnetModuleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  for (const [format, outdir] of [
    ['esm', target],
    ['cjs', join(target, 'cjs')],
  ])
    await build({
      ...{ ...common, platform: 'neutral', target: 'es2022', format, outdir },
      entryPoints: forBrowsers.map((entry) => join(source, `${entry}.js`)),
    });
  writeFileSync(join(target, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  const declarations = new Set(
    [...imported, ...forBrowsers].flatMap((entry) => [...reachableDeclarations(source, `${entry}.d.ts`)]),
  );
  for (const file of declarations) {
    for (const folder of [target, join(target, 'cjs')]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(source, file), join(folder, file));
    }
  }
  const inputs = Object.keys(metafile.inputs).map((file) => relative(root, join(root, file)));
  writeFileSync(join(target, 'THIRD_PARTY_NOTICES.txt'), thirdPartyNotices(inputs).join('\n\n'));
}
