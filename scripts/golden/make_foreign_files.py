"""Small files of every kind that people take for checkpoints, as the programs write them: what slimnet has to recognise.

Writes test/golden/foreign/files/<part>.json: {"versions": ..., "files": {name: base64}}. Run with the parts to remake: `torch` in the
environment of setup_torch.sh, `keras` in that of setup.sh, `onnx` in that of setup_onnx.sh.
"""

import base64
import io
import json
import os
import pathlib
import pickle
import sys
import tarfile
import tempfile
import zipfile

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'test' / 'golden' / 'foreign' / 'files'


def write(part, versions, files):
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = {name: base64.b64encode(data).decode() for name, data in sorted(files.items())}
    (FOLDER / f'{part}.json').write_text(json.dumps({'versions': versions, 'files': text}, indent=0) + '\n')


def saved(save):
    """The bytes of the file that `save` writes to the path that it is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'file')
        save(path)
        found = path if os.path.exists(path) else os.path.join(folder, os.listdir(folder)[0])
        return pathlib.Path(found).read_bytes()


def torch_files():
    from torch_env import VERSIONS, torch
    module = torch.nn.Linear(2, 2)
    state = module.state_dict()
    files = {
        'zip.pth': saved(lambda path: torch.save(state, path)),
        'pickle.pth': saved(lambda path: torch.save(state, path, _use_new_zipfile_serialization=False)),
        'whole_module.pt': saved(lambda path: torch.save(module, path)),
        'torchscript.pt': saved(lambda path: torch.jit.save(torch.jit.script(module), path)),
        'exported.pt2': saved(lambda path: torch.export.save(torch.export.export(module, (torch.zeros(1, 2),)), path + '.pt2')),
        'index.bin.index.json': json.dumps({'metadata': {}, 'weight_map': {'fc.weight': 'pytorch_model-00001-of-00001.bin'}}).encode(),
    }
    arrays = {name: value.numpy() for name, value in state.items()}
    for protocol in range(6):
        files[f'protocol_{protocol}.pkl'] = pickle.dumps(arrays, protocol)
    for name, save in {'arrays.npz': np.savez, 'compressed.npz': np.savez_compressed}.items():
        data = io.BytesIO()
        save(data, **arrays)
        files[name] = data.getvalue()
    data = io.BytesIO()
    np.save(data, arrays['weight'])
    files['array.npy'] = data.getvalue()
    checkpoint = bytes(range(256)) * 4
    for name, mode in {'archive.tar': 'w', 'resnet_v1_50_2016_08_28.tar.gz': 'w:gz', 'archive.tar.bz2': 'w:bz2', 'archive.tar.xz': 'w:xz'}.items():
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode=mode) as archive:
            entry = tarfile.TarInfo('resnet_v1_50.ckpt')
            entry.size = len(checkpoint)
            archive.addfile(entry, io.BytesIO(checkpoint))
        files[name] = data.getvalue()
    data = io.BytesIO()
    with zipfile.ZipFile(data, 'w') as archive:
        archive.writestr('weights/model.safetensors', checkpoint)
    files['archive.zip'] = data.getvalue()
    write('torch', {**VERSIONS, 'numpy': np.__version__}, files)


def keras_files():
    os.environ['KERAS_BACKEND'] = 'tensorflow'
    import keras
    import tensorflow as tf
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    files = {
        'frozen.pb': tf.compat.v1.GraphDef().FromString(frozen(tf)).SerializeToString(),
        'model.tflite': tf.lite.TFLiteConverter.from_keras_model(model).convert(),
    }
    write('keras', {'keras': keras.__version__, 'tensorflow': tf.__version__}, files)


def frozen(tf):
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, [1, 2])
        tf.matmul(images, tf.constant([[1.0, 2.0], [3.0, 4.0]]))
        return graph.as_graph_def().SerializeToString()


def onnx_files():
    import onnx
    from onnx import TensorProto, helper
    weights = helper.make_tensor('w', TensorProto.FLOAT, [2], [1.0, 2.0])
    x = helper.make_tensor_value_info('x', TensorProto.FLOAT, [2])
    y = helper.make_tensor_value_info('y', TensorProto.FLOAT, [2])
    graph = helper.make_graph([helper.make_node('Add', ['x', 'w'], ['y'])], 'g', [x], [y], [weights])
    files = {
        'producer.onnx': helper.make_model(graph, producer_name='pytorch').SerializeToString(),
        'no_producer.onnx': helper.make_model(graph).SerializeToString(),
    }
    write('onnx', {'onnx': onnx.__version__}, files)


if __name__ == '__main__':
    for part in sys.argv[1:]:
        {'torch': torch_files, 'keras': keras_files, 'onnx': onnx_files}[part]()
