/** Unit tests once more, on another device than the one that they leave to the environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = join(__dirname, '..', 'unit');

/** Of what a test leaves its device to, which variable of the environment names it. */
const variables = { test_device: 'SLIMNET_TEST_DEVICE', small_training: 'SLIMNET_TRAINING_DEVICE' } as const;

/**
 * Adds the tests of all files in a folder of test/unit that import a helper which names their device. To be called before any of them is
 * imported.
 */
export function runUnitTestsOn(device: string, helper: keyof typeof variables, under = ''): void {
  process.env[variables[helper]] = device;
  const files = readdirSync(join(folder, under), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, under, file))
    .filter((file) => readFileSync(file, 'utf8').includes(`/helpers/${helper}.js`));

  test(`there are tests in test/unit/${under} to run on ${device}`, () => expect(files.length).toBeGreaterThan(2));

  describe.each(files.map((file) => [relative(folder, file), file]))(`%s on ${device}`, (_, file) => {
    require(file);
  });
}
