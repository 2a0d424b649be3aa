"""Files of Keras with a small network, and what is in them: the names of the weights as Keras says them, and their values.

Writes test/golden/foreign/keras_files.json. The environment is setup.sh's.
"""

import base64
import gzip
import os
import tempfile

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '-1')
os.environ['KERAS_BACKEND'] = 'tensorflow'

import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

import fixtures  # noqa: E402
import foreign  # noqa: E402

layers = keras.layers


def tiny(name):
    """A network with the kinds of layers that ResNets have."""
    images = outputs = keras.Input((6, 6, 3))
    outputs = layers.Conv2D(2, 3, name='conv1_conv')(outputs)
    outputs = layers.BatchNormalization(epsilon=1.001e-5, name='conv1_bn')(outputs)
    outputs = layers.Conv2D(2, 1, use_bias=False, name='conv2_conv')(outputs)
    outputs = layers.BatchNormalization(scale=False, name='conv2_bn')(outputs)
    outputs = layers.GlobalAveragePooling2D()(outputs)
    return keras.Model(images, layers.Dense(2, name='predictions')(outputs), name=name)


def trained():
    """A network in another, after a step, so that there is an optimizer."""
    model = keras.Sequential([keras.Input((6, 6, 3)), tiny('resnet50'), layers.Dense(3, name='head')])
    model.compile('sgd', 'mse')
    model.fit(np.zeros((2, 6, 6, 3)), np.zeros((2, 3)), verbose=0)
    return model


def filled(model):
    values = foreign.tensor_values({weight.path: tuple(weight.shape) for weight in model.weights})
    for weight in model.weights:
        weight.assign(values[weight.path].astype('float32'))
    return model


def old_names(path, model):
    """As Keras 2 wrote them: `layer/kernel:0`, below a group for each layer."""
    with h5py.File(path, 'w') as file:
        for layer in model.layers:
            group = file.create_group(layer.name)
            for weight in layer.weights:
                group.create_dataset(f'{weight.path}:0', data=weight.numpy())


def saved(save, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f'file{ending}')
        save(path)
        with open(path, 'rb') as file:
            # Most of such a file is room for more.
            return base64.b64encode(gzip.compress(file.read(), mtime=0)).decode()


def record(model, save, ending):
    tensors = {weight.path: {'dtype': keras.backend.standardize_dtype(weight.dtype), 'shape': list(weight.shape),
                             'values': fixtures.numbers(np.asarray(weight.numpy(), np.float32))}
               for weight in model.weights}
    return {'ending': ending, 'tensors': tensors, 'gzip': saved(save, ending)}


def main():
    records = []
    for name, make, policy in (('tiny', lambda: tiny('tiny'), 'float32'), ('trained', trained, 'float32'),
                               ('half', lambda: tiny('half'), 'float16'), ('brain', lambda: tiny('brain'), 'bfloat16')):
        keras.backend.clear_session()
        keras.config.set_dtype_policy(policy)
        model = filled(make())
        for ending, save in (('.weights.h5', model.save_weights), ('.h5', model.save), ('.keras', model.save)):
            if ending == '.keras' and policy != 'float32':
                continue
            records.append({'name': name, **record(model, save, ending)})
        if name == 'tiny':
            records.append({'name': 'old', **record(model, lambda path, m=model: old_names(path, m), '.h5')})
    fixtures.write_json('foreign/keras_files.json', {
        'versions': {'keras': keras.__version__, 'h5py': h5py.__version__}, 'files': fixtures.rows(records)})


if __name__ == '__main__':
    main()
