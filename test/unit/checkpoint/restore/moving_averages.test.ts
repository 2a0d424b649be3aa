/** Moving averages in place of the variables themselves, as Slim's evaluation takes them. */
import { matchVariables, type RestoreSource } from '../../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../../lib/errors.js';

const variable = (name: string) => ({ name, dtype: 'float32' as const, shape: [2] });
const average = (name: string) => `${name}/ExponentialMovingAverage`;

function source(names: readonly string[]): RestoreSource {
  return {
    path: 'm.ckpt',
    format: 'tensorflow_v2',
    tensors: new Map(names.map((name) => [name, { ...variable(name), bytes: 8 }])),
  };
}

const variables = ['conv1/weights', 'conv1/beta', 'conv1/moving_mean'].map(variable);
const names = variables.map(({ name }) => name);
/** As a training keeps them that averages what it trains, but not the statistics. */
const trained = source([...names, average('conv1/weights'), average('conv1/beta'), 'global_step']);

test('variables get their averages, and those without one their own values', () => {
  const plan = matchVariables(variables, trained, { useMovingAverages: true });
  expect(plan.assignments.map(({ tensor }) => tensor)).toEqual([
    average('conv1/weights'),
    average('conv1/beta'),
    'conv1/moving_mean',
  ]);
  expect(plan.unexpected).toEqual(['global_step']);
  expect(plan.explain()).toContain('2 of them get their moving averages, 1 their own values.');
});

test('without the option they are left alone', () => {
  const plan = matchVariables(variables, trained);
  expect(plan.assignments.map(({ tensor }) => tensor)).toEqual(names);
  expect(plan.explain()).not.toContain('their moving averages');
});

test('a file of averages alone restores with the option, and names it without', () => {
  const alone = source(names.map(average));
  expect(matchVariables(variables, alone, { useMovingAverages: true }).ok).toBe(true);
  const plan = matchVariables(variables, alone);
  expect(plan.ok).toBe(false);
  expect(plan.explain()).toContain('has the moving averages of 3 of them: pass useMovingAverages: true.');
});

test('name maps are about the variables, whatever the averages are called', () => {
  const seen: string[][] = [];
  const plan = matchVariables([variable('net/weights')], trained, {
    useMovingAverages: true,
    nameMap: (name, tensors) => {
      seen.push([...tensors.keys()].filter((key) => key === 'conv1/weights'));
      return { tensor: name.replace('net', 'conv1'), minus: 'conv1/beta' };
    },
  });
  expect(seen).toEqual([['conv1/weights']]);
  expect(plan.assignments).toMatchObject([{ tensor: average('conv1/weights'), minus: average('conv1/beta') }]);
});

test('a variable of training that is an average itself keeps its own value', () => {
  const plan = matchVariables([variable(average('conv1/weights'))], trained, { useMovingAverages: true });
  expect(plan.assignments).toMatchObject([{ tensor: average('conv1/weights') }]);
  expect(plan.explain()).toContain('0 of them get their moving averages, 1 their own values.');
});

test('averages that are wanted and not there are an error, not the variables themselves', () => {
  expect(() => matchVariables(variables, source(names), { useMovingAverages: true })).toThrow(CheckpointError);
  expect(() => matchVariables(variables, source(names), { useMovingAverages: true })).toThrow(
    /no moving averages in the checkpoint.*leave out useMovingAverages/s,
  );
});
