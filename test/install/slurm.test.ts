/** The scripts of examples/slurm, run as Slurm runs them: with its variables. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild } from './support.js';

let folder: string;
const script = (name: string) => join(root, 'examples', 'slurm', name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-slurm-'));
  const code = `
    import { smallImages, smallWeights } from ${JSON.stringify(join(root, 'test', 'reliability', 'small_weights.mjs'))};
    import { writeFileSync } from 'node:fs';
    await smallWeights(${JSON.stringify(join(folder, 'weights'))});
    const images = await smallImages(${JSON.stringify(join(folder, 'images'))}, 70);
    writeFileSync(${JSON.stringify(join(folder, 'images.txt'))}, [...images, 'missing.jpg'].join('\\n'));`;
  writeFileSync(join(folder, 'prepare.mjs'), code);
  expect(runChild(process.execPath, [join(folder, 'prepare.mjs')])).toMatchObject({ status: 0, stderr: '' });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const env = { ...process.env, SLIMNET: `${process.execPath} ${join(root, 'dist', 'cli', 'main.js')}` };
const at = (name: string) => join(folder, name);

test('tasks of an array do a share each, may run again, and are merged into what one run writes', () => {
  const task = (id: number) =>
    spawnSync('bash', [script('batch_array.sh'), at('images.txt'), at('weights'), at('results')], {
      encoding: 'utf8',
      env: {
        ...env,
        ...{ SLURM_ARRAY_TASK_ID: String(id), SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '0' },
        SLURM_CPUS_PER_TASK: '1',
      },
    });
  for (const id of [0, 1, 1]) expect(task(id)).toMatchObject({ status: 0 });
  expect(spawnSync('bash', [script('merge.sh'), at('results')], { encoding: 'utf8', env })).toMatchObject({
    status: 0,
  });
  const whole = ['--threads', '1', '--output', at('whole.jsonl'), '--rejects', at('whole_rejects.jsonl')];
  const args = ['classify', '--from-file', at('images.txt'), '--checkpoint', at('weights'), ...whole];
  expect(runChild(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...args]).status).toBe(1);
  expect(readFileSync(at('results/all.jsonl'))).toEqual(readFileSync(at('whole.jsonl')));
  expect(readFileSync(at('results/rejects.jsonl'))).toEqual(readFileSync(at('whole_rejects.jsonl')));
}, 300_000);

test('a task that is used wrongly fails', () => {
  const result = spawnSync('bash', [script('batch_array.sh'), at('nowhere.txt'), at('weights'), at('wrong')], {
    encoding: 'utf8',
    env: { ...env, SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '1', SLURM_ARRAY_TASK_MIN: '0' },
  });
  expect(result.status).toBe(2);
  expect(result.stderr).toMatch(/nowhere\.txt: The list cannot be read/);
}, 120_000);
