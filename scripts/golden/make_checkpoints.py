"""Checkpoints written by TensorFlow's own Saver.

Writes test/golden/checkpoints/<case>/: the files, and expected.json, which says what a reader must find in them. The
large ones are not kept: test/golden/checkpoints/hashes.json has the SHA-256 of every file that TensorFlow writes for
tensors that the generator makes, so that a writer can be compared with TensorFlow byte for byte.
"""

import base64
import contextlib
import hashlib
import os
import pathlib
import shutil
import tempfile

import ml_dtypes
import numpy as np
from google.protobuf import text_format
from tensorflow.python.checkpoint import checkpoint_management

import fixtures
import generator
from make_nets import Case, build, fill_variables
from slim_env import VERSIONS, slim, tf

DIRECTORY = fixtures.ROOT / 'checkpoints'
_V1, _V2 = tf.train.SaverDef.V1, tf.train.SaverDef.V2
_BASE64_LIMIT = 512
_VALUES_LIMIT = 32


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tensor_record(name, array, with_contents=True):
    """Name, dtype as TensorFlow calls it, shape, hash and, where asked for and small, contents. Strings are base64."""
    array = np.asarray(array)
    record = {'name': name, 'dtype': tf.as_dtype(array.dtype).name, 'shape': list(array.shape)}
    if array.dtype == object:
        record['strings'] = [base64.b64encode(s).decode() for s in array.ravel()]
        return record
    data = array.astype(array.dtype.newbyteorder('<')).tobytes()
    record['sha256'] = sha256(data)
    if not with_contents:
        return record
    if len(data) <= _BASE64_LIMIT:
        record['base64'] = base64.b64encode(data).decode()
    if array.size <= _VALUES_LIMIT and array.dtype.kind != 'c':
        wide = array.dtype == np.int64  # beyond 2^53 a JSON number would not do
        record['values'] = [str(v) for v in array.ravel()] if wide else fixtures.numbers(
            array.astype(np.float32) if array.dtype in (np.float16, ml_dtypes.bfloat16) else array)
    return record


def file_records(directory):
    return [{'name': p.name, 'bytes': p.stat().st_size, 'sha256': sha256(p.read_bytes())}
            for p in sorted(directory.iterdir()) if p.name != 'expected.json']


@contextlib.contextmanager
def new_directory(case):
    """An empty directory for the case, entered: TensorFlow then writes relative paths into its state file."""
    directory = DIRECTORY / case
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield directory
    finally:
        os.chdir(before)


def session_with_two_devices():
    return tf.Session(config=tf.ConfigProto(device_count={'CPU': 2}, intra_op_parallelism_threads=2))


def save(session, prefix, version, step=None, **saver_options):
    saver = tf.train.Saver(write_version=version, **saver_options)
    return saver.save(session, prefix, global_step=step, write_meta_graph=False, write_state=False)


def write_case(case, version, make_variables, prefix='model.ckpt', step=None, sharded=False, with_contents=True):
    """Saves the variables that make_variables() creates, after the assignments in the collection `pending` if there are
    any, and says what a reader must find."""
    with new_directory(case) as directory, tf.Graph().as_default(), session_with_two_devices() as session:
        make_variables()
        session.run(tf.global_variables_initializer())
        session.run(tf.get_collection('pending'))
        written = save(session, prefix, version, step, sharded=sharded)
        reader = tf.train.load_checkpoint(written)
        names = sorted(reader.get_variable_to_shape_map(), key=str.encode)
        fixtures.write_json(f'checkpoints/{case}/expected.json', {
            'case': case,
            'versions': VERSIONS,
            'format': 'V1' if version == _V1 else 'V2',
            'prefix': prefix if step is None else f'{prefix}-{step}',
            'savePath': written,
            'files': fixtures.rows(file_records(directory)),
            'tensors': fixtures.rows(read_record(reader, session, name, written, with_contents) for name in names),
        })


def read_record(reader, session, name, path, with_contents):
    """The record of a tensor as TensorFlow reads it. Its V1 reader lacks some cases that its V1 restore op has."""
    try:
        value = reader.get_tensor(name)
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        dtype = tf.as_dtype(reader.get_variable_to_dtype_map()[name])
        value = session.run(tf.raw_ops.Restore(file_pattern=path, tensor_name=name, dt=dtype))
        return {**tensor_record(name, value, with_contents), 'readBy': 'Restore'}
    value = np.array(value, dtype=object) if isinstance(value, bytes) else value
    return tensor_record(name, value, with_contents)


def variable(name, value, dtype=None):
    return tf.get_variable(name, initializer=tf.constant(value, dtype=dtype), trainable=False)


def golden_variables():
    """Four small tensors of three types, whose files are short enough to be read by eye."""
    variable('a/weights', [[1.5, -2.0], [0.25, 3.0]])
    variable('a/biases', [0.5, -0.5])
    variable('d', [1, 2, 3], tf.int32)
    variable('global_step', 7, tf.int64)


