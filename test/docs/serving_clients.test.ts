/** The lines of shells and of Python in docs/serving.md, as their readers run them, against one server. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientsPython } from '../helpers/clients.js';
import { encoders, gradient } from '../helpers/pictures.js';
import { type SmallServer, smallModel, smallServer } from '../helpers/small_server.js';
import { temporaryFolder } from '../helpers/temporary_folder.js';
import { snippets } from './snippets.js';

const folder = temporaryFolder('serving-clients');
const python = clientsPython();
let small: SmallServer;
beforeAll(async () => {
  const model = await smallModel();
  small = await smallServer({ models: { resnet_v1_50: model }, grpcPort: 0 });
  writeFileSync(join(folder, 'photo.jpg'), await encoders.png.encode(gradient(40, 30)));
});
afterAll(() => small[Symbol.asyncDispose]());

const onPage = (language: string) =>
  snippets().filter((snippet) => snippet.page === 'docs/serving.md' && snippet.language === language);
/** A text for the server of this test. */
const here = (text: string) =>
  text
    .replaceAll('http://127.0.0.1:8000', small.url)
    .replaceAll('127.0.0.1:8000', new URL(small.url).host)
    .replaceAll('127.0.0.1:8001', small.server.grpcAddress ?? 'no gRPC');

/** Commands of curl, with what is piped into them; what installs and starts servers is not run. */
const commands = onPage('sh').flatMap(({ line, code }) =>
  [...code.matchAll(/^(?:printf [^|]*\|\s*)?curl .*$/gm)].map(([command]) => [line, command] as const),
);

test('there are commands of curl and programs in Python on the page', () => {
  expect(commands.length).toBeGreaterThan(5);
  expect(onPage('python').length).toBeGreaterThan(1);
});

test.each(commands)('line %d and on: %s', async (_, command) => {
  // Errors of the server are failures of the command.
  const text = here(command).replace('curl ', 'curl --silent --show-error --fail-with-body ');
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder });
  if (command.includes('/metrics')) expect(stdout).toContain('slimnet_requests_total{');
  else if (command.includes('classify')) expect(JSON.parse(stdout)).toMatchObject({ predictions: [{}, {}, {}] });
  else if (command.includes('/infer')) expect(JSON.parse(stdout)).toMatchObject({ outputs: [{ shape: [1, 3] }] });
  else expect(JSON.parse(stdout)).toEqual(expect.any(Object));
});

test.each(onPage('python').map(({ line, code }) => [line, code] as const))('the Python of line %d', async (_, code) => {
  // The reason was printed.
  if (python === null) return;
  const { stdout } = await promisify(execFile)(python, ['-c', here(code)], { cwd: folder });
  expect(stdout).toMatch(/:\d:(red|green: light|blue)/);
});
