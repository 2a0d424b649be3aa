/**
 * A packed addon in the place of a build: that of a platform package which is installed in this checkout, or which stands as a tarball in the
 * folder that SLIMNET_PACKAGES names (for the quickstart, also in build/packages). It counts where it is of this version, made of the sources
 * of this checkout, and as its own record says. Nothing is looked for in a registry.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { say } from './console.mjs';
import { sha256OfFile } from './hash.mjs';
import { packageJson, root } from './paths.mjs';
import { capture } from './process.mjs';

/** Whether this Node runs on musl. */
const isMusl = () => process.report.getReport().header.glibcVersionRuntime === undefined;

/** As `platformName()` of lib/native/binding.ts, before that is compiled. */
export function thisPlatform() {
  return `${process.platform}-${process.arch}${process.platform === 'linux' && isMusl() ? '-musl' : ''}`;
}

/** Why the package in `folder` is not taken; an empty text where it is. */
function refusal(folder, { version, sources }) {
  let record;
  try {
    record = JSON.parse(readFileSync(join(folder, 'provenance.json'), 'utf8'));
  } catch {
    return 'it has no provenance.json';
  }
  if (record.version !== version) return `it is of version ${record.version}, and this is ${version}`;
  if (record.sources !== sources) return 'it was made of other native sources';
  const addon = join(folder, 'slimnet.node');
  if (!existsSync(addon) || sha256OfFile(addon) !== record.addon?.sha256)
    return 'its addon is not the one of its record';
  return '';
}

/** Tarballs of this platform's package in a folder. */
function tarballsIn(folder, name) {
  if (!folder || !existsSync(folder)) return [];
  const pattern = new RegExp(`^slimnet-${name}-\\d[\\w.+-]*\\.tgz$`);
  return readdirSync(folder)
    .filter((file) => pattern.test(file))
    .map((file) => join(folder, file));
}

/**
 * Copies a packed addon to `target` and says so. Returns whether there was one.
 * @param {string} target
 * @param {string} sources the hash of the native sources (steps.mjs)
 * @param {{platform?: string, folders?: readonly string[], modules?: string, version?: string}} options
 */
export function takePackedAddon(
  target,
  sources,
  {
    platform = thisPlatform(),
    folders = [],
    modules = join(root, 'node_modules'),
    version = packageJson().version,
  } = {},
) {
  const wanted = { version, sources };
  const installed = join(modules, '@slimnet', platform);
  const take = (folder, where) => {
    const why = refusal(folder, wanted);
    if (why !== '') {
      say(`the packed addon in ${where} is not used: ${why}`);
      return false;
    }
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(folder, 'slimnet.node'), target);
    say(`using the packed addon @slimnet/${platform} ${version} (${where}): nothing is compiled`);
    return true;
  };
  if (existsSync(installed) && take(installed, installed)) return true;
  for (const tarball of folders.flatMap((folder) => tarballsIn(folder, platform))) {
    const work = mkdtempSync(join(tmpdir(), 'slimnet-packed-'));
    try {
      const { status, stderr } = capture('tar', [
        '-xf',
        tarball,
        '-C',
        work,
        '--strip-components=1',
        '--no-same-owner',
      ]);
      if (status !== 0) say(`the packed addon in ${tarball} is not used: ${stderr.trim()}`);
      else if (take(work, tarball)) return true;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return false;
}