def number_variables():
    """Every number type that both formats take, scalars, empty tensors, and values at the edges of each type."""
    tiny, huge = float(np.finfo(np.float32).smallest_subnormal), float(np.finfo(np.float32).max)
    variable('float32/special', [0.0, -0.0, tiny, -huge, np.inf, -np.inf, np.nan], tf.float32)
    variable('float32/scalar', 3.25, tf.float32)
    variable('float32/empty', np.zeros([0, 4]), tf.float32)
    variable('float32/rank4', generator.uniform((2, 3, 1, 2), 5), tf.float32)
    variable('float64/matrix', [[np.pi, -1e300], [5e-324, 1.0 / 3.0]], tf.float64)
    variable('int32/vector', [0, 1, -1, 2**31 - 1, -2**31], tf.int32)
    variable('int64/vector', [0, -1, 2**53 + 1, 2**63 - 1, -2**63], tf.int64)
    variable('int64/scalar', 1234567890123, tf.int64)
    variable('bool/vector', [True, False, True, True, False], tf.bool)
    variable('half/vector', [1.0, -2.5, 65504.0, 5.960464477539063e-08], tf.float16)
    variable('uint8/vector', [0, 127, 128, 255], tf.uint8)
    variable('int8/vector', [0, 127, -128, -1], tf.int8)
    variable('int16/vector', [0, 32767, -32768], tf.int16)


def string_variables():
    """Strings and the rarer types that both formats hold."""
    variable('complex64/vector', [1 + 2j, -0.5j], tf.complex64)
    variable('uint16/vector', [0, 65535], tf.uint16)
    variable('string/scalar', b'one string')
    variable('string/vector', [b'ab', b'c', b''])
    variable('string/bytes', [b'\x00\xff\x80', 'Ресурс'.encode(), b'x' * 200])


def all_variables():
    """The types of both formats and those that only V2 files hold."""
    number_variables()
    string_variables()
    variable('bfloat16/vector', [1.0, -2.5, 3.0e38, 1e-40], tf.bfloat16)
    variable('uint32/vector', [0, 2**32 - 1], tf.uint32)


def partitioned_variables():
    """Two variables in slices (rows, and columns with an uneven split), and a whole one beside them."""
    rows_value, columns_value = generator.uniform((4, 3), 1), generator.uniform((2, 5), 2)
    tf.get_variable('rows', [4, 3], initializer=slice_of(rows_value), partitioner=tf.fixed_size_partitioner(2))
    tf.get_variable('scope/columns', [2, 5], initializer=slice_of(columns_value),
                    partitioner=tf.fixed_size_partitioner(3, axis=1))
    variable('whole', [1.0, 2.0])


def slice_of(value):
    """An initializer that gives each slice of a partitioned variable its part of the value."""
    def initialize(shape, dtype, partition_info=None):
        offset = partition_info.var_offset if partition_info else [0] * value.ndim
        return tf.constant(value[tuple(slice(o, o + n) for o, n in zip(offset, shape))], dtype)
    return initialize


def on_two_devices(make_variables):
    """Every second variable on a second device: the Saver then writes two shards."""
    def make():
        count = 0
        devices = {}

        def device(op):
            nonlocal count
            owner = op.name.split('/Initializer')[0].split('/Assign')[0].split('/read')[0]
            if op.type == 'VariableV2' and owner not in devices:
                devices[owner] = count % 2
                count += 1
            return f'/cpu:{devices.get(owner, 0)}'

        with tf.device(device):
            make_variables()
    return make


def small_network():
    """A complete little Slim network with the generator's weights, and the extra tensors of the published files."""
    build(Case('', 'small', (2, 32, 32, 3), 5), tf.float32)
    shapes = {v.op.name: v for v in slim.get_model_variables()}
    values = generator.variable_values({name: v.shape.as_list() for name, v in shapes.items()})
    for name, value in values.items():
        tf.add_to_collection('pending', shapes[name].assign(value))
    variable('resnet/mean_rgb', [123.68, 116.78, 103.94])
    variable('global_step', 0, tf.int64)


