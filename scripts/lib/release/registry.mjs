/**
 * A registry of packages on this machine alone, for trying how the packed packages install: it has those, and what they depend on as it lies in
 * this checkout's node_modules. Everything else is unknown to it, so nothing comes from elsewhere.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { listFiles } from '../hash.mjs';
import { packageJson, root } from '../paths.mjs';

/** A tarball of a folder, without what is installed below it. */
async function tarballOf(folder) {
  const { pack } = createRequire(import.meta.url)('tar-stream');
  const tar = pack();
  const parts = [];
  const done = (async () => {
    for await (const part of tar) parts.push(part);
  })();
  for (const file of listFiles(folder, { skip: (path) => path === 'node_modules' })) {
    const path = join(folder, file);
    const { mode } = statSync(path);
    await new Promise((resolve, reject) =>
      tar.entry({ name: `package/${file}`, mode }, readFileSync(path), (error) => (error ? reject(error) : resolve())),
    );
  }
  tar.finalize();
  await done;
  return gzipSync(Buffer.concat(parts), { level: 1 });
}

/** package.json out of a tarball. */
async function descriptionIn(tarball) {
  const { extract } = createRequire(import.meta.url)('tar-stream');
  const entries = extract();
  entries.end(gunzipSync(tarball));
  for await (const entry of entries) {
    if (entry.header.name !== 'package/package.json') {
      entry.resume();
      continue;
    }
    const parts = [];
    for await (const part of entry) parts.push(part);
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  }
  throw new Error('a tarball without package/package.json');
}

/** The folders in node_modules of everything that `names` depend on, themselves included. */
function closure(names, base = root) {
  const found = new Map();
  const visit = (name, from) => {
    const folder = [join(from, 'node_modules', name), join(base, 'node_modules', name)].find((one) => existsSync(one));
    if (folder === undefined || found.has(folder)) return;
    found.set(folder, name);
    const { dependencies = {}, optionalDependencies = {} } = packageJson(folder);
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) visit(each, folder);
  };
  for (const name of names) visit(name, base);
  return [...found.keys()];
}

/** All that the registry has: `{description, tarball}` of each. */
async function collect(tarballs, besides) {
  const all = [];
  for (const file of tarballs) {
    const tarball = readFileSync(file);
    all.push({ description: await descriptionIn(tarball), tarball });
  }
  const needed = all.flatMap(({ description }) => Object.keys(description.dependencies ?? {}));
  for (const folder of closure([...needed, ...besides]))
    all.push({ description: packageJson(folder), tarball: await tarballOf(folder) });
  return all;
}

/** The document about a package, with all its versions. */
function documentOf(name, packages, url, known) {
  const versions = packages.map(({ description, tarball }) => {
    const { optionalDependencies = {}, scripts: _scripts, ...rest } = description;
    // Those of other platforms: package managers ask for them, too, and some do not take no for an answer.
    const here = Object.fromEntries(Object.entries(optionalDependencies).filter(([each]) => known.has(each)));
    const dist = {
      tarball: `${url}/-/${encodeURIComponent(name)}/${description.version}.tgz`,
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
      shasum: createHash('sha1').update(tarball).digest('hex'),
    };
    return [description.version, { ...rest, optionalDependencies: here, dist }];
  });
  // Some package managers take nothing that is new.
  const time = Object.fromEntries(
    [...versions.map(([version]) => version), 'created', 'modified'].map((key) => [key, '2020-01-01T00:00:00.000Z']),
  );
  return { name, 'dist-tags': { latest: versions.at(-1)[0] }, versions: Object.fromEntries(versions), time };
}

/**
 * Starts a registry on the loopback interface.
 * @param {readonly string[]} tarballs files of packages
 * @param {readonly string[]} besides further packages of this checkout
 * @returns {Promise<{url: string, requests: string[], close: () => Promise<void>}>} `requests`: the paths that were asked for
 */
export async function startRegistry(tarballs, besides = []) {
  const byName = groupByName(await collect(tarballs, besides));
  const requests = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    requests.push(path);
    const [, name, version] = /^\/-\/(.+)\/([^/]+)\.tgz$/.exec(path) ?? [];
    const packages = byName.get(name ?? path.slice(1));
    if (packages === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    } else if (version === undefined) {
      const document = documentOf(path.slice(1), packages, url, byName);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    } else {
      const { tarball } = packages.find(({ description }) => description.version === version) ?? {};
      response.writeHead(tarball ? 200 : 404, { 'content-type': 'application/octet-stream' }).end(tarball);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url, requests, close };
}

function groupByName(packages) {
  const byName = new Map();
  for (const one of packages) byName.set(one.description.name, [...(byName.get(one.description.name) ?? []), one]);
  return byName;
}
