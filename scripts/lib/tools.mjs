/** The tools of the machine: which are needed, and how the missing ones are installed. */
import { SetupError, say } from './console.mjs';
import { capture, run, which } from './process.mjs';

/** Needed program -> Debian package. */
export const neededTools = {
  cmake: 'cmake',
  make: 'make',
  'g++': 'g++',
  python3: 'python3',
  tar: 'tar',
  xz: 'xz-utils',
};

/** The command prefix that makes us root without a password: [] for root itself, ['sudo', '-n'], or null. */
export function rootPrefix({ uid = process.getuid?.(), find = which, probe = capture } = {}) {
  if (uid === 0) return [];
  if (find('sudo') && probe('sudo', ['-n', 'true']).status === 0) return ['sudo', '-n'];
  return null;
}

/**
 * The tools of `needed` that are not on PATH.
 * @param {Readonly<Record<string, string>>} needed program -> package
 */
export function missingTools(needed = neededTools, find = which) {
  return Object.keys(needed).filter((tool) => !find(tool));
}

/** The line a person runs to install `packages`. */
export function installLine(packages) {
  return `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
}

/** Checks the tools, installs what is missing where that is allowed, and checks the compiler's version. */
export async function ensureTools() {
  const missing = missingTools();
  if (missing.length > 0) {
    const packages = missing.map((tool) => neededTools[tool]);
    const prefix = which('apt-get') ? rootPrefix() : null;
    if (!prefix) {
      const how = which('apt-get') ? `run\n    ${installLine(packages)}` : 'install them with your package manager';
      throw new SetupError(`these tools are missing: ${missing.join(', ')}. To go on, ${how}`);
    }
    say(`installing ${packages.join(', ')} with apt`);
    await aptInstall(prefix, packages);
    const still = missingTools();
    if (still.length > 0)
      throw new SetupError(`apt installed ${packages.join(', ')}, but these are still missing: ${still.join(', ')}`);
  }
  const version = capture('g++', ['-dumpfullversion', '-dumpversion']).stdout.trim();
  if (Number.parseInt(version, 10) < 12) {
    throw new SetupError(
      `g++ ${version} is too old: slimnet needs g++ >= 12 (C++20). On Debian and Ubuntu: ${installLine(['g++-12'])}, then set CXX=g++-12`,
    );
  }
}

/** Installs packages; the lists are fetched only where installing without that fails. */
export async function aptInstall(prefix, packages) {
  const [command, ...args] = [...prefix, 'apt-get'];
  const install = [...args, 'install', '-y', '--no-install-recommends', ...packages];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run(command, install, { env, check: false })) === 0) return;
  await run(command, [...args, 'update'], { env });
  await run(command, install, { env });
}
