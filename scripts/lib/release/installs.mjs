/**
 * The packed packages in the hands of package managers: each installs them into an empty folder, from a registry on this machine that has nothing
 * else, without scripts, compilers or any other network; and programs there use them.
 */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from '../process.mjs';
import { runAsync } from './run_async.mjs';
import { toolCommand } from './tools.mjs';

/** What users write. Each prints `works` when a graph has run on the CPU. */
const use = `
const graph = new Graph();
const y = graph.build(() => slim.relu(placeholder('float32', [2], { name: 'x' })));
const session = await Session.create(graph, { device: 'cpu' });
const { y: { data } } = await session.run({ x: Float32Array.of(-1, 2) }, { y });
`;
const names = 'Graph, placeholder, Session, slim';
const works = "console.log(data.join() === '0,2' ? 'works' : 'wrong');";

export const programs = {
  'esm.mjs': `import { ${names} } from 'slimnet';\n${use}${works}\n`,
  'commonjs.cjs': `const { ${names} } = require('slimnet');\n(async () => {${use}${works}})();\n`,
  'worker.mjs': `import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { ${names} } from 'slimnet';
if (isMainThread) {
  new Worker(new URL(import.meta.url)).on('message', (text) => console.log(text)).on('error', (error) => console.log(error.message));
} else {${use}
  parentPort.postMessage(data.join() === '0,2' ? 'works' : 'wrong');
}
`,
};

/** Programs that are on PATH while packages are installed and used: Node and a shell, no compiler, no make, no Python. */
function bareTools(folder, node) {
  mkdirSync(folder, { recursive: true });
  symlinkSync(node, join(folder, 'node'));
  for (const program of ['sh', 'env', 'uname', 'rm', 'mkdir', 'cat', 'dirname', 'basename', 'sed', 'readlink']) {
    const path = which(program);
    if (path !== null) symlinkSync(path, join(folder, program));
  }
  return folder;
}

/** npm's settings. @param {{os: string, cpu: string, libc: string}} [platform] another one than this machine's, whose packages are installed */
const npmrc = (url, platform) =>
  [
    `registry=${url}/`,
    'ignore-scripts=true',
    'audit=false',
    'fund=false',
    'update-notifier=false',
    ...Object.entries(platform ?? {}).map(([key, value]) => `${key}=${value}`),
    // npm holds a package that is asked for by name to this machine's C library, whatever `libc` says.
    ...(platform === undefined ? [] : ['force=true']),
    '',
  ].join('\n');

/** Yarn's settings; it takes no plain HTTP unless told. */
const yarnrc = (url, linker) =>
  [
    `nodeLinker: ${linker}`,
    `npmRegistryServer: "${url}"`,
    'unsafeHttpWhitelist: ["127.0.0.1"]',
    'enableScripts: false',
    'enableTelemetry: false',
    'enableGlobalCache: false',
    'enableImmutableInstalls: false',
    '',
  ].join('\n');

/** The npm that comes with Node here. */
const ownNpm = () => [which('npm')];

/**
 * Package managers: files beside package.json, how they install, and how a program is run with what they installed.
 * @type {Readonly<Record<string, {tool?: string, files: (url: string, platform?: {os: string, cpu: string, libc: string}) => Record<string, string>, install: string[], run?: (file: string, command: string[]) => string[]}>>}
 */
export const managers = {
  npm: { files: (url, platform) => ({ '.npmrc': npmrc(url, platform) }), install: ['install', '--ignore-scripts'] },
  npm12: { tool: 'npm12', files: (url) => ({ '.npmrc': npmrc(url) }), install: ['install'] },
  pnpm: { tool: 'pnpm10', files: (url) => ({ '.npmrc': npmrc(url) }), install: ['install', '--ignore-scripts'] },
  'yarn, node-modules': {
    tool: 'yarn',
    files: (url) => ({ '.yarnrc.yml': yarnrc(url, 'node-modules'), 'yarn.lock': '' }),
    install: ['install'],
  },
  'yarn, PnP': {
    tool: 'yarn',
    files: (url) => ({ '.yarnrc.yml': yarnrc(url, 'pnp'), 'yarn.lock': '' }),
    install: ['install'],
    run: (file, command) => [...command, 'node', file],
  },
  bun: {
    tool: 'bun',
    files: (url) => ({ '.npmrc': npmrc(url), 'bunfig.toml': `[install]\nregistry = "${url}"\n` }),
    install: ['install', '--ignore-scripts'],
  },
  deno: { tool: 'deno', files: (url) => ({ '.npmrc': npmrc(url) }), install: ['install', '--quiet'] },
};

/** Where package managers look for their settings and caches: folders of the trial, and a proxy that leads nowhere. */
function environment(home, path) {
  const nowhere = 'http://127.0.0.1:9';
  return {
    PATH: path,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    npm_config_cache: join(home, 'npm'),
    BUN_INSTALL_CACHE_DIR: join(home, 'bun'),
    DENO_DIR: join(home, 'deno'),
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    SLIMNET_PACKED_CACHE: 'off',
    NO_COLOR: '1',
    CI: '1',
  };
}

/**
 * An empty project in which a package manager installs slimnet.
 * @param {string} manager a key of `managers`
 * @param {{url: string, version: string, node?: string, dependencies?: Record<string, string>, platform?: {os: string, cpu: string, libc: string}, runtime?: string[]}} options
 *   `node`: what the package manager runs on; `platform`: (npm) whose packages are installed, where it is not this machine; `runtime`: what runs
 *   programs, unless the package manager does
 * @returns {Promise<{base: string, folder: string, env: Record<string, string>, install: {status: number | null, output: string}, run: (file: string, args?: readonly string[]) => Promise<{status: number | null, stdout: string, stderr: string}>}>}
 */
export async function installWith(
  manager,
  { url, version, node = process.execPath, dependencies = {}, platform, runtime = [node] },
) {
  const { tool, files, install, run } = managers[manager];
  const base = mkdtempSync(join(tmpdir(), 'slimnet-install-'));
  const [folder, home] = [join(base, 'project'), join(base, 'home')];
  mkdirSync(folder);
  mkdirSync(home);
  const description = {
    name: 'user',
    version: '1.0.0',
    private: true,
    dependencies: { slimnet: version, ...dependencies },
  };
  const written = { 'package.json': `${JSON.stringify(description, null, 2)}\n`, ...files(url, platform), ...programs };
  for (const [name, text] of Object.entries(written)) writeFileSync(join(folder, name), text);
  const env = environment(home, bareTools(join(base, 'bin'), node));
  const command = tool === undefined ? [node, ...ownNpm()] : await toolCommand(tool, node);
  const result = await runAsync(command[0], [...command.slice(1), ...install], { cwd: folder, env });
  return {
    base,
    folder,
    env,
    install: { status: result.status, output: result.stdout + result.stderr },
    run: (file, args = []) => {
      const [program, ...first] = run ? run(file, command) : [...runtime, file];
      return runAsync(program, [...first, ...args], { cwd: folder, env });
    },
  };
}
