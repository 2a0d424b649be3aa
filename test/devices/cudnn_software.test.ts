/**
 * Sessions and trainings by the plans of cuDNN and the kernels for NVIDIA GPUs: the unit tests that leave their device to the environment, on
 * `cudnn-software`. It goes through the interface of device libraries, as a GPU does.
 */
import { devices } from '../helpers/devices.js';
import { runUnitTestsOn } from '../helpers/on_device.js';

if (devices.includes('cudnn-software')) {
  runUnitTestsOn('cudnn-software', 'test_device', 'runtime/session');
  runUnitTestsOn('cudnn-software', 'small_training', 'trainer');
} else test('is not there, for the reason that was printed', () => expect(devices).toEqual(['reference', 'cpu']));
