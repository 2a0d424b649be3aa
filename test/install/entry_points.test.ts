import { runNode } from './support.js';

describe('the built package', () => {
  const listing = 'console.log(JSON.stringify(Object.keys(slimnet).sort()))';

  test('is imported as an ECMAScript module and exits by itself', () => {
    const result = runNode('module', `import * as slimnet from 'slimnet'; ${listing}`);
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual(
      expect.arrayContaining(['Graph', 'Session', 'loadModel', 'nets', 'slim']),
    );
  });

  test('gives require() the same names as import', () => {
    const imported = runNode('module', `import * as slimnet from 'slimnet'; ${listing}`);
    const required = runNode(
      'commonjs',
      `const slimnet = { ...require('slimnet') }; delete slimnet.__esModule; ${listing}`,
    );
    expect(required.status).toBe(0);
    expect(JSON.parse(required.stdout)).toEqual(JSON.parse(imported.stdout));
  });

  test('has a server for those who have fastify, imported and required', () => {
    const imported = runNode('module', `import * as slimnet from 'slimnet/server'; ${listing}`);
    const required = runNode(
      'commonjs',
      `const slimnet = { ...require('slimnet/server') }; delete slimnet.__esModule; ${listing}`,
    );
    expect([imported.stderr, imported.status, required.status]).toEqual(['', 0, 0]);
    expect(JSON.parse(imported.stdout)).toEqual(
      expect.arrayContaining(['ModelRepository', 'slimnetPlugin', 'startServer']),
    );
    expect(JSON.parse(required.stdout)).toEqual(JSON.parse(imported.stdout));
  });

  test('has a client, imported and required', () => {
    const imported = runNode('module', `import * as slimnet from 'slimnet/client'; ${listing}`);
    const required = runNode(
      'commonjs',
      `const slimnet = { ...require('slimnet/client') }; delete slimnet.__esModule; ${listing}`,
    );
    expect([imported.stderr, imported.status, required.status]).toEqual(['', 0, 0]);
    expect(JSON.parse(imported.stdout)).toEqual(expect.arrayContaining(['ServerError', 'createClient']));
    expect(JSON.parse(required.stdout)).toEqual(JSON.parse(imported.stdout));
  });

  test('has no default export', () => {
    const result = runNode('module', "import * as slimnet from 'slimnet'; console.log('default' in slimnet)");
    expect(result.stdout.trim()).toBe('false');
  });

  test('does not load the addon before it is needed', () => {
    const code = `
      process.env.SLIMNET_ADDON = '/nowhere/slimnet.node';
      const { Graph, devices } = await import('slimnet');
      new Graph({ seed: 1 });
      try { await devices(); console.log('loaded'); } catch (error) { console.log(error.code); }`;
    expect(runNode('module', code).stdout.trim()).toBe('ERR_NATIVE_LOAD');
  });

  test('is imported by two worker threads and the main thread at once, each with its addon', () => {
    const code = `
      import { Worker } from 'node:worker_threads';
      import { devices } from 'slimnet';
      const body = "Promise.all([import('slimnet'), import('node:worker_threads')]).then(async ([{ devices }, { parentPort }]) => parentPort.postMessage((await devices()).length))";
      const counts = await Promise.all([1, 2].map(() => new Promise((resolve, reject) => {
        new Worker(body, { eval: true }).on('message', resolve).on('error', reject);
      })));
      console.log(JSON.stringify([...counts, (await devices()).length]));`;
    const result = runNode('module', code);
    expect(result.stderr).toBe('');
    const counts = JSON.parse(result.stdout) as number[];
    expect(counts[0]).toBeGreaterThan(0);
    expect(new Set(counts).size).toBe(1);
  });
});
