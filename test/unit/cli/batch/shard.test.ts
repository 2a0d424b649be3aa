import { shardOf } from '../../../../lib/cli/batch/shard.js';
import { ArgumentError } from '../../../../lib/errors.js';

test.each([
  ['0/1', {}, { index: 0, count: 1 }],
  ['3/8', {}, { index: 3, count: 8 }],
  ['auto', { JOB_COMPLETION_INDEX: '2', JOB_COMPLETIONS: '5' }, { index: 2, count: 5 }],
  ['auto/6', { JOB_COMPLETION_INDEX: '2' }, { index: 2, count: 6 }],
  [
    'auto',
    { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_COUNT: '8', SLURM_ARRAY_TASK_MIN: '0' },
    { index: 4, count: 8 },
  ],
  [
    'auto',
    { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_COUNT: '8', SLURM_ARRAY_TASK_MIN: '1' },
    { index: 0, count: 8 },
  ],
])('%s with %j', (text, environment, shard) => {
  expect(shardOf(text, environment)).toEqual(shard);
});

test.each([
  ['8/8', {}, /--shard 8\/8: expected i\/n with i from 0 to n - 1/],
  ['0/0', {}, /expected i\/n/],
  ['1', {}, /expected i\/n/],
  ['auto', {}, /neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID is set/],
  ['auto', { JOB_COMPLETION_INDEX: '0' }, /JOB_COMPLETIONS is not\. Hint: give the number of shards, --shard auto\/8/],
  ['auto', { JOB_COMPLETION_INDEX: '7', JOB_COMPLETIONS: '7' }, /expected i\/n/],
  ['auto', { JOB_COMPLETION_INDEX: 'x', JOB_COMPLETIONS: '7' }, /JOB_COMPLETION_INDEX=x/],
  // With gaps, as in an array of 0-30:10, no task could tell which share it has.
  ['auto', { SLURM_ARRAY_TASK_ID: '30', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '0' }, /expected i\/n/],
])('%s with %j is refused', (text, environment, message) => {
  expect(() => shardOf(text, environment)).toThrow(ArgumentError);
  expect(() => shardOf(text, environment)).toThrow(message);
});
