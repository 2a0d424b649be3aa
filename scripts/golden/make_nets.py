"""Whole networks: output, statistics of every end point, and moving statistics after one training-mode update.

Writes test/golden/nets/<id>.json. Run with case ids to remake only these.
"""

import dataclasses
import sys

import numpy as np

import fixtures
import generator
from slim_env import VERSIONS, arg_scope_of, builder, new_session, resnet_v1, resnet_v2, slim, tf

SMALL_BLOCKS = (('block1', 1, 3, 2), ('block2', 2, 3, 2), ('block3', 4, 3, 2), ('block4', 8, 2, 1))
_FULL_CHANNELS = 64


@dataclasses.dataclass(frozen=True)
class Case:
    """One network at one input shape. `network` is a tf_slim builder, or `small` or `small_v2` for the tests' little networks."""
    id: str
    network: str
    shape: tuple
    num_classes: int | None
    is_training: bool = False
    global_pool: bool = True
    output_stride: int | None = None
    include_root_block: bool = True
    # VGG alone.
    spatial_squeeze: bool | None = None


def small_cases(network, prefix):
    def pooled(case_id, shape, **options):
        return Case(f'{prefix}_{case_id}', network, shape, 5, **options)

    def fcn(case_id, shape, num_classes, **options):
        return Case(f'{prefix}_{case_id}', network, shape, num_classes, global_pool=False, **options)

    yield pooled('pooled_32x32', (2, 32, 32, 3))
    yield pooled('pooled_33x33', (2, 33, 33, 3))
    yield fcn('fcn_33x33_stride8', (1, 33, 33, 3), 5, output_stride=8)
    yield fcn('fcn_40x48_stride16', (1, 40, 48, 3), 5, output_stride=16)
    yield pooled('training_32x32', (2, 32, 32, 3), is_training=True)
    yield fcn('fcn_321x321', (1, 321, 321, 3), 10)
    yield fcn('fcn_321x321_stride8', (1, 321, 321, 3), 10, output_stride=8)
    yield fcn('rootless_128x128', (1, 128, 128, 3), 10, include_root_block=False)
    for stride in (4, 8, 16, 32, None):
        yield fcn(f'features_81x81_stride{stride or "_none"}', (2, 81, 81, 3), None, output_stride=stride)


def resnet_50_cases(network, num_classes):
    yield Case(f'{network}_65x65', network, (1, 65, 65, 3), 10)
    yield Case(f'{network}_224x224', network, (1, 224, 224, 3), num_classes)
    yield Case(f'{network}_33x33', network, (1, 33, 33, 3), 10)
    yield Case(f'{network}_97x129_batch2', network, (2, 97, 129, 3), 10)
    for size, strides in ((65, (4, 8, 16, None)), (97, (8, 16, None))):
        for stride in strides:
            suffix = f'_stride{stride}' if stride else ''
            yield Case(f'{network}_fcn_{size}x{size}{suffix}', network, (1, size, size, 3), 7,
                       global_pool=False, output_stride=stride)
    yield Case(f'{network}_features_65x65', network, (1, 65, 65, 3), None)
    yield Case(f'{network}_training_65x65_batch4', network, (4, 65, 65, 3), 10, is_training=True)


def cases():
    yield from resnet_50_cases('resnet_v1_50', 1000)
    yield from resnet_50_cases('resnet_v2_50', 1001)
    yield Case('resnet_v1_101_65x65', 'resnet_v1_101', (1, 65, 65, 3), 10)
    yield Case('resnet_v1_101_224x224', 'resnet_v1_101', (1, 224, 224, 3), 1000)
    yield Case('resnet_v2_101_65x65', 'resnet_v2_101', (1, 65, 65, 3), 10)
    for version in (1, 2):
        for depth in (152, 200):
            yield Case(f'resnet_v{version}_{depth}_33x33', f'resnet_v{version}_{depth}', (1, 33, 33, 3), 10)
    for network in ('vgg_a', 'vgg_16', 'vgg_19'):
        yield Case(f'{network}_224x224', network, (1, 224, 224, 3), 1000, spatial_squeeze=True)
        yield Case(f'{network}_fcn_256x256', network, (1, 256, 256, 3), 10, spatial_squeeze=False)
    yield from small_cases('small', 'small_v1')
    yield from small_cases('small_v2', 'small_v2')


