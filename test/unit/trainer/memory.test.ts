/** The memory of a training: foreseen, limited, and run out of. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpoint, ExecutionError } from '../../../lib/index.js';
import { smallTrainer, variablesOf } from '../../helpers/small_training.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-memory-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function bytesWith(batchSize: number): Promise<number> {
  await using trainer = await smallTrainer({ batchSize });
  return (await trainer.forecast()).bytes.total;
}

test('what a step takes is foreseen: as much as is then in use', async () => {
  await using trainer = await smallTrainer({ batchSize: 12, steps: 2 });
  const { bytes } = await trainer.forecast();
  expect(bytes.total).toBe(bytes.variables + bytes.spare + bytes.arena + bytes.constants);
  await trainer.run();
  const { variables, spare, arena } = trainer.session.stats().bytes;
  expect({ variables: bytes.variables, spare: bytes.spare }).toEqual({ variables, spare });
  // The executor's memory may be larger, of another session.
  expect(bytes.arena).toBeLessThanOrEqual(arena);
});

test('a step that takes more than the limit is refused before it, and the largest batch that fits is named', async () => {
  const memoryLimit = await bytesWith(5);
  expect(await bytesWith(6)).toBeGreaterThan(memoryLimit);
  await using trainer = await smallTrainer({ batchSize: 12, memoryLimit, trainDir: folder });
  const error = await trainer.run().catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'ERR_MEMORY' });
  expect((error as Error).message).toMatch(/A step of 12 images takes .* MiB of memory, and there are .* MiB/);
  expect((error as ExecutionError).hint).toContain('the largest that fits is batchSize: 5');
  expect((error as ExecutionError).hint).toContain('batchSize: 4 and gradientAccumulationSteps: 3');
  await expect(trainer.forecast()).rejects.toMatchObject({ code: 'ERR_MEMORY' });
  expect(trainer.step).toBe(0);
});

test('the batch that is named does fit', async () => {
  const memoryLimit = await bytesWith(5);
  await using trainer = await smallTrainer({ batchSize: 5, memoryLimit, steps: 1 });
  expect(await trainer.run()).toMatchObject({ outcome: 'finished' });
});

test('memory that runs out in the middle loses no step', async () => {
  const trainer = await smallTrainer({
    trainDir: folder,
    epochs: 3,
    saveIntervalSecs: 1000,
    evaluateEveryEpoch: false,
  });
  const { session } = trainer;
  const run = session.run.bind(session);
  const out = jest.spyOn(session, 'run').mockImplementation(async (...given: Parameters<typeof run>) => {
    if (trainer.step === 4)
      throw new ExecutionError('12345 bytes of memory could not be allocated.', { code: 'ERR_MEMORY' });
    return run(...given);
  });
  const error = await trainer.run().catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'ERR_MEMORY', cause: { message: expect.stringContaining('12345') as unknown } });
  expect((error as ExecutionError).hint).toMatch(/the largest that fits is batchSize: [1-3]/);
  out.mockRestore();
  await trainer.close();
  expect(await checkpoint.latestCheckpoint(folder)).toBe(join(folder, 'model.ckpt-4'));
  await using second = await smallTrainer({ trainDir: folder, epochs: 3 });
  await second.run();
  await using whole = await smallTrainer({ epochs: 3 });
  await whole.run();
  expect(variablesOf(second)).toEqual(variablesOf(whole));
});

test('what is computed again takes less memory, and changes no bit', async () => {
  await using plain = await smallTrainer();
  await plain.run();
  for (const recompute of ['norms', 'blocks'] as const) {
    await using trainer = await smallTrainer({ recompute });
    await trainer.run();
    expect(variablesOf(trainer)).toEqual(variablesOf(plain));
  }
});
