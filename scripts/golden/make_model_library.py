"""The other public line of Slim's networks: what research/slim/nets of github.com/tensorflow/models builds and computes.

Writes test/golden/model_library.json. The code is no package: the argument is a folder that holds its `nets`.

    make_model_library.py models/research/slim

`graphs` are networks as built: options (as slimnet spells them), output [op, shape], end points [name, shape] in order, and
counts. `values` are the small network of make_nets.py with the generator's weights in inference, as `nets/<id>.json` are.
"""

import importlib
import re
import sys
import types

import fixtures
import generator
from make_nets import SMALL_BLOCKS, fill_variables
from slim_env import VERSIONS, new_session, slim, tf

RESNETS = [f'resnet_v{version}_{depth}' for version in (1, 2) for depth in (50, 101, 152, 200)]
DENSE = {'numClasses': 7, 'spatialSqueeze': False, 'globalPool': False, 'outputStride': 8}


def graph_cases():
    image, large = (2, 65, 65, 3), (1, 256, 256, 3)
    for network in RESNETS:
        yield network, image, {'numClasses': 10, 'spatialSqueeze': True}
    for network in ('resnet_v1_50', 'resnet_v2_50'):
        yield network, image, DENSE
        yield network, image, {'numClasses': 0, 'spatialSqueeze': True}
        yield network, image, {'numClasses': 10, 'spatialSqueeze': False, 'isTraining': None}
    yield 'resnet_v1_50', image, {'numClasses': 10, 'spatialSqueeze': True, 'storeNonStridedActivations': True}
    yield 'resnet_v1_50', image, {**DENSE, 'storeNonStridedActivations': True}
    yield 'resnet_v1_50', image, {'numClasses': 10, 'spatialSqueeze': True, 'depthMultiplier': 0.25, 'minBaseDepth': 1}
    yield 'resnet_v1_101', image, {'numClasses': 10, 'spatialSqueeze': True, 'depthMultiplier': 0, 'minBaseDepth': 5}
    for network in ('vgg_a', 'vgg_16', 'vgg_19'):
        yield network, (2, 224, 224, 3), {}
        yield network, large, {'globalPool': True}
        yield network, large, {'globalPool': True, 'spatialSqueeze': False, 'isTraining': False}
        yield network, large, {'numClasses': 0, 'globalPool': True}
        yield network, large, {'numClasses': 7, 'spatialSqueeze': False, 'fcConvPadding': 'SAME'}


VALUE_CASES = (
    {'id': 'plain'},
    {'id': 'bounded', 'useBoundedActivations': True},
    {'id': 'relu6_without_batch_norm', 'argScope': {'useBatchNorm': False, 'activationFn': 'relu6'}},
    {'id': 'stored', 'options': {'storeNonStridedActivations': True}},
    {'id': 'stored_stride8', 'options': {'storeNonStridedActivations': True, 'outputStride': 8, 'globalPool': False,
                                         'spatialSqueeze': False}},
)
VALUE_SHAPE = (1, 65, 65, 3)


def load(folder):
    """The library's modules, which take Slim from where TensorFlow 1 had it."""
    tf.contrib = types.SimpleNamespace(slim=slim)
    sys.modules['tensorflow'] = tf
    sys.path.insert(0, folder)
    return {name: importlib.import_module(f'nets.{name}') for name in ('resnet_v1', 'resnet_v2', 'vgg')}


def snake(options):
    return {re.sub('[A-Z]', lambda m: '_' + m.group().lower(), name): value for name, value in options.items()}


def graph_facts(modules, network, shape, options):
    module = modules['vgg' if network.startswith('vgg') else network[:9]]
    scope = module.vgg_arg_scope() if network.startswith('vgg') else module.resnet_arg_scope()
    with tf.Graph().as_default(), slim.arg_scope(scope):
        net, points = getattr(module, network)(tf.placeholder(tf.float32, shape), **snake(options))
        variables = slim.get_model_variables()
        return {
            'network': network,
            'inputShape': shape,
            'options': options,
            'output': [net.op.name, net.shape.as_list()],
            'endPoints': [[name, point.shape.as_list()] for name, point in points.items()],
            'variables': len(variables),
            'parameters': sum(v.shape.num_elements() for v in variables),
            'updateOps': len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
            'regularizationLosses': len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
        }


def small_values(modules, case):
    module = modules['resnet_v1']
    scope = snake(case.get('argScope', {}))
    if 'activation_fn' in scope:
        scope['activation_fn'] = getattr(tf.nn, scope['activation_fn'])
    options = {'numClasses': 5, 'spatialSqueeze': True, **case.get('options', {})}
    value = generator.network_input(VALUE_SHAPE)
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        images = tf.placeholder(tf.float32, VALUE_SHAPE)
        bounded = case.get('useBoundedActivations', False)
        with slim.arg_scope(module.resnet_arg_scope(**scope)), \
                slim.arg_scope([module.bottleneck], use_bounded_activations=bounded):
            blocks = [module.resnet_v1_block(s, base_depth=d, num_units=n, stride=k) for s, d, n, k in SMALL_BLOCKS]
            net, points = module.resnet_v1(images, blocks, is_training=False, scope='resnet', **snake(options))
        fill_variables(session)
        output, arrays = session.run([net, list(points.values())], {images: value})
    return {
        **case,
        'options': options,
        'inputShape': VALUE_SHAPE,
        'output': fixtures.tensor(output, net.op.name),
        'outputRange': fixtures.number(output.max() - output.min()),
        'endPoints': [fixtures.statistics(name, x) for name, x in zip(points, arrays)],
    }


def main(folder):
    modules = load(folder)
    fixtures.write_json('model_library.json', {
        'versions': VERSIONS,
        'graphs': fixtures.rows(graph_facts(modules, *case) for case in graph_cases()),
        'values': fixtures.rows(small_values(modules, case) for case in VALUE_CASES),
    })


if __name__ == '__main__':
    if len(sys.argv) != 2:
        raise SystemExit('usage: make_model_library.py <folder of the model library that holds nets/>')
    main(sys.argv[1])
