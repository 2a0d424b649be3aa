/**
 * What sessions and stores do is the same on a device with memory of its own: the tests that leave the device to `testDevice`, run on
 * `discrete`. Code of the runtime that takes memory of the device for memory of the host, or does not wait for it, crashes or fails here.
 */
import '../helpers/discrete_device.js';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { devices, sharesHostMemory } from '../../lib/runtime/precision/device.js';

process.env.SLIMNET_TEST_DEVICE = 'discrete';

const folder = join(__dirname, '..', 'unit');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(folder, file))
  .filter((file) => readFileSync(file, 'utf8').includes('/helpers/test_device.js'));

test('the device is there, beside those that every addon has', () => {
  const found = devices().find((device) => device.name === 'discrete');
  expect(found).toMatchObject({ backend: 'discrete', available: true, reason: '', bfloat16Rate: 0 });
  expect([sharesHostMemory('discrete'), sharesHostMemory('reference')]).toEqual([false, true]);
  expect(files.length).toBeGreaterThan(5);
});

describe.each(files.map((file) => [relative(folder, file), file]))('%s on discrete', (_, file) => {
  require(file);
});
