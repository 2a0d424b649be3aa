"""Keras' ResNets: names of their weights, logits and the outputs of their blocks.

Writes test/golden/foreign/. Run with case ids to remake only these. The environment is setup.sh's.
"""

import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '-1')
os.environ['KERAS_BACKEND'] = 'tensorflow'
# Eigen's kernels, not TensorFlow's oneDNN ones: an implementation independent of the one that slimnet uses.
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import foreign  # noqa: E402
import generator  # noqa: E402

VERSIONS = {'keras': keras.__version__, 'tensorflow': tf.__version__}
NETWORKS = {
    'keras_resnet50': (keras.applications.ResNet50, (3, 4, 6, 3)),
    'keras_resnet101': (keras.applications.ResNet101, (3, 4, 23, 3)),
    'keras_resnet152': (keras.applications.ResNet152, (3, 8, 36, 3)),
}


def cases():
    yield foreign.Case('keras', 'resnet50', (2, 64, 96, 3))
    yield foreign.Case('keras', 'resnet50', (1, 224, 224, 3), 1000)
    yield foreign.Case('keras', 'resnet101', (1, 64, 64, 3))
    yield foreign.Case('keras', 'resnet152', (1, 65, 65, 3))


def build(network, classes, size, dtype):
    keras.backend.clear_session()
    keras.backend.set_floatx(dtype)
    builder, units = NETWORKS[network]
    # The size is fixed only where a network is not to end in a dense layer; any size serves.
    images = keras.Input((*size, 3))
    model = builder(weights=None, classes=classes, classifier_activation=None, input_tensor=images)
    outputs = [model.get_layer(f'conv{i + 2}_block{units[i]}_out').output for i in range(4)]
    return keras.Model(images, [model.output, *outputs])


def fill(model):
    values = foreign.tensor_values({variable.path: tuple(variable.shape) for variable in model.variables})
    for variable in model.variables:
        variable.assign(values[variable.path].astype(variable.dtype))


def make(case):
    images = generator.network_input(case.shape)
    results = {}
    for dtype in ('float32', 'float64'):
        model = build(f'keras_{case.network}', case.num_classes, case.shape[1:3], dtype)
        fill(model)
        results[dtype] = [np.asarray(value) for value in model(images.astype(dtype), training=False)]
    logits, *points = results['float32']
    foreign.write_case(case, VERSIONS, logits, results['float64'][0],
                       [(f'block{i + 1}', value) for i, value in enumerate(points)])


def make_tensors():
    for network in NETWORKS:
        model = build(network, 1000, (224, 224), 'float32')
        norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        foreign.write_tensors(network, VERSIONS, {v.path: list(v.shape) for v in model.variables},
                              [norm.epsilon for norm in norms])


if __name__ == '__main__':
    if not sys.argv[1:]:
        make_tensors()
    foreign.run_cases('make_keras.py', cases(), make, sys.argv[1:])
