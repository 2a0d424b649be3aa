/**
 * What Debian has, a source package's upstream tarball or the files of packages, without touching the system's own apt set-up: a temporary
 * folder holds the source list, the package lists and the cache, and apt's ordinary options point there. Needs no root; nothing is installed.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './console.mjs';
import { capture, which } from './process.mjs';

/** Reads deb822 `.sources` text into records with lower-case keys. */
export function parseDeb822(text) {
  return text
    .split(/\n\s*\n/)
    .map((block) => {
      const record = {};
      let key = null;
      for (const line of block.split('\n')) {
        if (line.startsWith('#')) continue;
        const field = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
        if (field) {
          key = field[1].toLowerCase();
          record[key] = field[2].trim();
        } else if (key && /^\s+\S/.test(line)) {
          record[key] = `${record[key]}\n${line.trim()}`.trim();
        }
      }
      return record;
    })
    .filter((record) => record.types && record.uris);
}

/** Reads one-line `sources.list` text into records of the same form. */
export function parseSourcesList(text) {
  const records = [];
  for (const line of text.split('\n')) {
    const match = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)(.*)$/.exec(line.trim());
    if (!match) continue;
    const signedBy = /signed-by=(\S+)/.exec(match[2] ?? '')?.[1];
    const record = { types: match[1], uris: match[3], suites: match[4], components: match[5].trim() };
    records.push(signedBy ? { ...record, 'signed-by': signedBy } : record);
  }
  return records;
}

/** Where this machine gets Debian's own `codename` from: `{uri, signedBy}`, or null where it is no Debian. */
export function debianMirror({ folder = '/etc/apt', osRelease = '/etc/os-release' } = {}) {
  const read = (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const release = read(osRelease);
  if (!/^ID="?debian"?$/m.test(release)) return null;
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1];
  const parts = join(folder, 'sources.list.d');
  let names = [];
  try {
    names = readdirSync(parts).sort();
  } catch {
    // No parts folder: sources.list alone counts.
  }
  const records = [
    ...parseSourcesList(read(join(folder, 'sources.list'))),
    ...names.filter((name) => name.endsWith('.list')).flatMap((name) => parseSourcesList(read(join(parts, name)))),
    ...names.filter((name) => name.endsWith('.sources')).flatMap((name) => parseDeb822(read(join(parts, name)))),
  ];
  const own = records.find(
    ({ suites = '', components = '', enabled }) =>
      codename !== undefined &&
      enabled !== 'no' &&
      suites.split(/\s+/).includes(codename) &&
      components.split(/\s+/).includes('main'),
  );
  if (!own) return null;
  return {
    uri: own.uris.split(/\s+/)[0],
    signedBy: own['signed-by'] ?? '/usr/share/keyrings/debian-archive-keyring.gpg',
  };
}

/** The source list of one suite on a mirror. A key block that stands in the list itself is kept in its indented form. */
export function sourceList({ uri, signedBy }, suite, type = 'deb-src') {
  const key = signedBy.includes('\n')
    ? `\n${signedBy
        .split('\n')
        .map((line) => ` ${line}`)
        .join('\n')}`
    : ` ${signedBy}`;
  return `Types: ${type}\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By:${key}\n`;
}

/** apt-get with a suite of this machine's mirror alone: its lists, its cache and what it downloads stand in `folder`. Throws a SetupError. */
function privateApt(folder, suite, type) {
  const mirror = debianMirror();
  if (!mirror) throw new SetupError('this machine has no Debian package source to derive one from');
  if (!which('apt-get')) throw new SetupError('there is no apt-get');
  for (const sub of ['lists/partial', 'cache/archives/partial', 'download'])
    mkdirSync(join(folder, sub), { recursive: true });
  // apt downloads as its own user where it can: let it into this folder.
  for (const sub of ['', 'lists', 'lists/partial', 'cache', 'download']) chmodSync(join(folder, sub), 0o755);
  const list = join(folder, 'debian.sources');
  writeFileSync(list, sourceList(mirror, suite, type));
  const options = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'APT::Get::List-Cleanup=0',
    'APT::Sandbox::User=root',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=30',
  ].flatMap((option) => ['-o', option]);
  const apt = (...args) => {
    const { status, stderr, stdout } = capture('apt-get', [...options, ...args], { cwd: join(folder, 'download') });
    if (status !== 0) {
      const reason = `${stderr}${stdout}`.trim().split('\n').slice(-3).join(' ');
      throw new SetupError(`apt-get ${args[0]} failed: ${reason}`);
    }
  };
  apt('update');
  return { apt, downloaded: () => readdirSync(join(folder, 'download')) };
}

/** Downloads the upstream tarball of `source` in `suite` into `folder` and returns its path. Throws a SetupError. */
export function downloadDebianTarball({ package: source, suite, file }, folder) {
  const { apt, downloaded } = privateApt(folder, suite, 'deb-src');
  apt('source', '--download-only', '--tar-only', source);
  const found = downloaded();
  if (!found.includes(file)) {
    throw new SetupError(
      `the source package ${source} in ${suite} brought ${found.join(', ') || 'nothing'} instead of ${file}`,
    );
  }
  return join(folder, 'download', file);
}

/** Downloads packages of `suite` and unpacks their files, over one another, into `tree`. `folder` is for what that needs. Throws a SetupError. */
export function unpackDebianPackages(names, suite, folder, tree) {
  const { apt, downloaded } = privateApt(folder, suite, 'deb');
  apt('download', ...names);
  for (const file of downloaded()) {
    const { status, stderr } = capture('dpkg-deb', ['--extract', join(folder, 'download', file), tree]);
    if (status !== 0) throw new SetupError(`${file} could not be unpacked: ${stderr.trim()}`);
  }
}
