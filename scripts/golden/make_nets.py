"""Whole networks: output, statistics of every end point, and moving statistics after one training-mode update.

Writes test/golden/nets/<id>.json. Run with case ids to remake only these.
"""

import dataclasses
import sys

import numpy as np

import fixtures
import generator
from slim_env import VERSIONS, new_session, resnet_v1, slim, tf

SMALL_BLOCKS = (('block1', 1, 3, 2), ('block2', 2, 3, 2), ('block3', 4, 3, 2), ('block4', 8, 2, 1))
_FULL_CHANNELS = 64


@dataclasses.dataclass(frozen=True)
class Case:
    """One network at one input shape. `network` is a tf_slim builder, or `small` for the tests' little network."""
    id: str
    network: str
    shape: tuple
    num_classes: int | None
    is_training: bool = False
    global_pool: bool = True
    output_stride: int | None = None
    include_root_block: bool = True


def small_cases():
    def pooled(case_id, shape, **options):
        return Case(f'small_v1_{case_id}', 'small', shape, 5, **options)

    def fcn(case_id, shape, num_classes, **options):
        return Case(f'small_v1_{case_id}', 'small', shape, num_classes, global_pool=False, **options)

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


def cases():
    yield Case('resnet_v1_50_65x65', 'resnet_v1_50', (1, 65, 65, 3), 10)
    yield Case('resnet_v1_50_224x224', 'resnet_v1_50', (1, 224, 224, 3), 1000)
    yield Case('resnet_v1_50_33x33', 'resnet_v1_50', (1, 33, 33, 3), 10)
    yield Case('resnet_v1_50_97x129_batch2', 'resnet_v1_50', (2, 97, 129, 3), 10)
    for size, strides in ((65, (4, 8, 16, None)), (97, (8, 16, None))):
        for stride in strides:
            suffix = f'_stride{stride}' if stride else ''
            yield Case(f'resnet_v1_50_fcn_{size}x{size}{suffix}', 'resnet_v1_50', (1, size, size, 3), 7,
                       global_pool=False, output_stride=stride)
    yield Case('resnet_v1_50_features_65x65', 'resnet_v1_50', (1, 65, 65, 3), None)
    yield Case('resnet_v1_50_training_65x65_batch4', 'resnet_v1_50', (4, 65, 65, 3), 10, is_training=True)
    yield Case('resnet_v1_101_65x65', 'resnet_v1_101', (1, 65, 65, 3), 10)
    yield Case('resnet_v1_101_224x224', 'resnet_v1_101', (1, 224, 224, 3), 1000)
    yield from small_cases()


def build(case, dtype):
    """(input placeholder, output, end points) in the default graph."""
    images = tf.placeholder(dtype, case.shape)
    options = dict(is_training=case.is_training, global_pool=case.global_pool, output_stride=case.output_stride)
    # The fused kernel has no float64 form; the unfused one computes the same function.
    with slim.arg_scope(resnet_v1.resnet_arg_scope()), slim.arg_scope([slim.batch_norm], fused=dtype == tf.float32):
        if case.network == 'small':
            blocks = [resnet_v1.resnet_v1_block(s, base_depth=d, num_units=n, stride=k) for s, d, n, k in SMALL_BLOCKS]
            net, end_points = resnet_v1.resnet_v1(images, blocks, case.num_classes, scope='resnet',
                                                  include_root_block=case.include_root_block, **options)
        else:
            net, end_points = getattr(resnet_v1, case.network)(images, case.num_classes, **options)
    return images, net, end_points


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
        'modelVariables': variables,
        'output': fixtures.tensor(output, net.op.name),
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
