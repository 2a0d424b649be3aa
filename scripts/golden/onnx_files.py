"""How ONNX files of other programs become fixtures.

A network's weights are no part of one: each is drawn by the generator (stream: its place in the list) and stands in weights.bin, which tests
write. What onnxruntime computes it computes with these weights.
"""

import os

import numpy as np

import fixtures
import generator
from onnx_tools import onnx, onnxruntime

FOLDER = 'onnx_import'


def plain(model):
    """Without what a file says of where its nodes come from."""
    for part in (model.graph, *model.graph.node, *model.graph.value_info):
        part.doc_string = ''
        part.ClearField('metadata_props')
    model.ClearField('functions')
    model.ClearField('producer_version')
    onnx.checker.check_model(model)
    return model


def roles(model):
    """{initializer: (op, place among its inputs)}, through the nodes that only give it another name."""
    other = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == 'Identity'}
    found = {}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if node.op_type != 'Identity':
                found.setdefault(other.get(name, name), (node.op_type, place))
    return found


def spread(shape, role):
    if role == ('BatchNormalization', 1):
        return 1, 0.2
    if role == ('BatchNormalization', 4):
        return 1, 0.5
    return (0, float(np.sqrt(3 / np.prod(shape[1:])))) if len(shape) > 1 else (0, 0.1)


def drawn(model, is_wanted):
    """Gives all weights the generator's values, unless nobody needs any. Returns [[name, shape, offset, scale]], in the order of the streams."""
    rows = []
    known = roles(model)
    for tensor in sorted(model.graph.initializer, key=lambda t: t.name.encode()):
        if tensor.data_type not in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16):
            continue
        shape = list(tensor.dims)
        offset, scale = spread(shape, known.get(tensor.name))
        if is_wanted:
            values = generator.uniform(shape, len(rows), scale, offset)
            tensor.raw_data = values.astype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).tobytes()
        rows.append([tensor.name, shape, offset, scale])
    return rows


def outside(model, rows):
    """The model with its weights in weights.bin, one behind the other."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    offset = 0
    for name, *_ in rows:
        tensor = tensors[name]
        length = len(tensor.raw_data)
        tensor.ClearField('raw_data')
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (('location', 'weights.bin'), ('offset', offset), ('length', length)):
            tensor.external_data.add(key=key, value=str(value))
        offset += length
    return model


def write(name, model, shape, runs=True):
    rows = drawn(model, runs)
    case = {'id': name, 'inputShape': shape}
    if runs:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
        images = generator.network_input(shape)
        given, = session.get_inputs()
        if given.shape[-1] != 3:
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        dtype = np.float16 if 'float16' in given.type else np.float32
        logits, = session.run(None, {given.name: images.astype(dtype)})
        case['output'] = fixtures.tensor(logits.astype(np.float32).reshape(len(logits), -1))
        case['weights'] = fixtures.rows(rows)
    path = os.path.join(fixtures.ROOT, FOLDER, f'{name}.onnx')
    with open(path, 'wb') as file:
        file.write(outside(model, rows).SerializeToString())
    return case
