"""What Slim's preprocessing does in training, by TensorFlow's own ops, with the random draws given instead of drawn.

Writes test/golden/preprocessing/vgg_training.json, inception_training.json and distorted_boxes.json. The first two hold
augmentations (lib/native/addon.ts) and what becomes of the pictures of make_preprocessing.py under them; the last counts
the boxes that sample_distorted_bounding_box draws with the bounds of inception preprocessing.
"""

import collections

import fixtures
import generator
from make_preprocessing import MEANS, smallest_size
from slim_env import VERSIONS, new_session, tf

_DRAWS = 40000

# (height, width, output height, output width, side after the resize, top, left, flip)
VGG_CASES = (
    (300, 400, 224, 224, 256, 0, 117, False),
    (300, 400, 224, 224, 512, 288, 459, True),
    (97, 64, 48, 40, 300, 200, 13, True),
    (600, 500, 224, 224, 377, 31, 0, True),
)

# (height, width, output height, output width, crop (top, left, height, width), resize method, flip, colour steps)
INCEPTION_CASES = (
    (40, 30, 9, 7, (3, 5, 30, 21), 'bilinear', False, (('brightness', 0.1), ('saturation', 1.3))),
    (40, 30, 9, 7, (0, 0, 40, 30), 'bilinear', True, (('saturation', 0.5), ('brightness', -0.125))),
    (40, 30, 9, 7, (7, 2, 5, 4), 'nearest', True, (('hue', 0.1), ('contrast', 1.4))),
    (40, 30, 9, 7, (2, 1, 33, 28), 'nearest', False, ()),
    (40, 30, 9, 7, (2, 1, 33, 28), 'bicubic', False, ()),
    (40, 30, 12, 10, (30, 20, 4, 3), 'bicubic', True, (('contrast', 0.5),)),
    (40, 30, 9, 7, (2, 1, 33, 28), 'area', True, ()),
    (40, 30, 12, 10, (30, 20, 5, 7), 'area', False, (('hue', -0.2),)),
    (25, 25, 8, 8, (1, 1, 20, 20), 'area', False, (('brightness', -0.12), ('saturation', 1.5), ('hue', 0.2),
                                                   ('contrast', 1.5))),
    (25, 25, 8, 8, (1, 1, 20, 20), 'bilinear', False, (('saturation', 1.5), ('brightness', 0.12), ('contrast', 0.6),
                                                       ('hue', -0.15))),
    (25, 25, 8, 8, (1, 1, 20, 20), 'bicubic', True, (('contrast', 1.5), ('hue', 0.05), ('brightness', 0.1),
                                                     ('saturation', 0.7))),
    (25, 25, 8, 8, (1, 1, 20, 20), 'nearest', True, (('hue', 0.2), ('saturation', 1.2), ('contrast', 1.1),
                                                     ('brightness', -0.1))),
    (13, 13, 13, 13, (0, 0, 13, 13), 'bicubic', False, ()),
)

# (height, width, objects)
BOX_CASES = (
    (6, 8, None),
    (9, 5, ((0.5, 0.6, 1.0, 1.0),)),
)

COLOUR = {
    'brightness': tf.image.adjust_brightness,
    'saturation': tf.image.adjust_saturation,
    'hue': tf.image.adjust_hue,
    'contrast': tf.image.adjust_contrast,
}
RESIZE = {
    'bilinear': tf.image.ResizeMethod.BILINEAR,
    'nearest': tf.image.ResizeMethod.NEAREST_NEIGHBOR,
    'bicubic': tf.image.ResizeMethod.BICUBIC,
    'area': tf.image.ResizeMethod.AREA,
}


def augmentation(resize_side, crop, method, flip, colour):
    return {'resizeSide': resize_side, 'crop': dict(zip(('top', 'left', 'height', 'width'), crop)),
            'resizeMethod': method, 'flip': flip, 'colour': [{'op': op, 'amount': amount} for op, amount in colour]}


def vgg_record(height, width, out_height, out_width, side, top, left, flip):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        image = tf.constant(generator.image(height, width))
        size = smallest_size(tf.constant(height), tf.constant(width), side)
        image = tf.image.resize_bilinear(tf.expand_dims(image, 0), size, align_corners=False)[0]
        image = tf.slice(image, [top, left, 0], [out_height, out_width, 3])
        if flip:
            image = tf.image.flip_left_right(image)
        output = session.run(tf.cast(image, tf.float32) - tf.constant(MEANS, tf.float32))
    crop = (top, left, out_height, out_width)
    return {'id': f'{height}x{width} to side {side}', 'image': [height, width], 'size': [out_height, out_width],
            'augmentation': augmentation(side, crop, 'bilinear', flip, ()), 'output': fixtures.picture(output)}


def inception_record(height, width, out_height, out_width, crop, method, flip, colour):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        image = tf.image.convert_image_dtype(tf.constant(generator.image(height, width)), tf.float32)
        image = tf.slice(image, [crop[0], crop[1], 0], [crop[2], crop[3], 3])
        image = tf.image.resize_images(image, [out_height, out_width], RESIZE[method])
        if flip:
            image = tf.image.flip_left_right(image)
        for op, amount in colour:
            image = COLOUR[op](image, amount)
        image = tf.clip_by_value(image, 0.0, 1.0)
        output = session.run(tf.multiply(tf.subtract(image, 0.5), 2.0))
    steps = ''.join(f', {op} {amount}' for op, amount in colour)
    return {'id': f'{crop[2]}x{crop[3]} to {out_height}x{out_width}, {method}{", flip" if flip else ""}{steps}',
            'image': [height, width], 'size': [out_height, out_width],
            'augmentation': augmentation(0, crop, method, flip, colour),
            'output': {'shape': list(output.shape), 'data': fixtures.numbers(output)}}


def box_record(height, width, objects):
    """Counts of [top, left, height, width] in many draws."""
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        begin, size, _ = tf.image.sample_distorted_bounding_box(
            [height, width, 3], [objects or ((0.0, 0.0, 1.0, 1.0),)], seed=1, min_object_covered=0.1,
            aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0), max_attempts=100,
            use_image_if_no_bounding_boxes=True)
        box = tf.concat([begin[:2], size[:2]], 0)
        run = session.make_callable(box)
        counts = collections.Counter(tuple(int(v) for v in run()) for _ in range(_DRAWS))
    return {'id': f'{height}x{width}{" with an object" if objects else ""}', 'image': [height, width],
            'boxes': objects or [], 'draws': _DRAWS, 'counts': [[*box, count] for box, count in sorted(counts.items())]}


def main():
    fixtures.write_json('preprocessing/vgg_training.json', {
        'versions': VERSIONS, 'cases': fixtures.rows(vgg_record(*case) for case in VGG_CASES)})
    fixtures.write_json('preprocessing/inception_training.json', {
        'versions': VERSIONS, 'cases': fixtures.rows(inception_record(*case) for case in INCEPTION_CASES)})
    fixtures.write_json('preprocessing/distorted_boxes.json', {
        'versions': VERSIONS, 'cases': fixtures.rows(box_record(*case) for case in BOX_CASES)})


if __name__ == '__main__':
    main()
