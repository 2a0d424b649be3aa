"""Record files of images in the layouts of Slim's data sets, as TensorFlow writes them.

Writes test/golden/data_sets.json: the files in base64, and of each image its label, what TensorFlow decodes it to, and its boxes. The features
are those of Slim's converters: dataset_utils.image_to_tfexample for flowers, cifar10 and mnist, build_imagenet_data for ImageNet.
"""

import base64
import os
import tempfile

import fixtures
import generator
from slim_env import VERSIONS, new_session, tf


def encode(height, width, channels, offset, image_format):
    """A picture as a file of the format, and the pixels that TensorFlow decodes from it."""
    pixels = (generator.image(height, width)[:, :, :channels] + offset).astype('uint8')
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        make = {'png': tf.image.encode_png, 'jpeg': tf.io.encode_jpeg}[image_format]
        encoded = session.run(make(tf.constant(pixels)))
        decoded = session.run(tf.image.decode_image(tf.constant(encoded)))
    return encoded, decoded


def feature(*values):
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def slim_example(encoded, image_format, label, height, width):
    return {'image/encoded': feature(encoded), 'image/format': feature(image_format),
            'image/class/label': feature(label), 'image/height': feature(height), 'image/width': feature(width)}


def imagenet_example(encoded, label, height, width, boxes):
    features = {'image/height': feature(height), 'image/width': feature(width), 'image/colorspace': feature(b'RGB'),
                'image/channels': feature(3), 'image/class/label': feature(label),
                'image/class/synset': feature(b'n01440764'), 'image/class/text': feature(b'tench, Tinca tinca'),
                'image/object/bbox/label': feature(*[label for _ in boxes] or [label]),
                'image/format': feature(b'JPEG'), 'image/filename': feature(b'n01440764_18.JPEG'),
                'image/encoded': feature(encoded)}
    for i, end in enumerate(('ymin', 'xmin', 'ymax', 'xmax')):
        features[f'image/object/bbox/{end}'] = feature(*[box[i] for box in boxes]) if boxes else tf.train.Feature(
            float_list=tf.train.FloatList(value=[]))
    return features


def main():
    files, records = {}, {}

    def write(folder, name, examples):
        path = os.path.join(folder, 'records')
        with tf.io.TFRecordWriter(path) as writer:
            for features, _ in examples:
                writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
        with open(path, 'rb') as file:
            files[name] = base64.b64encode(file.read()).decode()
        records[name] = [expected for _, expected in examples]

    def slim(height, width, channels, offset, image_format, label):
        encoded, decoded = encode(height, width, channels, offset, image_format)
        expected = {'label': label, 'size': [height, width, channels], 'pixels': base64.b64encode(decoded.tobytes()).decode()}
        return slim_example(encoded, image_format.encode(), label, height, width), expected

    def imagenet(label, boxes):
        encoded, _ = encode(8, 12, 3, 0, 'jpeg')
        return imagenet_example(encoded, label, 8, 12, boxes), {'label': label, 'size': [8, 12, 3], 'boxes': boxes}

    with tempfile.TemporaryDirectory() as folder:
        for shard, labels in enumerate(((0, 2, 1), (1,))):
            write(folder, f'flowers/flowers_train_0000{shard}-of-00002.tfrecord',
                  [slim(3, 4, 3, 10 * shard + i, 'png', label) for i, label in enumerate(labels)])
        write(folder, 'flowers/flowers_validation_00000-of-00001.tfrecord', [slim(5, 2, 3, 77, 'png', 2)])
        write(folder, 'mnist/mnist_train.tfrecord', [slim(6, 6, 1, label, 'png', label) for label in (1, 0)])
        write(folder, 'mnist/mnist_test.tfrecord', [slim(6, 6, 1, 9, 'png', 1)])
        write(folder, 'imagenet/train-00000-of-00001', [imagenet(1, [(0.25, 0.0, 0.75, 0.5), (0.0, 0.5, 1.0, 1.0)]), imagenet(1000, [])])
    fixtures.write_json('data_sets.json', {'versions': VERSIONS, 'files': files, 'records': records})


if __name__ == '__main__':
    main()
