"""The integer hash that stands in for weights, inputs and pictures, so that no fixture has to carry any.

It is exact in JavaScript (`Math.imul`, `>>> 0`) and here. For element i of stream k:

    s = (i*2654435761 + k*40503 + 12345) mod 2^32
    s ^= s >>> 16;  s = s*2246822519 mod 2^32;  s ^= s >>> 13
    h(i, k) = s / 2^32
"""

import numpy as np

INPUT_STREAM = 1000
IMAGE_STREAM = 2000
SAMPLE_STREAM = 3000


def hashes(indices, stream):
    """h(i, stream) for an array of indices, as float64 in [0, 1)."""
    mask = np.uint64(0xFFFFFFFF)
    s = (np.asarray(indices, dtype=np.uint64) & mask) * np.uint64(2654435761)
    s = (s + np.uint64(stream * 40503 + 12345)) & mask
    s ^= s >> np.uint64(16)
    s = (s * np.uint64(2246822519)) & mask
    s ^= s >> np.uint64(13)
    return s.astype(np.float64) / 2.0**32


def uniform(shape, stream, scale=1.0, offset=0.0):
    """offset + scale * (2h - 1), computed in float64 and rounded once to float32."""
    count = int(np.prod(shape, dtype=np.int64))
    values = offset + scale * (2.0 * hashes(np.arange(count), stream) - 1.0)
    return values.astype(np.float32).reshape(shape)


def network_input(shape):
    """Input of a network: 2 h(i, 1000) - 1."""
    return uniform(shape, INPUT_STREAM)


def image(height, width, channels=3):
    """A picture of floor(256 h(i, 2000)) bytes, height x width x channels."""
    values = np.floor(256.0 * hashes(np.arange(height * width * channels), IMAGE_STREAM))
    return values.astype(np.uint8).reshape(height, width, channels)


def sample_indices(count, samples=8):
    """Flat positions at which a fixture keeps a tensor's values: floor(h(j, 3000) * count), j = 0..samples-1."""
    return np.floor(hashes(np.arange(samples), SAMPLE_STREAM) * count).astype(np.int64)


# Elements that are drawn at a time: VGG has a variable of 10^8.
_PART = 1 << 22


def variable_value(name, shape, stream):
    """The float32 value of the model variable whose place in the sorted list of names is `stream`."""
    shape = tuple(shape)
    count = int(np.prod(shape, dtype=np.int64))
    values = np.empty(count, np.float32)
    for start in range(0, count, _PART):
        u = hashes(np.arange(start, min(start + _PART, count)), stream)
        values[start:start + len(u)] = _of_kind(name, shape, u)
    return values.reshape(shape)


def _of_kind(name, shape, u):
    v = 2.0 * u - 1.0
    kind = name.rsplit('/', 1)[-1]
    if kind == 'weights':
        return v * np.sqrt(6.0 / np.prod(shape[:-1], dtype=np.float64))
    if kind == 'gamma':
        return 1.0 + 0.2 * v
    if kind in ('beta', 'biases', 'moving_mean'):
        return 0.1 * v
    if kind == 'moving_variance':
        return 0.5 + u
    raise ValueError(f'variable {name}: the generator knows weights, biases, gamma, beta, moving_mean and '
                     f'moving_variance, not "{kind}"')


def variable_values(shapes):
    """{name: value} for {name: shape}: the k-th name in byte order gets stream k."""
    ordered = sorted(shapes, key=lambda name: name.encode())
    return {name: variable_value(name, shapes[name], k) for k, name in enumerate(ordered)}
