"""Summaries as TensorFlow writes them.

Writes test/golden/summaries.json: serialized Summary messages in base64 of histograms (of `values`, float64) and of a scalar and an image; and
what the image summary makes of float32 pictures of 2 x 2 pixels.
"""

import base64

import fixtures
import numpy as np
from slim_env import VERSIONS, new_session, tf

HISTOGRAMS = {
    'a normal distribution': np.sin(np.arange(200)) * np.cos(np.arange(200) * 0.37) * 3,
    'zeros': np.zeros(3),
    'one value': np.array([2.5]),
    'nothing': np.zeros(0),
    'limits and their neighbours': np.array([1e-12, 1.1e-12, 1e-13, -1e-12, -1.1e-12, -1e-13, np.nextafter(1e-12, 0), 0, -0.0]),
    'the largest numbers': np.array([1e19, 1e20, 1e21, -1e20, -1e21, 1e300, -1e300]),
    'many sizes': np.concatenate([sign * 10.0 ** np.arange(-14, 22) * (1 + np.arange(36) / 37) for sign in (1, -1)]),
}

PIXELS = np.array([-1, 0, 1, 0.5, -0.5, 0.25, 0.1, 0.99, -0.999, 1e-9, 2e-3, -0.7], np.float32)
PICTURES = {
    'a picture of both signs': PIXELS,
    'one without negative values': np.abs(PIXELS),
    'one of large values': PIXELS * 130 + 5,
    'one whose largest value is negative': PIXELS - 7,
    'one of zeros': PIXELS * 0,
    'one of almost zeros': PIXELS * 1e-8,
    'one with values that are not finite': np.where(np.arange(12) == 3, np.nan, np.where(np.arange(12) == 11, np.inf, PIXELS)),
}


def picture(values):
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        written = session.run(tf.summary.image('input', tf.constant(values.reshape(1, 2, 2, 3), tf.float32)))
        encoded = tf.Summary.FromString(written).value[0].image.encoded_image_string
        return session.run(tf.image.decode_png(tf.constant(encoded))).ravel()


def main():
    text = lambda data: base64.b64encode(data).decode()
    histograms = {}
    for name, values in HISTOGRAMS.items():
        with tf.Graph().as_default() as graph, new_session(graph) as session:
            written = session.run(tf.summary.histogram('weights', tf.constant(values, tf.float64)))
        histograms[name] = {'values': [float(v) for v in values], 'summary': text(written)}
    with tf.Graph().as_default() as graph, new_session(graph) as session:
        scalar = session.run(tf.summary.scalar('loss', tf.constant(0.1)))
    image = tf.Summary(value=[tf.Summary.Value(tag='input/image/0', image=tf.Summary.Image(
        height=2, width=3, colorspace=3, encoded_image_string=b'not really a png'))])
    pictures = {name: {'values': fixtures.numbers(values.astype(np.float32)), 'bytes': [int(b) for b in picture(values)]}
                for name, values in PICTURES.items()}
    fixtures.write_json('summaries.json', {'versions': VERSIONS, 'pictures': pictures, 'histograms': histograms, 'scalar': text(scalar),
                                           'image': text(image.SerializeToString())})


if __name__ == '__main__':
    main()
