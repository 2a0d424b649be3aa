/**
 * Packages as they are published, in folders of their own: slimnet (JavaScript alone), and one with the addon for each platform, of which npm
 * installs the one that fits. None has a script, a compiler or a download of its own.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { bundled, quoted } from '../bundle.mjs';
import { SetupError } from '../console.mjs';
import { listFiles, sha256OfFile } from '../hash.mjs';
import { packageJson, root } from '../paths.mjs';
import { capture } from '../process.mjs';
import { thirdParty } from '../sources.mjs';
import { nativeSources } from '../steps.mjs';
import { problemsOn, requirementsOf } from './elf.mjs';
import { billOfMaterials, jsonText, npmPurl } from './records.mjs';
import { sizeLimit } from './targets.mjs';

/** Where packages are put. */
export const packagesFolder = join(root, 'build', 'packages');

/** The table of platforms, as lib/native/platforms.ts has it. */
export async function platformTable() {
  return (await import(join(root, 'build', 'lib', 'native', 'platforms.js'))).platforms;
}

/** What of package.json is published. */
const publishedFields = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'type',
  'engines',
  'bin',
  'exports',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
];

const modulePackage = (name) => packageJson(join(root, 'node_modules', name));

/** The commit that was packed, and whether files differed from it; null outside of a repository. */
export function commit() {
  const git = (...args) => capture('git', args, { cwd: root });
  const head = git('rev-parse', 'HEAD');
  if (head.status !== 0) return null;
  return { hash: head.stdout.trim(), changed: git('status', '--porcelain').stdout.trim() !== '' };
}

function emptied(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Files of the checkout that package.json lists as published. */
function publishedFiles() {
  const { globSync } = createRequire(import.meta.url)('tinyglobby');
  const patterns = packageJson().files.map((entry) =>
    statSync(join(root, entry), { throwIfNoEntry: false })?.isDirectory() ? `${entry}/**` : entry,
  );
  return globSync(patterns, { cwd: root, onlyFiles: true }).sort();
}

/**
 * Lays out slimnet's own package.
 * @param {Readonly<Record<string, {package: string, experimental?: string}>>} platforms
 * @returns {Promise<string>} its folder
 */
export async function stageMain(platforms, folder = packagesFolder) {
  const place = emptied(join(folder, 'slimnet'));
  const full = packageJson();
  const published = Object.values(platforms).filter(({ experimental }) => experimental === undefined);
  const description = {
    ...Object.fromEntries(publishedFields.map((field) => [field, full[field]])),
    optionalDependencies: Object.fromEntries(published.map((one) => [one.package, full.version])),
  };
  for (const file of publishedFiles()) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    copyFileSync(join(root, file), join(place, file));
  }
  writeFileSync(join(place, 'package.json'), jsonText(description));
  const part = (name) => {
    const { version, license } = modulePackage(name);
    return { name, version, licence: license, purl: npmPurl(name, version) };
  };
  const own = {
    name: full.name,
    version: full.version,
    licence: full.license,
    purl: npmPurl(full.name, full.version),
    description: full.description,
  };
  const besides = Object.keys(full.dependencies);
  const parts = [...bundled, ...quoted, ...besides].map(part);
  writeFileSync(join(place, 'sbom.cdx.json'), billOfMaterials(own, parts));
  return place;
}

/**
 * Lays out the package of one platform.
 * @param {string} name such as `linux-x64`
 * @param {{package: string, os: string, cpu: string, libc: 'glibc' | 'musl', oldestLibc: string, insteadOf?: string}} platform
 * @param {{addon: string, besides: string[], compiler: string, linker: string, components: import('./native_build.mjs').Component[]}} built
 * @returns {Promise<string>} its folder
 */
