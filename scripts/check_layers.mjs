/**
 * Who may import whom: reads import and #include lines and reports every one that goes against the order of the layers
 * (docs/architecture.md). `node scripts/check_layers.mjs [ROOT]`; a unit test calls `checkLayers`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { commandLine } from './lib/command_line.mjs';
import { main } from './lib/console.mjs';
import { listFiles } from './lib/hash.mjs';
import { root } from './lib/paths.mjs';

/** Layer of lib/ -> the layers that it may import besides itself. */
const libLayers = (() => {
  const layers = { errors: [] };
  const above = (name, ...below) => {
    layers[name] = [...new Set(below.flatMap((layer) => [layer, ...layers[layer]]))];
  };
  above('core', 'errors');
  above('ops', 'core');
  above('autodiff', 'ops');
  above('slim', 'autodiff');
  above('plan', 'core');
  above('native', 'core');
  above('formats', 'core');
  above('checkpoint', 'formats');
  above('data', 'native', 'formats');
  above('summaries', 'formats');
  above('report', 'core');
  above('export', 'ops', 'checkpoint');
  above('runtime', 'plan', 'native', 'checkpoint');
  above('published', 'slim', 'checkpoint');
  above('model', 'runtime', 'slim', 'data', 'published');
  above('explain', 'model', 'autodiff');
  above('train', 'runtime', 'slim', 'data', 'summaries', 'report');
  // slim.learning trains, in a session; all else of Slim builds graphs.
  above('slim/learning', 'train');
  above('slim_namespace', 'runtime', 'slim', 'slim/learning');
  above('trainer', 'model', 'train');
  // What is said, whatever carries it: clients have it too, in browsers as well.
  above('server/protocol', 'core');
  above('client', 'server/protocol');
  above('server', 'trainer', 'server/protocol');
  above('cli', 'server', 'export', 'report', 'explain');
  above('index', 'trainer', 'cli', 'explain', 'export', 'slim_namespace', 'summaries', 'report', 'published');
  return layers;
})();

/** What the networks themselves may call: a network file stays comparable, line by line, with Slim's. */
const netLayers = ['slim', 'core', 'errors'];

/** Layer of native/ -> the layers that it may include besides itself. */
const nativeLayers = {
  base: [],
  gen: ['base'],
  ir: ['base', 'gen'],
  data: ['base'],
  backend: ['base', 'gen', 'ir'],
  passes: ['base', 'gen', 'ir', 'backend'],
  backends: ['base', 'gen', 'ir', 'backend'],
  runtime: ['base', 'gen', 'ir', 'backend', 'passes', 'backends'],
  addon: ['base', 'gen', 'ir', 'data', 'backend', 'passes', 'backends', 'runtime'],
  tools: ['base', 'gen', 'ir', 'data', 'backend', 'passes', 'backends', 'runtime'],
};

