/** Programs that were bundled with slimnet in them (dist/, which `npm test` builds). */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild } from './support.js';

let folder: string;
const esbuild = join(root, 'node_modules', '.bin', 'esbuild');

const program = `
import { decodeImage, devices, Graph, placeholder, Session, slim } from 'slimnet';
async function main() {
  const graph = new Graph();
  const y = graph.build(() => slim.relu(placeholder('float32', [2], { name: 'x' })));
  const session = await Session.create(graph, { device: 'cpu' });
  const result = await session.run({ x: Float32Array.of(-1, 2) }, { y });
  const { width } = await decodeImage('picture.png');
  console.log(devices()[0].name, Array.from(result.y.data).join(), width);
}
console.log('imported');
main().catch((error) => {
  console.log(error.name, error.code, error.message.replaceAll('\\n', ' '));
});
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-bundles-'));
  writeFileSync(join(folder, 'program.mjs'), program);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'slimnet'), 'dir');
  symlinkSync(join(root, 'node_modules', 'sharp'), join(folder, 'node_modules', 'sharp'), 'dir');
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEklEQVQImWP4z8AAQVDqPwMDAEHSBfsYFwTiAAAAAElFTkSuQmCC';
  writeFileSync(join(folder, 'picture.png'), Buffer.from(png, 'base64'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function bundled(format: 'cjs' | 'esm'): string {
  const file = join(folder, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
  const options = ['--bundle', '--platform=node', '--external:sharp', '--log-level=error'];
  execFileSync(esbuild, [join(folder, 'program.mjs'), ...options, `--format=${format}`, `--outfile=${file}`]);
  return file;
}

test.each(['cjs', 'esm'] as const)('a bundle as %s runs where the package is installed beside it', (format) => {
  const { status, stdout, stderr } = runChild(process.execPath, [bundled(format)], folder);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'imported\ncpu 0,2 3\n', stderr: '' });
});

test.each(['cjs', 'esm'] as const)('a bundle as %s that stands alone imports, and says what it lacks', (format) => {
  const alone = mkdtempSync(join(tmpdir(), 'slimnet-alone-'));
  try {
    const file = join(alone, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
    cpSync(bundled(format), file);
    const { status, stdout } = runChild(process.execPath, [file], alone);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^imported\nNativeLoadError ERR_NATIVE_LOAD slimnet's package\.json was not found .* Hint: A bundle needs the package installed beside it/,
    );
  } finally {
    rmSync(alone, { recursive: true });
  }
});
