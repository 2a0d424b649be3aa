/** The device of tests of what is the same on every device. test/devices runs them once more on another one. */
export const testDevice = process.env.SLIMNET_TEST_DEVICE ?? 'reference';