export async function stagePlatform(name, platform, built, folder = packagesFolder) {
  for (const file of [built.addon, ...built.besides]) {
    const problems = problemsOn(platform, requirementsOf(file));
    if (problems.length > 0)
      throw new SetupError(`${basename(file)} for ${name} cannot be published: ${problems.join('; ')}`);
  }
  const place = emptied(join(folder, name));
  const { version, license, engines } = packageJson();
  copyFileSync(built.addon, join(place, 'slimnet.node'));
  for (const file of built.besides) copyFileSync(file, join(place, basename(file)));
  copyFileSync(join(root, 'LICENSE'), join(place, 'LICENSE'));
  for (const component of built.components) placeLicences(place, component);
  const described = `The native addon of slimnet for ${platform.os}, ${platform.cpu}, ${platform.libc} ${platform.oldestLibc} or newer`;
  const description = platform.insteadOf
    ? `${described}, with the library for NVIDIA GPUs. Where it is installed beside slimnet it is used.`
    : `${described}. Installed with slimnet where it fits.`;
  const own = {
    name: platform.package,
    version,
    licence: license,
    purl: npmPurl(platform.package, version),
    description,
  };
  const files = {
    'package.json': jsonText({
      name: platform.package,
      version,
      description,
      license,
      os: [platform.os],
      cpu: [platform.cpu],
      libc: [platform.libc],
      engines,
      // Yarn's Plug'n'Play keeps packages zipped, out of which no shared object is loaded.
      preferUnplugged: true,
      main: 'slimnet.node',
      exports: { '.': './slimnet.node', './slimnet.node': './slimnet.node', './package.json': './package.json' },
    }),
    'README.md': `# ${platform.package}\n\n${description}\nHow it was made stands in provenance.json, what is in it in sbom.cdx.json, under which terms in licences/.\n`,
    'provenance.json': jsonText({
      package: platform.package,
      version,
      commit: commit(),
      sources: nativeSources(),
      addon: { sha256: sha256OfFile(join(place, 'slimnet.node')), bytes: statSync(join(place, 'slimnet.node')).size },
      ...(built.besides.length === 0
        ? {}
        : {
            besides: Object.fromEntries(
              built.besides.map((file) => [
                basename(file),
                { sha256: sha256OfFile(file), bytes: statSync(file).size, needs: needsOf(file) },
              ]),
            ),
          }),
      compiler: built.compiler,
      linker: built.linker,
      oneDNN: { version: thirdParty().onednn.version, tree: thirdParty().onednn.tree },
      needs: needsOf(built.addon),
      components: built.components.map(({ name: part, version: of, licence }) => ({
        name: part,
        version: of,
        licence,
      })),
    }),
    'sbom.cdx.json': billOfMaterials(own, built.components),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
  return place;
}

/** What a file asks for, for the record. */
function needsOf(file) {
  const { libraries, versions } = requirementsOf(file);
  return { libraries, versions };
}

function placeLicences(place, { name, files }) {
  const target = join(place, 'licences', name);
  mkdirSync(target, { recursive: true });
  for (const file of files) {
    if (!existsSync(file))
      throw new SetupError(`the licence of ${name}, which must go with the addon, is not in ${file}`);
    copyFileSync(file, join(target, basename(file)));
  }
}

/**
 * Packs a folder with npm, which gives equal files equal bytes.
 * @returns {{file: string, bytes: number, sha256: string, integrity: string}}
 */
export function pack(folder, target = dirname(folder)) {
  const packed = capture('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target, folder], {
    cwd: root,
  });
  if (packed.status !== 0) throw new SetupError(`npm pack failed: ${packed.stderr.trim()}`);
  const answer = JSON.parse(packed.stdout);
  const { filename, size, integrity } = Array.isArray(answer) ? answer[0] : Object.values(answer)[0];
  const file = join(target, filename.replace(/^@/, '').replaceAll('/', '-'));
  if (size > sizeLimit) throw new SetupError(`${file} has ${size} bytes, and ${sizeLimit} are the limit`);
  return { file, bytes: size, sha256: sha256OfFile(file), integrity };
}

/** Files and their hashes of a package's folder, for the record of a release. */
export function contents(folder) {
  return Object.fromEntries(listFiles(folder).map((file) => [file, sha256OfFile(join(folder, file))]));
}
