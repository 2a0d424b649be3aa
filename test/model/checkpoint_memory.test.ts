/** How much memory checkpoints take. What the sanitizers add is their own business: `npm run test:asan` leaves this file out. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-checkpoint-memory-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('resnet_v1_50 with 1000 classes', () => {
  test.each(['tensorflow_v2', 'tensorflow_v1', 'safetensors'])(
    '%s: loading takes less than 1.3 times the size of its file',
    async (format) => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--expose-gc',
        join(__dirname, 'loading_memory.mjs'),
        format,
        folder,
      ]);
      const { fileBytes, peakBytes, residentBytes } = JSON.parse(stdout) as Record<string, number>;
      expect(fileBytes).toBeGreaterThan(102_000_000);
      // The weights themselves are resident, or nothing was measured.
      expect(residentBytes).toBeGreaterThan(0.9 * (fileBytes as number));
      expect((peakBytes as number) / (fileBytes as number)).toBeLessThan(1.3);
    },
  );

  test.each([
    ['tensorflow_v1', 'tensorflow_v2'],
    ['tensorflow_v2', 'safetensors'],
    ['safetensors', 'tensorflow_v1'],
  ])('converting 192 MiB of tensors from %s to %s takes a few times the memory of one of them', async (from, to) => {
    const script = join(__dirname, 'converting_memory.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, folder, from, to]);
    const { tensorBytes, peakBytes } = JSON.parse(stdout) as Record<string, number>;
    expect(peakBytes).toBeLessThan(10 * (tensorBytes as number));
  });
});