/** Headers of others, and the only folder of native/ that may include them. */
const foreignHeaders = [
  { pattern: /^(napi|node_api|js_native_api|uv)(-inl)?\.h$|^uv\//, folder: 'addon/', what: 'Node' },
  { pattern: /^(oneapi\/dnnl\/|dnnl)/, folder: 'backends/onednn/', what: 'oneDNN' },
  { pattern: /^(cuda|cudnn|cublas|nccl)/, folder: 'backends/cudnn/', what: 'CUDA' },
];

/** The module specifiers that a TypeScript text imports: `{specifier, typeOnly, line}`. */
export function importsOf(text) {
  const found = [];
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/[^\n]*/g, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
  const pattern =
    /\b(?:import|export)\b(\s+type\b)?[^'"`;()]*?\bfrom\s*(['"])([^'"]+)\2|\bimport\s*\(?\s*(['"])([^'"]+)\4/g;
  for (const match of withoutComments.matchAll(pattern)) {
    const line = withoutComments.slice(0, match.index).split('\n').length;
    found.push({ specifier: match[3] ?? match[5], typeOnly: match[1] !== undefined, line });
  }
  return found;
}

/** The headers that a C++ text includes: `{header, line}`. */
function includesOf(text) {
  return text.split('\n').flatMap((content, index) => {
    const match = /^\s*#\s*include\s*[<"]([^>"]+)[>"]/.exec(content);
    return match ? [{ header: match[1], line: index + 1 }] : [];
  });
}

/** The layer of a file of lib/: its folder, or one in it that is a layer of its own. */
function layerOf(path) {
  const [folder, inner] = path.split('/');
  return libLayers[`${folder}/${inner}`] ? `${folder}/${inner}` : folder;
}

/** What is wrong with one TypeScript file of lib/ (`path` relative to lib/). */
export function checkTypeScript(path, text) {
  const problems = [];
  const layer = layerOf(path.replace(/\.ts$/, ''));
  const allowed = libLayers[layer];
  if (!allowed) return [`lib/${path}:1: the layer ${layer} is unknown: give it its place in scripts/check_layers.mjs`];
  for (const { specifier, typeOnly, line } of importsOf(text)) {
    const where = `lib/${path}:${line}`;
    if (specifier.endsWith('.node')) problems.push(`${where}: only lib/native/binding.ts loads the addon`);
    if (!specifier.startsWith('.')) continue;
    const target = posix.join(posix.dirname(path), specifier);
    const targetLayer = layerOf(target.replace(/\.js$/, ''));
    if (targetLayer === '..') {
      problems.push(`${where}: ${specifier} is outside lib/`);
    } else if (targetLayer !== layer && !allowed.includes(targetLayer)) {
      problems.push(`${where}: ${layer} may not import ${targetLayer} (${specifier})`);
    } else if (path.startsWith('slim/nets/') && !typeOnly && !netLayers.includes(targetLayer)) {
      problems.push(`${where}: networks call slim, not ${targetLayer}, so that they read like Slim's (${specifier})`);
    }
  }
  return problems;
}

/** What is wrong with one C++ file of native/ (`path` relative to native/). */
export function checkCpp(path, text) {
  const problems = [];
  const [layer, ...rest] = path.split('/');
  // A file directly in backends/ is the registry: it belongs to no backend, and knows them all.
  const backend = rest.length > 1 ? rest[0] : undefined;
  const allowed = nativeLayers[layer];
  if (!allowed)
    return [`native/${path}:1: the layer ${layer} is unknown: give it its place in scripts/check_layers.mjs`];
  for (const { header, line } of includesOf(text)) {
    const where = `native/${path}:${line}`;
    for (const { pattern, folder, what } of foreignHeaders) {
      if (pattern.test(header) && !path.startsWith(folder))
        problems.push(`${where}: ${what} only in native/${folder} (${header})`);
    }
    const [targetLayer, targetBackend] = header.split('/');
    if (!(targetLayer in nativeLayers) || !header.includes('/')) continue;
    if (targetLayer !== layer && !allowed.includes(targetLayer)) {
      problems.push(`${where}: ${layer} may not include ${targetLayer} (${header})`);
    }
    // backends/cpu is what the CPU backends share.
    if (layer === 'backends' && targetLayer === layer && backend && ![backend, 'cpu'].includes(targetBackend)) {
      problems.push(`${where}: the backend ${backend} may not include the backend ${targetBackend} (${header})`);
    }
  }
  return problems;
}

/** All problems of a source tree, one line each. */
export function checkLayers(folder = root) {
  const each = (sub, pattern, check) => {
    const base = join(folder, sub);
    if (!existsSync(base)) return [];
    return listFiles(base)
      .filter((path) => pattern.test(path))
      .flatMap((path) => check(path, readFileSync(join(base, path), 'utf8')));
  };
  return [...each('lib', /\.ts$/, checkTypeScript), ...each('native', /\.(cc|h|cu)$/, checkCpp)];
}

if (process.argv[1] === import.meta.filename) {
  main(() => {
    const problems = checkLayers(commandLine(import.meta.url, { allowPositionals: true }).positionals[0]);
    for (const problem of problems) process.stdout.write(`${problem}\n`);
    return problems.length === 0 ? 0 : 1;
  });
}
