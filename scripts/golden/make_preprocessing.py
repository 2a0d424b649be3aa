"""Preprocessed pictures: Slim's evaluation-time pipelines and the resize under them, by TensorFlow's own ops.

Writes test/golden/preprocessing/vgg_eval.json, inception_eval.json, tensorflow_options.json (other interpolations, crops, means and
deviations than Slim's) and resize.json. tf_slim does not contain the
preprocessing of the model library, so its evaluation paths are written out here. vgg: smallest side to `sideMin`
keeping the aspect ratio (legacy bilinear resize, sizes rounded half to even, or truncated as in old versions), central
crop, float, minus the channel means. inception: float in [0, 1], central crop, legacy bilinear resize, to [-1, 1].

Pictures are generator.image(height, width); `grey` ones repeat the first channel of generator.image(height, width, 1).
"""

import numpy as np

import fixtures
import generator
from slim_env import VERSIONS, new_session, tf

MEANS = (123.68, 116.78, 103.94)

# (height, width, output height, output width, smallest side after the resize, grey)
VGG_CASES = (
    (300, 400, 224, 224, 256, False),
    (40, 30, 24, 24, 32, False),
    (500, 375, 224, 224, 256, False),
    (640, 97, 224, 224, 256, False),
    (64, 301, 224, 224, 256, False),
    (20, 300, 224, 224, 256, False),
    (333, 500, 224, 224, 256, True),
    (256, 256, 224, 224, 256, False),
    (1, 1, 224, 224, 256, False),
    (257, 384, 224, 224, 256, False),
    (100, 151, 97, 129, 256, False),
    (225, 301, 321, 300, 360, False),
)
TRUNCATED_VGG_CASES = (
    (100, 151, 97, 129, 256, False),
    (257, 384, 224, 224, 256, False),
)

# (height, width, output height, output width, grey)
INCEPTION_CASES = (
    (300, 400, 299, 299, False),
    (40, 30, 24, 24, False),
    (41, 33, 24, 24, False),
    (500, 375, 299, 299, False),
    (64, 301, 299, 224, False),
    (333, 500, 299, 299, True),
    (342, 342, 300, 300, False),
    (1, 1, 5, 3, False),
    (7, 2, 16, 16, False),
)

# (height, width, output height, output width, align corners)
RESIZE_CASES = (
    (2, 2, 4, 4, False), (4, 4, 3, 3, False), (5, 5, 2, 3, False), (3, 7, 11, 5, False), (1, 1, 3, 2, False),
    (1, 9, 4, 4, False), (9, 1, 4, 4, False), (6, 6, 6, 6, False), (31, 17, 7, 9, False), (10, 10, 25, 25, False),
    (4, 4, 7, 7, True), (5, 3, 2, 2, True),
)


def smallest_size(height, width, side, rounding=tf.rint):
    """Slim's _smallest_size_at_least: float32 scale, sizes rounded half to even, in old versions truncated."""
    height, width, side = (tf.cast(v, tf.float32) for v in (height, width, side))
    scale = tf.cond(tf.greater(height, width), lambda: side / width, lambda: side / height)
    return tf.cast(rounding(height * scale), tf.int32), tf.cast(rounding(width * scale), tf.int32)


def picture(height, width, grey):
    if grey:
        return np.repeat(generator.image(height, width, 1), 3, axis=2)
    return generator.image(height, width)


