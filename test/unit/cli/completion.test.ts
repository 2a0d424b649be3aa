/** What bash completes, by bash itself. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from '../../../lib/errors.js';
import { slimnet } from '../../helpers/cli.js';

let script: string;
beforeAll(async () => {
  const { status, out } = await slimnet(['completion', 'bash']);
  expect(status).toBe(0);
  script = out;
});

/** What is offered for the last of some words. */
function offered(...words: string[]): string[] {
  const program = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slimnet; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', program, 'bash', 'slimnet', ...words], {
    encoding: 'utf8',
    cwd: __dirname,
  });
  return out.split('\n').filter((line) => line !== '');
}

test('bash completes commands, and those of a command', () => {
  expect(offered('cla')).toEqual(['classify']);
  expect(offered('')).toEqual(expect.arrayContaining(['classify', 'doctor', 'weights']));
  expect(offered('weights', 'f')).toEqual(['fetch']);
  expect(offered('weights', 'fetch', 'vgg_')).toEqual(['vgg_16', 'vgg_19']);
});

test('bash completes options, their values, and files', () => {
  expect(offered('classify', '--preci')).toEqual(['--precision']);
  expect(offered('classify', '--precision', 'b')).toEqual(['bfloat16']);
  expect(offered('classify', 'a.jpg', '-m', 'resnet_v2_1')).toEqual(['resnet_v2_101', 'resnet_v2_152']);
  expect(offered('classify', '--checkpoint', 'completion.t')).toEqual(['completion.test.ts']);
  expect(offered('classify', 'completion.t')).toEqual(['completion.test.ts']);
});

test('an error on a terminal names its place in the page about errors, which has one for each code', async () => {
  const shown = await slimnet(['inspect', 'nowhere.ckpt'], { terminal: true });
  expect(shown.err).toContain('docs/errors.md#err_');
  expect((await slimnet(['inspect', 'nowhere.ckpt'])).err).not.toContain('errors.md');
  const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'errors.md'), 'utf8');
  for (const code of Object.keys(errorCodes)) expect(page).toContain(`<a id="${code.toLowerCase()}"></a>${code} |`);
});
