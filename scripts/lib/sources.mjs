/**
 * Third-party sources and libraries, from the table in scripts/third_party.json: each is tried from the places listed there, in order,
 * and used only when the tree that comes out has the recorded hash. Verified trees are kept in the user's cache.
 */
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadDebianTarball } from './apt_source.mjs';
import { SetupError, say } from './console.mjs';
import { listFiles, sha256OfFile, treeHash } from './hash.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder, root } from './paths.mjs';
import { capture } from './process.mjs';
import { unpackWheels } from './wheels.mjs';

/** The table: name -> {version, tree, keep, drop, sources}. */
export function thirdParty(file = join(root, 'scripts', 'third_party.json')) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Downloads `url` to `path`, giving up where the server does not answer or goes silent. */
async function download(url, path, { connectMs = 8000, silentMs = 20000 } = {}) {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error(`no answer within ${connectMs / 1000} s`)), connectMs);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: 'follow' });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const watched = Readable.fromWeb(response.body);
    const rearm = () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(new Error(`nothing came for ${silentMs / 1000} s`)), silentMs);
    };
    rearm();
    watched.on('data', rearm);
    await pipeline(watched, createWriteStream(path));
  } catch (error) {
    const reason = abort.signal.aborted ? abort.signal.reason.message : (error.cause?.message ?? error.message);
    throw new SetupError(`${url}: ${reason}`);
  } finally {
    clearTimeout(timer);
  }
}

const labels = {
  archive: ({ url }) => url,
  debian: ({ package: name, suite }) => `the Debian source package ${name} (${suite})`,
  wheels: ({ packages }) => packages.map(({ name, version }) => `${name}==${version}`).join(', '),
};

/** Gets one source and unpacks it into `tree`. */
async function unpackSource(source, work, tree, entry, timeouts) {
  if (source.kind !== 'wheels') return unpack(await obtain(source, work, timeouts), tree, entry);
  unpackWheels(source, work, tree);
  keepOnly(tree, entry);
}

/** Gets the packed file of one source into `folder` and checks its own hash where the table has one. */
async function obtain(source, folder, timeouts) {
  let file;
  if (source.kind === 'archive') {
    file = join(folder, 'archive.tar.gz');
    await download(source.url, file, timeouts);
  } else {
    file = downloadDebianTarball(source, folder);
  }
  if (source.sha256 !== undefined) {
    const found = sha256OfFile(file);
    if (found !== source.sha256) throw new SetupError(`its SHA-256 is ${found}, and ${source.sha256} was expected`);
  }
  return file;
}

/**
 * Unpacks a tarball, whatever its single top folder is called, and removes the files that the table does not keep.
 * @param {string} file
 * @param {string} folder
 * @param {{keep: readonly string[], drop?: readonly string[]}} entry
 */
export function unpack(file, folder, entry) {
  mkdirSync(folder, { recursive: true });
  const tar = capture('tar', ['-xf', file, '-C', folder, '--strip-components=1', '--no-same-owner']);
  if (tar.status !== 0) throw new SetupError(`tar could not unpack it: ${tar.stderr.trim().split('\n').at(-1)}`);
  keepOnly(folder, entry);
}

/**
 * Removes the files that the table does not keep.
 * @param {string} folder
 * @param {{keep: readonly string[], drop?: readonly string[]}} entry paths; a folder stands for all below it
 */
function keepOnly(folder, { keep, drop = [] }) {
  const isBelow = (path, prefixes) => prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  for (const path of listFiles(folder)) {
    if (!isBelow(path, keep) || isBelow(path, drop)) rmSync(join(folder, path));
  }
}

/**
 * The folder of the verified sources of `name`; gets them where they are not in the cache yet.
 * @param {string} name
 * @param {{table?: object, cache?: string, timeouts?: {connectMs?: number, silentMs?: number}}} options
 */
export async function sourceTree(name, { table = thirdParty(), cache = cacheFolder(), timeouts } = {}) {
  const entry = table[name];
  if (!entry)
    throw new SetupError(`there is no third-party source named ${name}; known: ${Object.keys(table).join(', ')}`);
  const place = join(cache, 'sources', `${name}-${entry.version}-${entry.tree.slice(0, 12)}`);
  if (existsSync(place)) return place;
  return withLock(`${place}.lock`, `getting the sources of ${name}`, async () => {
    if (existsSync(place)) return place;
    const failures = [];
    for (const source of entry.sources) {
      const label = labels[source.kind](source);
      const work = mkdtempSync(join(tmpdir(), 'slimnet-source-'));
      try {
        say(`getting ${name} ${entry.version} from ${label}`);
        const tree = join(`${place}.partial`);
        rmSync(tree, { recursive: true, force: true });
        await unpackSource(source, work, tree, entry, timeouts);
        const found = treeHash(tree);
        if (found !== entry.tree) {
          rmSync(tree, { recursive: true });
          throw new SetupError(`its files have the hash ${found}, and ${entry.tree} was expected`);
        }
        renameSync(tree, place);
        return place;
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        failures.push(`  ${label}: ${error.message}`);
        say(`that did not work: ${error.message}`);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    }
    throw new SetupError(
      `${name} ${entry.version} could not be obtained. Tried:\n${failures.join('\n')}\n${entry.hint ?? ''}`,
    );
  });
}
