/** The packages as they are published, packed once for all test files, and a registry on this machine that has them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../scripts/lib/lock.mjs';
import { packageJson, root } from '../../scripts/lib/paths.mjs';
import { installWith } from '../../scripts/lib/release/installs.mjs';
import { commit } from '../../scripts/lib/release/packages.mjs';
import { startRegistry } from '../../scripts/lib/release/registry.mjs';
import { runAsync } from '../../scripts/lib/release/run_async.mjs';
import { stamp } from '../../scripts/lib/stamps.mjs';
import { nativeInputs } from '../../scripts/lib/steps.mjs';

export const { version } = packageJson() as { version: string };

interface Packed {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly contents: Readonly<Record<string, string>>;
}

/** What scripts/release.mjs made. */
export interface Release {
  readonly folder: string;
  /** slimnet, then the addon of this platform, and that with the library for NVIDIA GPUs where it is built. */
  readonly packages: readonly Packed[];
  readonly tarballs: readonly string[];
}

/** Whether there is a library for NVIDIA GPUs to be packed: it is built where nvcc is. */
export const hasCuda = () => existsSync(join(root, 'build', 'Release', 'slimnet_cudnn.so'));

/** Packs slimnet and the addon for Linux on x86-64 with glibc into a folder. @returns what was printed beside */
async function pack(folder: string, besides: readonly string[] = []): Promise<string> {
  const named = ['linux-x64', ...besides].flatMap((platform) => ['--platform', platform]);
  const args = [join(root, 'scripts', 'release.mjs'), ...named, '--folder', folder];
  const packed = await runAsync(process.execPath, args, {
    cwd: root,
    env: process.env as Record<string, string>,
    timeoutMs: 1_200_000,
  });
  if (packed.status !== 0) throw new Error(`release.mjs failed:\n${packed.stderr}`);
  return packed.stdout + packed.stderr;
}

function releaseIn(folder: string): Release {
  const { packages } = JSON.parse(readFileSync(join(folder, 'release.json'), 'utf8')) as { packages: Packed[] };
  return { folder, packages, tarballs: packages.map(({ file }) => join(folder, file)) };
}

/** Two test files that link at once would do so for twice as long. */
const alone = <T>(work: () => Promise<T>): Promise<T> =>
  withLock(join(root, 'build', 'packages.lock'), 'packing', work) as Promise<T>;

/** The release of this checkout, packed by the first test file that wants it; nobody writes into its folder. */
export function packedRelease(): Promise<Release> {
  const folder = join('build', 'test_packages');
  return alone(async () => {
    const packed = stamp(join(root, 'build', 'stamps', 'test_packages.json'), {
      base: root,
      inputs: [
        ...(packageJson() as { files: string[] }).files.flatMap((entry) =>
          entry === 'docs/*.md' ? ['docs'] : [entry],
        ),
        ...[...nativeInputs, 'package.json', 'lib', 'web', 'scripts/release.mjs', 'scripts/lib'],
      ],
      outputs: [join(folder, 'release.json')],
      extra: JSON.stringify([commit(), hasCuda()]),
    });
    if (!packed.isFresh()) {
      rmSync(join(root, folder), { recursive: true, force: true });
      await pack(join(root, folder), hasCuda() ? ['linux-x64-cuda'] : []);
      // Only now: packing brings dist up to date.
      packed.take()();
    }
    return releaseIn(join(root, folder));
  });
}

/** Packs slimnet and the addon of this platform once more, into a folder of its own that the caller removes. `log`: what was said meanwhile. */
export async function packAgain(): Promise<{ readonly release: Release; readonly log: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-packages-'));
  const log = await alone(() => pack(folder));
  return { release: releaseIn(folder), log };
}

/** A registry with a release, and what was installed from it, until it is closed. */
export class Trial {
  readonly #made: string[] = [];
  readonly #registry: Awaited<ReturnType<typeof startRegistry>>;
  readonly release: Release;

  private constructor(release: Release, registry: Awaited<ReturnType<typeof startRegistry>>) {
    this.release = release;
    this.#registry = registry;
  }

  static async begin(besides: readonly string[] = []): Promise<Trial> {
    const release = await packedRelease();
    return new Trial(release, await startRegistry(release.tarballs, besides));
  }

  get url(): string {
    return this.#registry.url;
  }

  async install(manager: string, dependencies: Record<string, string> = {}) {
    const project = await installWith(manager, { url: this.url, version, dependencies });
    this.#made.push(project.base);
    return project;
  }

  async end(): Promise<void> {
    await this.#registry.close();
    for (const folder of this.#made) rmSync(folder, { recursive: true, force: true });
  }
}

/** A new folder below another. */
export function folderIn(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
}
