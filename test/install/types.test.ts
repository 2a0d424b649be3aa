import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild } from './support.js';

describe('the types of the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-types-'));
  const good = `
    import { Graph, type Tensor, loadModel, nets, placeholder, slim } from 'slimnet';
    export const graph: Graph = new Graph({ seed: 1 });
    export const images: Tensor = graph.build(() => placeholder('float32', [null, 224, 224, 3], { name: 'images' }));
    export const model = loadModel('resnet_v1_50', { checkpoint: 'x.ckpt' });
    export const scope = slim.argScope;
    export const network = nets.resnetV1_50;
  `;

  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'slimnet'));
    writeFileSync(join(folder, 'good.mts'), good);
    writeFileSync(join(folder, 'good.cts'), good);
    writeFileSync(
      join(folder, 'bad.mts'),
      "import { loadModel } from 'slimnet';\nvoid loadModel('resnet_v1_50', { chekpoint: 'x' });\n",
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function compile(file: string, module: string, moduleResolution: string) {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module,
      moduleResolution,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    };
    const project = join(folder, `${file}.${moduleResolution}.json`);
    writeFileSync(project, JSON.stringify({ compilerOptions, files: [file] }));
    return runChild(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project], folder);
  }

  test.each([
    ['good.mts', 'node16', 'node16'],
    ['good.mts', 'nodenext', 'nodenext'],
    ['good.cts', 'nodenext', 'nodenext'],
    ['good.mts', 'esnext', 'bundler'],
  ])('are found by %s under module %s, resolution %s', (file, module, resolution) => {
    expect(compile(file, module, resolution)).toMatchObject({ status: 0, stdout: '' });
  });

  test('name a misspelled option', () => {
    const { status, stdout } = compile('bad.mts', 'nodenext', 'nodenext');
    expect(status).not.toBe(0);
    expect(stdout).toContain('chekpoint');
  });
});
