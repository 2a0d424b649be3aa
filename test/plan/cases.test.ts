/**
 * The compiler's passes, one plan at a time: cases/<name>.plan says which passes turn which plan into which other. The same files
 * are read by test/native/passes_cases_test.cc. UPDATE_GOLDEN=1 writes the expected parts anew.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../helpers/run.js';

const folder = join(__dirname, 'cases');
const markers = { input: '--- input\n', expected: '--- expected\n' } as const;

interface Case {
  readonly header: string;
  readonly passes: readonly string[];
  readonly input: string;
  readonly expected: string;
}

function readCase(path: string): Case {
  const text = readFileSync(path, 'utf8');
  const [header = '', body = ''] = text.split(markers.input);
  const [input = '', expected = ''] = body.split(markers.expected);
  const passes = /^passes: (.+)$/m.exec(header)?.[1]?.split(',') ?? [];
  return { header, passes, input, expected };
}

const names = readdirSync(folder).filter((file) => file.endsWith('.plan'));

test('there are cases', () => {
  expect(names.length).toBeGreaterThan(10);
});

test.each(names)('%s', (name) => {
  const path = join(folder, name);
  const { header, passes, input, expected } = readCase(path);
  expect(passes).not.toHaveLength(0);
  const actual = addon().transform(input, { backend: 'null', passes });
  if (process.env.UPDATE_GOLDEN === '1') {
    writeFileSync(path, `${header}${markers.input}${input}${markers.expected}${actual}`);
    return;
  }
  expect(actual).toBe(expected);
});
