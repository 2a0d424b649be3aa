"""ONNX files as Keras exports them, and what onnxruntime computes with them.

Writes test/golden/onnx_import/keras*. The environments are setup.sh's and setup_onnx.sh's: run both, then this with the first one's Python.
How networks are written: onnx_files.py.
"""

import os
import tempfile

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '-1')
os.environ['KERAS_BACKEND'] = 'tensorflow'

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import fixtures  # noqa: E402
from onnx_files import FOLDER, plain, write  # noqa: E402
from onnx_tools import VERSIONS, onnx, tf2onnx  # noqa: E402

layers = keras.layers


def small_vgg():
    """As that of make_onnx.py, with the values of a map in Keras' order behind it."""
    return keras.Sequential([
        keras.Input((14, 14, 3)),
        layers.Conv2D(8, 3, padding='same', activation='relu'), layers.MaxPooling2D(2),
        layers.Conv2D(12, 3, padding='same', activation='relu'), layers.MaxPooling2D(2, padding='same'),
        layers.Flatten(), layers.Dense(16, activation='relu'), layers.Dropout(0.5), layers.Dense(5, activation='softmax')])


def open_resnet50():
    network = keras.applications.ResNet50(weights=None, include_top=False, pooling='avg', input_shape=(None, None, 3))
    return keras.Model(network.input, layers.Dense(10)(network.output))


def distinct(model):
    """Other values for all weights, so that the exporter finds none that it may leave out."""
    draw = np.random.default_rng(0)
    for variable in model.variables:
        if variable.dtype == 'float32':
            variable.assign(draw.uniform(0.5, 1.5, variable.shape).astype(np.float32))
    return model


def exported(model):
    """By `model.export`, which has tf2onnx do it."""
    size = model.input_shape[1:]
    model(np.zeros((1, *size), np.float32))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.onnx')
        model.export(path, format='onnx', verbose=False)
        return plain(onnx.load(path))


def converted(model):
    """By tf2onnx itself, as its own documentation has it."""
    signature = [tf.TensorSpec(model.input_shape, tf.float32, name='images')]
    function = tf.function(lambda images: model(images, training=False), input_signature=signature)
    return plain(tf2onnx.convert.from_function(function, input_signature=signature, opset=17)[0])


def main():
    cases = [
        write('keras_resnet50', exported(distinct(keras.applications.ResNet50(weights=None, classes=10, input_shape=(64, 64, 3)))), (1, 64, 64, 3)),
        # With sizes that are open, and logits.
        write('keras_resnet50_converted', converted(distinct(open_resnet50())), (1, 65, 65, 3)),
        write('keras_small_vgg', exported(distinct(small_vgg())), (1, 14, 14, 3)),
    ]
    versions = {'keras': keras.__version__, 'tensorflow': tf.__version__, 'tf2onnx': tf2onnx.__version__, **VERSIONS}
    fixtures.write_json(f'{FOLDER}/keras_networks.json', {'versions': versions, 'networks': cases})


if __name__ == '__main__':
    main()
