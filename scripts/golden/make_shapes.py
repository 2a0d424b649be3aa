"""Hashes of images of P10 (shapes.py), with which lib/data/shapes.ts is compared. Writes test/golden/trained/shapes.json."""

import hashlib

import numpy as np

import fixtures
import shapes

# (seed, first image, images): 32 and 64 bits of the seed and of the number are used; the last ones are the networks' test images.
_SETS = ((0, 0, 10), (2**63 + 12345, 0, 40), (2**64 - 1, 2**53 - 20, 20), (7, 2**32 - 10, 20), (2, 0, 2000))


def record(seed, first, count):
    images = shapes.images(seed, first + np.arange(count, dtype=np.uint64))
    # The seed is text: a JSON number has 53 bits.
    return {'seed': str(seed), 'first': first, 'count': count, 'sha256': hashlib.sha256(images.tobytes()).hexdigest()}


if __name__ == '__main__':
    fixtures.write_json('trained/shapes.json', {'classes': list(shapes.CLASSES),
                                                'hashes': fixtures.rows(record(*each) for each in _SETS)})