def write_state():
    """Three saves of which two are kept, and the state files that TensorFlow leaves or makes."""
    with new_directory('state') as directory, tf.Graph().as_default(), session_with_two_devices() as session:
        step = variable('global_step', 0, tf.int64)
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(write_version=_V2, max_to_keep=2)
        for value in (5, 10, 15):
            session.run(step.assign(value))
            saver.save(session, './model.ckpt', global_step=value, write_meta_graph=False)
        timed = checkpoint_management.generate_checkpoint_state_proto(
            '.', 'model.ckpt-15', ['model.ckpt-10', 'model.ckpt-15'],
            all_model_checkpoint_timestamps=[1700000000.25, 1700000060.5], last_preserved_timestamp=1699999999.0)
        (directory / 'checkpoint_with_timestamps').write_text(text_format.MessageToString(timed))
        fixtures.write_json('checkpoints/state/expected.json', {
            'case': 'state', 'versions': VERSIONS,
            'latest': tf.train.latest_checkpoint('.').removeprefix('./'),
            'all': [pathlib.Path(p).name for p in tf.train.get_checkpoint_state('.').all_model_checkpoint_paths],
            'steps': {name.removeprefix('./'): int(tf.train.load_variable(name, 'global_step'))
                      for name in ('./model.ckpt-10', './model.ckpt-15')},
            'files': fixtures.rows(file_records(directory)),
        })


def block_tensors():
    """[name, shape, stream] of tensors that fill several table blocks and one that has a block to itself."""
    tensors = [['large/alone', [150000], 3], ['large/second', [70000], 4], ['large/third', [70000], 5],
               ['large/fourth', [41, 43, 31], 6], ['edge/exact_block', [65536], 7]]
    tensors += [[f'small/layer_{i}/{kind}', [i + 1], 100 + 2 * i + j]
                for i in range(40) for j, kind in enumerate(('weights', 'biases'))]
    return tensors


def long_index_tensors():
    """Enough long names that the index of a V2 bundle takes more than one block."""
    return [[f'{"a_rather_long_scope/" * 12}layer_{i:04d}/weights', [1], i] for i in range(4000)]


def hashes_of(tensors, version):
    """SHA-256 and size of every file that a Saver writes for tensors of the generator."""
    with tempfile.TemporaryDirectory() as name, tf.Graph().as_default(), session_with_two_devices() as session:
        prefix = f'{name}/model.ckpt'
        values = [generator.uniform(shape, stream) for _, shape, stream in tensors]
        placeholders = [tf.placeholder(tf.float32, shape) for _, shape, _ in tensors]
        names = [tensor_name for tensor_name, _, _ in tensors]
        order = sorted(range(len(names)), key=lambda i: names[i].encode())
        names, values, placeholders = ([part[i] for i in order] for part in (names, values, placeholders))
        if version == _V1:
            op = tf.raw_ops.Save(filename=prefix, tensor_names=names, data=placeholders)
        else:
            op = tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=[''] * len(names),
                                   tensors=placeholders)
        session.run(op, dict(zip(placeholders, values)))
        return file_records(pathlib.Path(name))


def network_hashes(version):
    """The same for resnet_v1_50 with 1000 classes and the generator's weights, through the Saver."""
    with tempfile.TemporaryDirectory() as name, tf.Graph().as_default(), session_with_two_devices() as session:
        build(Case('', 'resnet_v1_50', (1, 224, 224, 3), 1000), tf.float32)
        fill_variables(session)
        save(session, f'{name}/model.ckpt', version)
        return file_records(pathlib.Path(name))


def write_hashes():
    both = (('V1', _V1), ('V2', _V2))
    fixtures.write_json('checkpoints/hashes.json', {
        'versions': VERSIONS,
        'tensorFields': ['name', 'shape', 'stream k: element i is float32(2 h(i, k) - 1)'],
        'blocks': {'tensors': block_tensors(),
                   **{name: hashes_of(block_tensors(), version) for name, version in both}},
        'longIndex': {'names': '"a_rather_long_scope/" 12 times, then layer_0000/weights to layer_3999/weights',
                      'shape': [1], 'streams': 'the number in the name',
                      'V2': hashes_of(long_index_tensors(), _V2)},
        'resnet_v1_50': {'numClasses': 1000,
                         'values': 'as in every network fixture: stream k is the place in the sorted names',
                         **{name: network_hashes(version) for name, version in both}},
    })


def main():
    write_case('golden_v1', _V1, golden_variables)
    write_case('golden_v2', _V2, golden_variables, step=7)
    write_case('numbers_v1', _V1, number_variables)
    write_case('strings_v1', _V1, string_variables)
    write_case('all_types_v2', _V2, all_variables)
    write_case('partitioned_v1', _V1, partitioned_variables)
    write_case('partitioned_v2', _V2, partitioned_variables)
    write_case('sharded_v1', _V1, on_two_devices(golden_variables), sharded=True)
    write_case('sharded_v2', _V2, on_two_devices(golden_variables), sharded=True)
    write_case('partitioned_sharded_v1', _V1, on_two_devices(partitioned_variables), sharded=True)
    write_case('partitioned_sharded_v2', _V2, on_two_devices(partitioned_variables), sharded=True)
    write_case('small_resnet_v1_v1', _V1, small_network, prefix='resnet.ckpt', with_contents=False)
    write_case('small_resnet_v1_v2', _V2, small_network, prefix='resnet.ckpt', with_contents=False)
    write_state()
    write_hashes()


if __name__ == '__main__':
    main()
