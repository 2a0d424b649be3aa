/** The packages as they are published, packed once for each test file that wants them, and a registry on this machine that has them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../scripts/lib/lock.mjs';
import { packageJson, root } from '../../scripts/lib/paths.mjs';
import { installWith } from '../../scripts/lib/release/installs.mjs';
import { startRegistry } from '../../scripts/lib/release/registry.mjs';
import { runAsync } from '../../scripts/lib/release/run_async.mjs';

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
  /** slimnet, then the addon of this platform. */
  readonly packages: readonly Packed[];
  readonly tarballs: readonly string[];
}

/** Packs slimnet and the addon for Linux on x86-64 with glibc, into a folder of its own. */
export async function packRelease(): Promise<Release> {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-packages-'));
  // Two test files that link at once would do so for twice as long.
  await withLock(join(root, 'build', 'packages.lock'), 'packing', async () => {
    const args = [join(root, 'scripts', 'release.mjs'), '--platform', 'linux-x64', '--folder', folder];
    const packed = await runAsync(process.execPath, args, {
      cwd: root,
      env: process.env as Record<string, string>,
      timeoutMs: 1_200_000,
    });
    if (packed.status !== 0) throw new Error(`release.mjs failed:\n${packed.stderr}`);
  });
  const { packages } = JSON.parse(readFileSync(join(folder, 'release.json'), 'utf8')) as { packages: Packed[] };
  return { folder, packages, tarballs: packages.map(({ file }) => join(folder, file)) };
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
    const release = await packRelease();
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
    for (const folder of [this.release.folder, ...this.#made]) rmSync(folder, { recursive: true, force: true });
  }
}

/** A new folder below another. */
export function folderIn(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
}
