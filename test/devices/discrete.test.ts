/**
 * What sessions and stores do is the same on a device with memory of its own: the tests that leave the device to `testDevice`, run on
 * `discrete`. Code of the runtime that takes memory of the device for memory of the host, or does not wait for it, crashes or fails here.
 */
import '../helpers/discrete_device.js';
import { devices, sharesHostMemory } from '../../lib/runtime/precision/device.js';
import { runUnitTestsOn } from '../helpers/on_device.js';

test('the device is there, beside those that every addon has', () => {
  const found = devices().find((device) => device.name === 'discrete');
  expect(found).toMatchObject({ backend: 'discrete', available: true, reason: '', bfloat16Rate: 0 });
  expect([sharesHostMemory('discrete'), sharesHostMemory('reference')]).toEqual([false, true]);
});

runUnitTestsOn('discrete', 'test_device');
