/**
 * The only place that loads the native addon. It is found in a checkout's build folder or in the package of this platform, checked
 * against slimnet's version, and explained when it cannot be loaded. Nothing is loaded until `loadAddon()` is called.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleUrl } from '../core/module_url.js';
import { NativeLoadError } from '../errors.js';
import type { Addon } from './addon.js';
import { interpreterOf } from './interpreter.js';
import { makeNativeError } from './native_error.js';
import { installedInstead, type Platform, platform, platforms, withoutPackage } from './platforms.js';

/** What `findAddon` looks at; the defaults are this process and this package. */
export interface AddonSearch {
  /** Folder of slimnet's package.json. */
  readonly root: string;
  /** Version that the addon must have. */
  readonly version: string;
  /** Value of SLIMNET_ADDON: one path that is used instead of all others. */
  readonly override?: string | undefined;
  /** Default: that of this process. */
  readonly platformName?: string;
}

const require = createRequire(moduleUrl);
let cached: Addon | undefined;

/**
 * The addon, loaded on the first call.
 * @throws NativeLoadError when there is none, when it cannot be loaded, or when it belongs to another version.
 */
export function loadAddon(): Addon {
  if (cached === undefined) {
    const addon = findAddon({ ...ownPackage(), override: process.env.SLIMNET_ADDON });
    addon.initialize(makeNativeError);
    // process.exit() runs no clean-up hook of Node-API, and C++ takes its statics down while our threads still use them.
    process.once('exit', () => addon.shutdown());
    cached = addon;
  }
  return cached;
}

/** An addon that may be loaded, or why there is none. */
type Candidate = { readonly path: string } | { readonly missing: string; readonly isNotThere?: boolean };

/** Loads the addon that `search` describes, without caching it. */
export function findAddon(search: AddonSearch): Addon {
  const tried: string[] = [];
  for (const candidate of candidates(search)) {
    if ('missing' in candidate) {
      tried.push(candidate.missing);
      continue;
    }
    const { path } = candidate;
    if (!existsSync(path)) {
      tried.push(`${path}: no such file`);
      continue;
    }
    let addon: Addon;
    try {
      addon = require(path) as Addon;
    } catch (error) {
      tried.push(`${path}: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`);
      continue;
    }
    if (addon.version !== search.version) {
      throw new NativeLoadError(
        `the native addon ${path} is of version ${addon.version}, and slimnet is of version ${search.version}`,
        {
          hint: 'Build it again with `npm run build`, or reinstall slimnet; if SLIMNET_ADDON is set, point it to an addon of this version.',
        },
      );
    }
    return addon;
  }
  throw new NativeLoadError(
    `the native addon could not be loaded on ${describePlatform()}. Tried:\n${tried.map((line) => `  ${line}`).join('\n')}`,
    { hint: glibcHint(tried) ?? (search.override ? overrideHint : installHint(search)) },
  );
}

const overrideHint =
  'SLIMNET_ADDON is set, so no other place is looked at: unset it, or point it to an addon of this version.';

/** How to come by an addon. */
function installHint({ platformName: name = platformName() }: AddonSearch): string {
  const known = platform(name);
  if (known === undefined || known.experimental !== undefined) return withoutPackage(name);
  return (
    `Install the package ${known.package} with slimnet: \`npm install --include=optional\` on this platform, for npm takes it to be optional ` +
    '(a node_modules folder copied from another system, or --omit=optional, lacks it; a bundle needs it beside it). In a source checkout run ' +
    '`npm run build`. To use an addon from elsewhere, set SLIMNET_ADDON to its path.'
  );
}

