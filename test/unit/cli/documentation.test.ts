/** docs/command_line.md says what the commands themselves say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandTables } from '../../helpers/command_tables.js';

const text = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'command_line.md'), 'utf8');
const tables = commandTables();

test('every command has its section, in the order of the help, and there are no others', () => {
  expect([...text.matchAll(/^## (\S+)$/gm)].map(([, name]) => name)).toEqual(Object.keys(tables));
});

test.each(Object.entries(tables))('the section of %s has its arguments and options', (name, expected) => {
  const start = text.indexOf(`## ${name}\n`);
  expect(text.slice(start, start + expected.length)).toBe(expected);
});
