import { similarNames } from '../../../../lib/checkpoint/restore/similar_names.js';

test.each([
  // The most trailing components first.
  ['a/conv1/weights', ['b/conv2/weights', 'b/conv1/weights', 'c/conv1/biases'], ['b/conv1/weights']],
  ['resnet_v1_50/conv1/wieghts', ['resnet_v1_50/conv1/weights', 'global_step'], ['resnet_v1_50/conv1/weights']],
  // Short names, one letter included.
  ['w', ['W', 'global_step'], ['W']],
  ['w', ['w0', 'global_step'], ['w0']],
  ['w', ['v'], ['v']],
  ['v0', ['v1', 'biases'], ['v1']],
  ['w', ['model/w', 'model/b'], ['model/w']],
  ['model/w', ['w', 'b'], ['w']],
  ['a/w', ['b/c', 'global_step'], []],
  ['weights', ['biases', 'global_step'], []],
])('%s among %j means %j', (name, candidates, expected) => {
  expect(similarNames(name, candidates)).toEqual(expected);
});
