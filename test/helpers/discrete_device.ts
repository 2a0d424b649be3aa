/**
 * Import this first: the tests of the file then have the device `discrete`, which computes as `reference` does, but in memory that the
 * host cannot touch, and as late as it may (test/native/devices). It is in an addon of its own, which is built with the native tests.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = process.env.SLIMNET_ADDON
  ? dirname(process.env.SLIMNET_ADDON)
  : join(__dirname, '..', '..', 'build', 'Release');
const addon = join(folder, 'slimnet_test_devices.node');
if (!existsSync(addon)) throw new Error(`${addon} is missing: build it with \`npm run build -- --tests\`.`);
process.env.SLIMNET_ADDON = addon;