def small_network(case, images, options):
    """The tests' little network of either form."""
    module, version = (resnet_v1, 'v1') if case.network == 'small' else (resnet_v2, 'v2')
    block = getattr(module, f'resnet_{version}_block')
    blocks = [block(s, base_depth=d, num_units=n, stride=k) for s, d, n, k in SMALL_BLOCKS]
    return getattr(module, f'resnet_{version}')(images, blocks, case.num_classes, scope='resnet',
                                                include_root_block=case.include_root_block, **options)


def build(case, dtype):
    """(input placeholder, output, end points) in the default graph."""
    images = tf.placeholder(dtype, case.shape)
    # The fused kernel has no float64 form; the unfused one computes the same function.
    with slim.arg_scope(arg_scope_of(case.network)), slim.arg_scope([slim.batch_norm], fused=dtype == tf.float32):
        if case.spatial_squeeze is not None:
            net, end_points = builder(case.network)(images, case.num_classes, is_training=case.is_training,
                                                    spatial_squeeze=case.spatial_squeeze)
            return images, net, end_points
        options = dict(is_training=case.is_training, global_pool=case.global_pool, output_stride=case.output_stride)
        if case.network.startswith('small'):
            return images, *small_network(case, images, options)
        return images, *builder(case.network)(images, case.num_classes, **options)


def fill_variables(session):
    """Gives every model variable its generated value."""
    variables = {v.op.name: v for v in slim.get_model_variables()}
    values = generator.variable_values({name: v.shape.as_list() for name, v in variables.items()})
    session.run([v.initializer for v in variables.values()],
                {variables[name].initial_value: value for name, value in values.items()})


def float64_output(case):
    """The same network in double precision: tells how much of a difference is TensorFlow's own rounding."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        images, net, _ = build(case, tf.float64)
        fill_variables(session)
        return session.run(net, {images: generator.network_input(case.shape).astype(np.float64)})


def updated_statistics(session, images, value):
    """All moving statistics after one run of the update ops; those of up to 64 channels in full."""
    session.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS), {images: value})
    moving = [v for v in slim.get_model_variables() if 'moving_' in v.op.name]
    records = []
    for variable, updated in zip(moving, session.run(moving)):
        record = fixtures.statistics(variable.op.name, updated)
        if updated.size <= _FULL_CHANNELS:
            record['data'] = fixtures.numbers(updated)
        records.append(record)
    return records


def output_record(net, output):
    """The output in full, or its statistics where it is long."""
    record = fixtures.tensor(output, net.op.name)
    return record if record['data'] is not None else {**fixtures.statistics(net.op.name, output), 'data': None}


def make(case):
    value = generator.network_input(case.shape)
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        images, net, end_points = build(case, tf.float32)
        fill_variables(session)
        output, points = session.run([net, list(end_points.values())], {images: value})
        moving = updated_statistics(session, images, value) if case.is_training else None
        variables = len(slim.get_model_variables())
    exact = float64_output(case)
    fixture = {
        'id': case.id,
        'versions': VERSIONS,
        'network': case.network,
        'inputShape': case.shape,
        'numClasses': case.num_classes,
        'isTraining': case.is_training,
        'globalPool': case.global_pool,
        'outputStride': case.output_stride,
        'includeRootBlock': case.include_root_block,
        **({} if case.spatial_squeeze is None else {'spatialSqueeze': case.spatial_squeeze}),
        'modelVariables': variables,
        'output': output_record(net, output),
        'outputRange': fixtures.number(output.max() - output.min()),
        'float32Error': float(f'{np.abs(output - exact).max() / np.ptp(exact):.3g}'),
        'endPoints': fixtures.rows(fixtures.statistics(name, x) for name, x in zip(end_points, points)),
    }
    if moving is not None:
        fixture['movingStatisticsAfterUpdate'] = fixtures.rows(moving)
    fixtures.write_json(f'nets/{case.id}.json', fixture)


def main(wanted):
    known = {case.id: case for case in cases()}
    for case_id in wanted or known:
        if case_id not in known:
            raise SystemExit(f'make_nets.py: no case "{case_id}"; the cases are: {", ".join(known)}')
        make(known[case_id])


if __name__ == '__main__':
    main(sys.argv[1:])
