/** The manifests of examples/kubernetes, by the schemas of Kubernetes and the models of KServe's SDK, and by our own options. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../../../lib/cli/main.js';
import { fakeIo } from '../../helpers/cli.js';
import { servicesPython } from '../../helpers/services.js';

const root = join(__dirname, '..', '..', '..');
const folder = join(root, 'examples', 'kubernetes');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
let python: string | null;
let work: string;

beforeAll(() => {
  python = servicesPython();
  work = mkdtempSync(join(tmpdir(), 'slimnet-manifests-'));
}, 660_000);
afterAll(() => rmSync(work, { recursive: true }));

function check(paths: readonly string[]): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(
    python as string,
    [join(root, 'scripts', 'services', 'check_manifests.py'), ...paths],
    { encoding: 'utf8' },
  );
  return { status, out: stdout + stderr };
}

test('they are what Kubernetes and KServe take', () => {
  if (python === null) return;
  expect(check(files.map((name) => join(folder, name)))).toEqual({ status: 0, out: '7 documents, 0 problems\n' });
});

test.each([
  ['batch_job.yaml', 'completionMode: Indexed', 'completionModes: Indexed', /'completionModes' was unexpected/],
  ['batch_job.yaml', 'completions: 8', 'completions: eight', /'eight' is not of type/],
  ['serve.yaml', 'type: Pods', 'typ: Pods', /'typ' was unexpected|'type' is a required property/],
  ['serve.yaml', 'startupProbe: { httpGet', 'startupProbe: { httpget', /'httpget' was unexpected/],
  ['inference_service.yaml', 'maxReplicas: 20', 'maxReplica: 20', /unknown field maxReplica/],
  ['inference_service.yaml', 'minReplicas: 2', 'minReplicas: two', /expected int, received 'two'/],
  ['inference_service.yaml', 'readinessProbe', 'readynessProbe', /'readynessProbe' was unexpected/],
])('a mistake in %s (%s) would be seen', (name, from, to, message) => {
  if (python === null) return;
  const text = readFileSync(join(folder, name), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(work, name), text.replace(from, to));
  const { status, out } = check([join(work, name)]);
  expect({ status, out }).toEqual({ status: 1, out: expect.stringMatching(message) });
});

test.each(files)('the arguments of %s are options of the command', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  const lists = [...text.matchAll(/^ +args:\n((?: +- .*\n)+)/gm)].map(([, lines = '']) =>
    lines
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().slice(2)),
  );
  expect(lines(lists)).toBeGreaterThan(0);
  for (const [command = '', ...args] of lists) {
    const found = commandLine(fakeIo(), () => {}).commands.find((each) => each.name() === command);
    expect(found?.parseOptions(args)).toEqual({ operands: [], unknown: [] });
  }
});

function lines(lists: readonly (readonly string[])[]): number {
  return lists.reduce((sum, list) => sum + list.length, 0);
}
