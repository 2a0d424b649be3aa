"""Object-based checkpoints of TensorFlow 2: what Keras, tf.train.Checkpoint and SavedModels write.

Writes test/golden/foreign/objects/. A small network is stored whole, as TensorFlow wrote it; of ResNet50 only the object graph and the keys,
so that tests can put weights of their own there. The environment is setup.sh's.
"""

import base64
import json
import os
import pathlib
import shutil
import tempfile
import zlib

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '-1')
os.environ['KERAS_BACKEND'] = 'tensorflow'

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402

import fixtures  # noqa: E402

FOLDER = fixtures.ROOT / 'foreign' / 'objects'
VERSIONS = {'keras': keras.__version__, 'tf_keras': tf_keras.__version__, 'tensorflow': tf.__version__}
GRAPH = '_CHECKPOINTABLE_OBJECT_GRAPH'


def trained(model):
    """One step of an optimizer, so that its variables are there as well."""
    model.compile('adam', 'mse')
    size = model.input_shape[1:]
    model.fit(np.zeros((1, *size), np.float32), np.zeros((1, *model.output_shape[1:]), np.float32), verbose=0)
    return model


def checkpoint(model, path):
    return tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(path)


def weights(model, path):
    model.save_weights(path)
    return path


def exported(model, path):
    model.export(path, verbose=False)
    return f'{path}/variables/variables'


def saved_model(model, path):
    tf.saved_model.save(model, path)
    return f'{path}/variables/variables'


# Keras 3 keeps weights alone in HDF5; its models are in such files by way of tf.train.Checkpoint and SavedModels.
FORMS = {
    'keras3_checkpoint': (keras, checkpoint),
    'keras3_export': (keras, exported),
    'keras2_checkpoint': (tf_keras, checkpoint),
    'keras2_weights': (tf_keras, weights),
    'keras2_saved_model': (tf_keras, saved_model),
}


def small(k):
    """The first layers of a ResNet50 and its last, narrow."""
    images = k.Input((8, 8, 3))
    net = k.layers.Conv2D(2, 3, name='conv1_conv')(images)
    net = k.layers.BatchNormalization(name='conv1_bn')(net)
    net = k.layers.GlobalAveragePooling2D(name='avg_pool')(net)
    model = k.Model(images, k.layers.Dense(2, name='predictions')(net), name='resnet50')
    for i, variable in enumerate(model.weights):
        size = int(np.prod(variable.shape))
        variable.assign((np.arange(size, dtype=np.float32) + 10 * i).reshape(variable.shape))
    return model


def resnet50(k):
    return k.applications.ResNet50(weights=None, classes=10, classifier_activation=None, input_shape=(32, 32, 3))


def packed(data):
    return base64.b64encode(zlib.compress(data, 9)).decode()


def keys_of(prefix):
    """The graph's bytes, and [key, dtype, shape] of all other tensors."""
    reader = tf.train.load_checkpoint(prefix)
    shapes = reader.get_variable_to_shape_map()
    dtypes = reader.get_variable_to_dtype_map()
    rows = [[key, dtypes[key].name, shapes[key]] for key in sorted(shapes) if key != GRAPH]
    return reader.get_tensor(GRAPH), rows


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for form, (library, save) in FORMS.items():
        library.backend.clear_session()
        with tempfile.TemporaryDirectory() as folder:
            prefix = pathlib.Path(save(trained(resnet50(library)), f'{folder}/model'))
            graph, rows = keys_of(str(prefix))
            fixtures.write_json(f'foreign/objects/{form}.json', {
                'versions': VERSIONS, 'graph': packed(graph), 'tensors': packed(json.dumps(rows).encode())})
    library, save = FORMS['keras2_weights']
    library.backend.clear_session()
    save(small(library), str(FOLDER / 'small_keras2'))
    (FOLDER / 'checkpoint').unlink(missing_ok=True)
    keras.backend.clear_session()
    tf.train.Checkpoint(model=small(keras)).write(str(FOLDER / 'small_keras3'))


if __name__ == '__main__':
    main()
