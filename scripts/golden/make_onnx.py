"""ONNX files of PyTorch's exporter and what onnxruntime computes with them; tensors in all forms that onnx writes.

Writes test/golden/onnx_import/. The environments are setup_torch.sh's and setup_onnx.sh's: run both, then this with the first one's Python.

How networks are written: onnx_files.py.
"""

import base64
import io
import os
import warnings

import numpy as np

import fixtures
from onnx_env import VERSIONS, onnx, timm, torch, torchvision
from onnx_files import FOLDER, plain, write

nn = torch.nn


class SmallVgg(nn.Module):
    """Convolutions with biases, and fully connected layers behind a map of 4x4 pixels."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True))
        self.classifier = nn.Sequential(nn.Linear(12 * 4 * 4, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 5))

    def forward(self, x):
        x = self.features(x)
        return torch.softmax(self.classifier(x.view(x.size(0), -1)), 1)


class Unit(nn.Module):
    """A residual unit of the second form."""

    def __init__(self, depth_in, depth, stride):
        super().__init__()
        self.preact = nn.BatchNorm2d(depth_in, eps=1e-3)
        self.shortcut = nn.Conv2d(depth_in, depth, 1, stride)
        self.conv1 = nn.Conv2d(depth_in, 4, 1, bias=False)
        self.norm = nn.BatchNorm2d(4, eps=1e-3)
        self.conv2 = nn.Conv2d(4, depth, 3, stride, 1)

    def forward(self, x):
        x = torch.relu(self.preact(x))
        y = self.conv2(torch.relu(self.norm(self.conv1(x))))
        return y + self.shortcut(x)


class SmallV2(nn.Module):
    """Normalizations that stand alone, and an epsilon that is not slimnet's."""

    def __init__(self):
        super().__init__()
        self.root = nn.Conv2d(3, 8, 7, 2, 3)
        self.units = nn.Sequential(Unit(8, 8, 1), Unit(8, 12, 2))
        self.postnorm = nn.BatchNorm2d(12, eps=1e-3)
        self.logits = nn.Conv2d(12, 6, 1)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.root(x), 3, 2, 1)
        x = torch.relu(self.postnorm(self.units(x))).mean((2, 3), keepdim=True)
        return self.logits(x)


def distinct(network):
    """Other values for all parameters, so that the exporter finds no two that are the same."""
    with torch.no_grad():
        for value in list(network.parameters()) + [b for b in network.buffers() if b.is_floating_point()]:
            value.uniform_(0.5, 1.5)
    return network


def exported(network, height, width, keeps_norms=False, is_open=False, is_traced=True):
    more = {'training': torch.onnx.TrainingMode.PRESERVE, 'do_constant_folding': False} if keeps_norms else {}
    if is_open:
        more['dynamic_axes'] = {'images': {0: 'n', 2: 'h', 3: 'w'}}
    file = io.BytesIO()
    dtype = next(network.parameters()).dtype
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        images = torch.zeros(1, 3, height, width, dtype=dtype)
        names = {'input_names': ['images'], 'output_names': ['logits']}
        if is_traced:
            torch.onnx.export(network.eval(), images, file, dynamo=False, opset_version=17, **names, **more)
        else:
            torch.onnx.export(network.eval(), (images,), **names, verbose=False).save(file)
    return plain(onnx.load_from_string(file.getvalue()))


def make_networks():
    models = torchvision.models
    cases = [
        write('torchvision_resnet18', exported(distinct(models.resnet18(num_classes=10)), 64, 64), (1, 64, 64, 3)),
        # As it is drawn, many of its parameters are the same, and so one initializer for the exporter.
        write('torchvision_resnet18_norms', exported(models.resnet18(num_classes=10), 64, 64, True, True), (1, 65, 65, 3)),
        write('timm_resnet50', exported(distinct(timm.create_model('resnet50', num_classes=10)), 64, 64, False, True),
              (1, 64, 64, 3)),
        write('small_vgg', exported(distinct(SmallVgg()), 14, 14), (1, 14, 14, 3)),
        write('small_vgg_float16', exported(distinct(SmallVgg()).half(), 14, 14), (1, 14, 14, 3)),
        write('small_v2', exported(distinct(SmallV2()), 33, 33, True), (1, 33, 33, 3)),
        # By the exporter that PyTorch takes unless told, which writes other ops.
        write('small_v2_exported', exported(distinct(SmallV2()), 33, 33, is_traced=False), (1, 33, 33, 3)),
        # Graphs alone: their weights would take hundreds of megabytes, or are of no use.
        write('torchvision_vgg11', exported(models.vgg11(), 224, 224), (1, 224, 224, 3), False),
        write('torchvision_resnext50', exported(distinct(models.resnext50_32x4d()), 64, 64), (1, 64, 64, 3), False),
    ]
    fixtures.write_json(f'{FOLDER}/networks.json', {'versions': VERSIONS, 'networks': cases})


def make_tensors():
    """One file with the same numbers in all types, as raw bytes and in the fields that types have."""
    types = onnx.TensorProto
    numbers = np.array([[0, 1, 2], [3, 100, 7]])
    rows, tensors = [], []
    for code in (types.FLOAT, types.DOUBLE, types.FLOAT16, types.BFLOAT16, types.FLOAT8E4M3FN, types.FLOAT8E5M2, types.INT8, types.INT16,
                 types.INT32, types.INT64, types.UINT8, types.UINT16, types.UINT32, types.UINT64, types.BOOL):
        dtype = onnx.helper.tensor_dtype_to_np_dtype(code)
        values = (numbers if code in (types.UINT8, types.UINT16, types.UINT32, types.UINT64) else numbers - 3).astype(dtype)
        for kind in ('raw', 'typed'):
            name = f'{types.DataType.Name(code).lower()}_{kind}'
            data = values.tobytes() if kind == 'raw' else values.ravel().tolist()
            tensors.append(onnx.helper.make_tensor(name, code, values.shape, data, raw=kind == 'raw'))
            assert (onnx.numpy_helper.to_array(tensors[-1]).tobytes()) == values.tobytes()
            rows.append([name, list(values.shape), base64.b64encode(values.tobytes()).decode()])
    constant = onnx.helper.make_node('Constant', [], ['a constant'], value=onnx.numpy_helper.from_array(np.float32([1.5, 2.5]), 'ignored'))
    rows.append(['a constant', [2], base64.b64encode(np.float32([1.5, 2.5]).tobytes()).decode()])
    output = onnx.helper.make_tensor_value_info('a constant', types.FLOAT, [2])
    model = onnx.helper.make_model(onnx.helper.make_graph([constant], 'tensors', [], [output], tensors))
    onnx.checker.check_model(model)
    data = base64.b64encode(model.SerializeToString()).decode()
    fixtures.write_json(f'{FOLDER}/tensors.json', {'versions': VERSIONS, 'file': data, 'tensors': fixtures.rows(rows)})


if __name__ == '__main__':
    os.makedirs(os.path.join(fixtures.ROOT, FOLDER), exist_ok=True)
    torch.manual_seed(0)
    make_tensors()
    make_networks()
