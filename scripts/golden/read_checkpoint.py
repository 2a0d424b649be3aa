"""Reads a checkpoint with TensorFlow itself and says as JSON what it found: the proof that TensorFlow reads a file.

    read_checkpoint.py PREFIX [--expect EXPECTED.json]

PREFIX is what TensorFlow calls the path of a checkpoint: `dir/model.ckpt` (a V1 file, or the common part of V2's
names), a pattern of V1 shards (`dir/model.ckpt-?????-of-00002`), or a folder with a `checkpoint` state file.

The output has one record a tensor: name, dtype, shape, bytes, SHA-256 of the little-endian contents (of strings: of all
elements one after another) and, for floats, the sums in float64. Every tensor is read twice, through the checkpoint
reader and through TensorFlow's restore op, and both must agree.

EXPECTED.json: {"tensors": [{"name", and any of "dtype", "shape", "sha256", "sum", "absSum"}]}; every given field must
agree (sums to a relative 1e-6), and no tensor may be missing or extra. The exit status is 1 where something does not,
2 where TensorFlow cannot read the file; the reasons stand under "problems".
"""

import argparse
import hashlib
import json
import math
import sys

import numpy as np

from slim_env import VERSIONS, tf

_TOLERANCE = 1e-6


def contents(array):
    if array.dtype == object:
        return b''.join(array.ravel())
    return array.astype(array.dtype.newbyteorder('<')).tobytes()


def describe(name, dtype, array):
    data = contents(array)
    record = {'name': name, 'dtype': dtype.name, 'shape': list(array.shape), 'bytes': len(data),
              'sha256': hashlib.sha256(data).hexdigest()}
    if dtype.is_floating:
        wide = array.astype(np.float64)
        sums = {'sum': float(wide.sum()), 'absSum': float(np.abs(wide).sum())}
        record.update({key: value if math.isfinite(value) else str(value) for key, value in sums.items()})
    return record


def restore(path, types):
    """{name: value} of all tensors through the op that a Saver's restore runs; RestoreV2 takes V1 files too."""
    names = list(types)
    with tf.Graph().as_default(), tf.Session() as session:
        op = tf.raw_ops.RestoreV2(prefix=path, tensor_names=names, shape_and_slices=[''] * len(names),
                                  dtypes=list(types.values()))
        return {name: np.asarray(value) for name, value in zip(names, session.run(op))}


def read(path):
    """(records, problems) of all tensors, in name order."""
    if tf.io.gfile.isdir(path):
        latest = tf.train.latest_checkpoint(path)
        if latest is None:
            raise ValueError(f'{path}: its checkpoint state file is missing or names no existing checkpoint')
        path = latest
    reader = tf.train.load_checkpoint(path)
    found = reader.get_variable_to_dtype_map()
    types = {name: tf.as_dtype(found[name]) for name in sorted(found, key=str.encode)}
    records, problems = [], []
    for name, restored in restore(path, types).items():
        records.append(describe(name, types[name], restored))
        try:
            direct = reader.get_tensor(name)
        except tf.errors.UnimplementedError:
            continue  # the reader of V1 files lacks float16 and slices, the restore op does not
        direct = np.array(direct, dtype=object) if isinstance(direct, bytes) else direct
        if direct.shape != restored.shape or contents(direct) != contents(restored):
            problems.append(f'{name}: the reader and the restore op give different contents')
    return records, problems


def reason(error):
    """What TensorFlow has to say, without the two Python stack traces that graph mode wraps around it."""
    message = getattr(error, 'message', str(error))
    marker = "Node: 'RestoreV2'\n"
    if marker in message:
        message = message.split(marker, 1)[1].split('\n\t [[', 1)[0]
    return f'{type(error).__name__}: {message}'


def compare(records, expected):
    found = {record['name']: record for record in records}
    wanted = {record['name']: record for record in expected['tensors']}
    problems = [f'{name}: expected, but not in the checkpoint' for name in wanted if name not in found]
    problems += [f'{name}: in the checkpoint, but not expected' for name in found if name not in wanted]
    for name in wanted.keys() & found.keys():
        for field in ('dtype', 'shape', 'sha256', 'sum', 'absSum'):
            want, got = wanted[name].get(field), found[name].get(field)
            if want is None:
                continue
            is_sum = field in ('sum', 'absSum') and not isinstance(want, str) and not isinstance(got, str)
            size = found[name].get('absSum', 0.0)
            same = abs(got - want) <= _TOLERANCE * max(abs(size), 1e-30) if is_sum and got is not None else got == want
            if not same:
                problems.append(f'{name}: {field} is {got}, expected {want}')
    return sorted(problems)


def main():
    parser = argparse.ArgumentParser(description='Reads a checkpoint with TensorFlow and prints what it holds as JSON.')
    parser.add_argument('prefix')
    parser.add_argument('--expect', metavar='JSON', help='a file of what must be found')
    arguments = parser.parse_args()
    try:
        records, problems = read(arguments.prefix)
    except (tf.errors.OpError, ValueError) as error:
        records, problems, status = [], [reason(error)], 2
    else:
        if arguments.expect:
            with open(arguments.expect, encoding='utf-8') as file:
                problems += compare(records, json.load(file))
        status = 1 if problems else 0
    json.dump({'prefix': arguments.prefix, 'versions': VERSIONS, 'tensors': records, 'problems': problems}, sys.stdout,
              indent=1)
    print()
    return status


if __name__ == '__main__':
    sys.exit(main())
