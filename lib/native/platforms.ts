/** For which platforms the addon is published, each in a package of its own that npm installs where it fits. */

/** One platform, as npm's `os`, `cpu` and `libc` tell it from others. */
export interface Platform {
  /** The package with its addon. */
  readonly package: string;
  readonly os: 'linux';
  readonly cpu: 'x64' | 'arm64';
  readonly libc: 'glibc' | 'musl';
  /** The oldest version of the libc on which the addon loads. */
  readonly oldestLibc: string;
  /** Why it is not published yet; undefined where it is. */
  readonly experimental?: string;
  /** The platform in whose package's place this one is taken where somebody has installed it; undefined: it is a platform itself. */
  readonly insteadOf?: string;
}

/** By the name that `platformName()` gives. */
export const platforms = {
  'linux-x64': { package: '@slimnet/linux-x64', os: 'linux', cpu: 'x64', libc: 'glibc', oldestLibc: '2.28' },
  'linux-x64-musl': {
    package: '@slimnet/linux-x64-musl',
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
    oldestLibc: '1.2',
    experimental: 'not tried on a machine of its own',
  },
  'linux-x64-cuda': {
    package: '@slimnet/linux-x64-cuda',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    oldestLibc: '2.28',
    experimental: 'not tried with a GPU',
    insteadOf: 'linux-x64',
  },
} as const satisfies Readonly<Record<string, Platform>>;

export type PlatformName = keyof typeof platforms;

/** What is known of a platform; undefined where nothing is. */
export function platform(name: string): Platform | undefined {
  const known: Platform | undefined = Object.hasOwn(platforms, name) ? platforms[name as PlatformName] : undefined;
  return known?.insteadOf === undefined ? known : undefined;
}

/** Packages that somebody may have installed in the place of a platform's own, which are looked for first. */
export function installedInstead(name: string): Platform[] {
  return Object.values<Platform>(platforms).filter(({ insteadOf }) => insteadOf === name);
}

/** What to do on systems that no package is for, by Node's name of the system. */
const elsewhere: Readonly<Record<string, string>> = {
  darwin:
    'There is no slimnet for macOS yet, neither packed nor tried: use it in a Linux container, or build it from its sources with `npm run build`.',
  win32:
    'There is no slimnet for Windows: use it in WSL 2 (Windows Subsystem for Linux), where the package for Linux works.',
};

/** The way out on a platform that no package is for. */
export function withoutPackage(name: string): string {
  const [system = ''] = name.split('-');
  const published = Object.values<Platform>(platforms)
    .filter(({ experimental }) => experimental === undefined)
    .map((one) => one.package);
  return (
    elsewhere[system] ??
    `There is no published package for ${name} (there are ${published.join(', ')}): build it from its sources with \`npm run build\`.`
  );
}
