import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfFile, treeHash } from '../../../scripts/lib/hash.mjs';
import { sourceTree, thirdParty, unpack } from '../../../scripts/lib/sources.mjs';

describe('third-party sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-sources-'));
  const archive = join(folder, 'thing.tar.gz');
  const tree = join(folder, 'tree');
  let server: Server;
  let url: string;
  let requests = 0;

  beforeAll(async () => {
    const source = join(folder, 'thing-1.0');
    mkdirSync(join(source, 'src', 'big'), { recursive: true });
    writeFileSync(join(source, 'src', 'a.cpp'), 'int a;\n');
    writeFileSync(join(source, 'src', 'big', 'unused.cpp'), 'int unused;\n');
    writeFileSync(join(source, 'README'), 'not kept\n');
    execFileSync('tar', ['-czf', archive, '-C', folder, 'thing-1.0']);
    unpack(archive, tree, { keep: ['src'], drop: ['src/big'] });
    server = createServer((request, response) => {
      requests += 1;
      if (request.url === '/thing.tar.gz') response.end(readFileSync(archive));
      else if (request.url === '/silent') response.writeHead(200).write('x');
      else if (request.url === '/never') return;
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  interface Changes {
    readonly paths?: readonly string[];
    readonly hash?: string;
    readonly sha256?: string;
    /** How long the server may say nothing, in milliseconds. */
    readonly patience?: number;
  }

  function fetchTree(name: string, changes: Changes = {}) {
    const { paths = ['/thing.tar.gz'], hash = treeHash(tree), sha256, patience = 20_000 } = changes;
    const sources = paths.map((path) => ({ kind: 'archive', url: `${url}${path}`, ...(sha256 ? { sha256 } : {}) }));
    const entry = {
      version: '1.0',
      tree: hash,
      keep: ['src'],
      drop: ['src/big'],
      sources,
      hint: 'Install it yourself.',
    };
    const timeouts = { connectMs: patience, silentMs: patience };
    return sourceTree('thing', { table: { thing: entry }, cache: join(folder, name), timeouts });
  }

  test('keeps only what the table keeps, and gets nothing twice', async () => {
    const before = requests;
    const place = await fetchTree('good', { sha256: sha256OfFile(archive) });
    expect(existsSync(join(place, 'src', 'a.cpp'))).toBe(true);
    expect(existsSync(join(place, 'src', 'big', 'unused.cpp'))).toBe(false);
    expect(existsSync(join(place, 'README'))).toBe(false);
    expect(await fetchTree('good')).toBe(place);
    expect(requests).toBe(before + 1);
  });

  test('go on to the next place when one fails, and say what failed', async () => {
    const place = await fetchTree('second', { paths: ['/gone', '/thing.tar.gz'] });
    expect(existsSync(join(place, 'src', 'a.cpp'))).toBe(true);
    await expect(fetchTree('gone', { paths: ['/gone'] })).rejects.toThrow('the server answered 404');
  });

  test('are refused when the packed file has another SHA-256', async () => {
    await expect(fetchTree('packed', { sha256: 'ab'.repeat(32) })).rejects.toThrow(
      /SHA-256 is [0-9a-f]{64}, and (ab)+ was expected/,
    );
    expect(existsSync(join(folder, 'packed', 'sources', `thing-1.0-${treeHash(tree).slice(0, 12)}`))).toBe(false);
  });

  test('are refused when the tree that comes out has another hash', async () => {
    await expect(fetchTree('tampered', { hash: 'cd'.repeat(32) })).rejects.toThrow(
      /its files have the hash [0-9a-f]{64}/,
    );
  });

  test('name every place, its reason and the way out when nothing works', async () => {
    const failure = await fetchTree('nothing', { paths: ['/silent', '/never'], patience: 400 }).catch(
      (error: Error) => error,
    );
    const { message } = failure as Error;
    expect(message).toMatch(/\/silent: (nothing came for|no answer within) 0\.4 s/);
    expect(message).toContain('/never: no answer within 0.4 s');
    expect(message).toContain('Install it yourself.');
  });

  test('of the real table have a version, a tree hash and at least two places', () => {
    const table: Record<string, { version: string; tree: string; sources: unknown[] }> = thirdParty();
    for (const { version, tree: hash, sources } of Object.values(table)) {
      expect(version).toMatch(/^\d+\.\d+\.\d+(\.\d+)?$/);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      // pip knows mirrors by itself, and holds each package to its hash.
      const mirrored = (sources as readonly { kind: string }[]).every(({ kind }) => kind === 'wheels');
      expect(sources.length).toBeGreaterThanOrEqual(mirrored ? 1 : 2);
    }
  });
});

describe('a tree hash', () => {
  test('changes with contents and names, and with nothing else', () => {
    const make = (files: Record<string, string>) => {
      const folder = mkdtempSync(join(tmpdir(), 'slimnet-tree-'));
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(join(folder, name, '..'), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      const hash = treeHash(folder, { exclude: ['left/out'] });
      rmSync(folder, { recursive: true });
      return hash;
    };
    const base = make({ 'a/b.h': '1', 'c.h': '2' });
    expect(make({ 'c.h': '2', 'a/b.h': '1' })).toBe(base);
    expect(make({ 'a/b.h': '1', 'c.h': '2', 'left/out/x': '3' })).toBe(base);
    expect(make({ 'a/b.h': '1', 'c.h': '3' })).not.toBe(base);
    expect(make({ 'a/b.h': '1', 'd.h': '2' })).not.toBe(base);
    expect(make({ 'a/b.h': '1', 'c.h': '2', 'left/outside': '3' })).not.toBe(base);
  });
});
