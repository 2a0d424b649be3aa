/**
 * The devices that compute, for tests of what all of them must do alike. Import this first: `cudnn-software` is in the addon of the test
 * devices. What holds for one of them alone, or what the backend is made of, has a test of its own.
 */
import './discrete_device.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';

const software = deviceNamed('cudnn-software');
if (!software.available) console.log(`Nothing is tested on cudnn-software: ${software.reason}.`);

/**
 * `reference` computes slowly and plainly, `cpu` is oneDNN, and `cudnn-software` is the backend for NVIDIA GPUs: plans of cuDNN, and own
 * kernels, computed without one (docs/backends.md).
 */
export const devices: readonly ('reference' | 'cpu' | 'cudnn-software')[] = [
  'reference',
  'cpu',
  ...(software.available ? (['cudnn-software'] as const) : []),
];

export type Device = (typeof devices)[number];