/** What to do about a refusal of the dynamic loader that names a version of glibc; undefined for other refusals. */
export function glibcHint(refusals: readonly string[]): string | undefined {
  const [, needed] = /GLIBC_(\d+\.\d+)['’]? not found/.exec(refusals.join('\n')) ?? [];
  if (needed === undefined) return undefined;
  return (
    `The addon needs glibc ${needed} or newer, and this system has ${libc()}. The packed addon needs ${platforms['linux-x64'].oldestLibc} ` +
    '(Debian 10, Ubuntu 20.04, RHEL 8 or newer): use that, or build slimnet from its sources on this system.'
  );
}

/** Whether this Node runs on musl. */
function isMusl(): boolean {
  return process.platform === 'linux' && interpreterOf(process.execPath)?.includes('/ld-musl-') === true;
}

/** `glibc 2.36`, `musl`, or an empty text where the platform has no such choice. */
export function libc(): string {
  if (process.platform !== 'linux') return '';
  if (isMusl()) return 'musl';
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return `glibc ${report?.header?.glibcVersionRuntime ?? 'of unknown version'}`;
}

/** The name of this platform, such as `linux-x64` or `linux-arm64-musl`. */
export function platformName(): string {
  return `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
}

function describePlatform(): string {
  const library = libc();
  const parts = [`${process.platform}-${process.arch}`, ...(library ? [library] : []), `Node ${process.versions.node}`];
  return `${parts.join(', ')}, Node-API ${process.versions.napi ?? 'unknown'} (9 is needed)`;
}

function candidates(search: AddonSearch): Candidate[] {
  const { root, override } = search;
  if (override) return [{ path: override }];
  // Only a source checkout has the first two.
  const built = ['Release', 'Debug'].map((kind) => ({ path: join(root, 'build', kind, 'slimnet.node') }));
  return [...built, ...packedAddons(search)];
}

/** The addons in packages of this platform: where there is one that not everybody wants, somebody has asked for it. */
function packedAddons(search: AddonSearch): Candidate[] {
  const { platformName: name = platformName() } = search;
  const known = platform(name);
  if (known === undefined) return [{ missing: `${name}: there is no package for this platform` }];
  const instead = installedInstead(name).map((one) => packedAddon(one, search));
  return [...instead.filter((one) => !('missing' in one && one.isNotThere)), packedAddon(known, search)];
}

/** The addon in a package, which stands where slimnet itself would import it from. */
function packedAddon(known: Platform, { root, version }: AddonSearch): Candidate {
  let file: string;
  try {
    // A package manager may have put a link in node_modules: what slimnet depends on stands beside what it points to.
    file = createRequire(realpathSync(join(root, 'package.json'))).resolve(`${known.package}/package.json`);
  } catch {
    return { missing: `${known.package}: it is not installed beside ${root}`, isNotThere: true };
  }
  const found = (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version;
  if (found !== version)
    return { missing: `${dirname(file)}: it is of version ${found}, and slimnet is of version ${version}` };
  return { path: join(dirname(file), 'slimnet.node') };
}

/**
 * This package's folder and version: this file runs from lib/, from dist/, from an installed package, or from a bundle of somebody's
 * program, beside which the package is installed.
 */
function ownPackage(): { root: string; version: string } {
  const here = fileURLToPath(moduleUrl);
  for (let folder = dirname(here); ; folder = dirname(folder)) {
    for (const found of [folder, join(folder, 'node_modules', 'slimnet')]) {
      const version = versionIn(found);
      if (version !== undefined) return { root: found, version };
    }
    if (dirname(folder) === folder) {
      throw new NativeLoadError(`slimnet's package.json was not found in any folder above ${here}`, {
        hint:
          'A bundle needs the package installed beside it, because it loads a native addon: keep slimnet as an external package, or install ' +
          'it in a node_modules folder above the bundle.',
      });
    }
  }
}

/** slimnet's version, if that is its folder. */
function versionIn(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  return name === 'slimnet' ? version : undefined;
}

/** Folder of this package. */
export function packageFolder(): string {
  return ownPackage().root;
}

/** Version of this package, from its package.json. */
export function packageVersion(): string {
  return ownPackage().version;
}