def vgg_eval(pixels, out_height, out_width, side, rounding):
    """(preprocessed picture, resized size, crop offset)."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        image = tf.constant(pixels)
        shape = tf.shape(image)
        new_height, new_width = smallest_size(shape[0], shape[1], side, rounding)
        resized = tf.image.resize_bilinear(tf.expand_dims(image, 0), [new_height, new_width], align_corners=False)[0]
        top = tf.cast((tf.cast(new_height, tf.float64) - out_height) / 2, tf.int32)
        left = tf.cast((tf.cast(new_width, tf.float64) - out_width) / 2, tf.int32)
        cropped = tf.slice(resized, tf.stack([top, left, 0]), [out_height, out_width, 3])
        result = tf.cast(cropped, tf.float32) - tf.constant(MEANS, tf.float32)
        return session.run([result, [new_height, new_width], [top, left]])


def inception_eval(pixels, out_height, out_width):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        image = tf.image.central_crop(tf.image.convert_image_dtype(tf.constant(pixels), tf.float32), 0.875)
        resized = tf.image.resize_bilinear(tf.expand_dims(image, 0), [out_height, out_width], align_corners=False)[0]
        return session.run(tf.multiply(tf.subtract(resized, 0.5), 2.0))


def resize(pixels, out_height, out_width, align_corners):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        op = tf.image.resize_bilinear(pixels[None], [out_height, out_width], align_corners=align_corners)
        return session.run(op)[0]


def vgg_record(height, width, out_height, out_width, side, grey, truncated=False):
    rounding = tf.identity if truncated else tf.rint
    output, size, offset = vgg_eval(picture(height, width, grey), out_height, out_width, side, rounding)
    return {'id': f'{height}x{width}{" grey" if grey else ""} to {out_height}x{out_width}', 'image': [height, width],
            'grey': grey, 'size': [out_height, out_width], 'sideMin': side,
            'sizeRounding': 'truncate' if truncated else 'rint',
            'resized': [int(v) for v in size], 'offset': [int(v) for v in offset], 'output': fixtures.picture(output)}


def inception_record(height, width, out_height, out_width, grey):
    output = inception_eval(picture(height, width, grey), out_height, out_width)
    return {'id': f'{height}x{width}{" grey" if grey else ""} to {out_height}x{out_width}', 'image': [height, width],
            'grey': grey, 'size': [out_height, out_width], 'output': fixtures.picture(output)}


def resize_record(height, width, out_height, out_width, align_corners):
    output = resize(generator.image(height, width), out_height, out_width, align_corners)
    return {'id': f'{height}x{width} to {out_height}x{out_width}{" align corners" if align_corners else ""}',
            'image': [height, width], 'size': [out_height, out_width], 'alignCorners': align_corners,
            'output': {'shape': list(output.shape), 'data': fixtures.numbers(output)}}


# (height, width, grey)
OPTION_PICTURES = ((300, 400, False), (61, 47, True))
OPTION_MEAN = (10.0, 120.0, 99.5)
OPTION_STD = (57.0, 1.5, 80.0)


def resizer(interpolation):
    legacy = {'nearest': tf.compat.v1.image.resize_nearest_neighbor, 'bilinear': tf.compat.v1.image.resize_bilinear,
              'bicubic': tf.compat.v1.image.resize_bicubic, 'area': tf.compat.v1.image.resize_area}
    return lambda image, size: legacy[interpolation](image[None], size, align_corners=False)[0]


def normalized(pixels, mean, std):
    """In numpy: TensorFlow makes a product of a division by constants."""
    return (pixels - np.asarray(mean, np.float32)) / np.asarray(std, np.float32)


def vgg_options(pixels, size, side, interpolation):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        new_height, new_width = session.run(smallest_size(*pixels.shape[:2], side))
        top, left = int((new_height - size) / 2), int((new_width - size) / 2)
        resized = tf.cast(resizer(interpolation)(tf.constant(pixels), [new_height, new_width]), tf.float32)
        return normalized(session.run(resized[top:top + size, left:left + size]), OPTION_MEAN, OPTION_STD)


def inception_options(pixels, size, fraction, interpolation):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        image = tf.image.central_crop(tf.image.convert_image_dtype(tf.constant(pixels), tf.float32), fraction)
        resized = tf.clip_by_value(resizer(interpolation)(image, [size, size]), 0.0, 1.0)
        return normalized(session.run(resized), (0.1, 0.2, 0.3), (0.25, 1, 2))


def options():
    for height, width, grey in OPTION_PICTURES:
        pixels = picture(height, width, grey)
        for interpolation in ('nearest', 'bilinear', 'bicubic', 'area'):
            for preprocessing, more, output in (
                    ('vgg', {'resizeSide': 72, 'mean': OPTION_MEAN, 'std': OPTION_STD}, vgg_options(pixels, 64, 72, interpolation)),
                    ('vgg', {'cropFraction': 0.8, 'mean': OPTION_MEAN, 'std': OPTION_STD}, vgg_options(pixels, 64, 80, interpolation)),
                    ('inception', {'cropFraction': 0.6, 'mean': (0.1, 0.2, 0.3), 'std': (0.25, 1, 2)},
                     inception_options(pixels, 64, 0.6, interpolation)),
                    ('inception', {'cropFraction': 1, 'mean': (0.1, 0.2, 0.3), 'std': (0.25, 1, 2)},
                     inception_options(pixels, 64, 1.0, interpolation))):
                given = {'interpolation': interpolation, **more}
                name = ', '.join(f'{key} {value}' for key, value in given.items())
                yield {'id': f'{preprocessing}, {name}: {height}x{width}{" grey" if grey else ""}', 'image': [height, width], 'grey': grey,
                       'preprocessing': preprocessing, 'options': given, 'size': [64, 64], 'output': fixtures.picture(output)}


def main():
    fixtures.write_json('preprocessing/vgg_eval.json', {
        'versions': VERSIONS, 'means': MEANS, 'cases': fixtures.rows(
            [vgg_record(*case) for case in VGG_CASES] + [vgg_record(*case, truncated=True) for case in
                                                         TRUNCATED_VGG_CASES])})
    fixtures.write_json('preprocessing/inception_eval.json', {
        'versions': VERSIONS, 'cases': fixtures.rows(inception_record(*case) for case in INCEPTION_CASES)})
    fixtures.write_json('preprocessing/tensorflow_options.json', {'versions': VERSIONS, 'cases': fixtures.rows(options())})
    fixtures.write_json('preprocessing/resize.json', {
        'versions': VERSIONS, 'cases': fixtures.rows(resize_record(*case) for case in RESIZE_CASES)})


if __name__ == '__main__':
    main()
