"""The pictures of P10, the procedural data set that the trained networks know: ten classes of drawn shapes, 64 x 64 x 3 bytes.

lib/data/shapes.ts draws the same bytes; docs/images.md says what is in a picture. Everything is computed on whole numbers
below 2^53, but for the spiral, whose float64 operations (+ - * / and the square root) are rounded the same way everywhere.
"""

import numpy as np

SIDE = 64
CLASSES = ('disc', 'ring', 'square', 'triangle', 'cross', 'star', 'bars', 'zigzag', 'checker', 'spiral')

# round(1024 cos(2 pi k / 64)) for a quarter of a turn.
_QUARTER = (1024, 1019, 1004, 980, 946, 903, 851, 792, 724, 650, 569, 483, 392, 297, 200, 100, 0)
# 1024 times the normals of a pentagon's sides, and its distance from the centre where the star's tips are at 1024.
_PENTAGON = ((0, 1024), (974, 316), (602, -828), (-602, -828), (-974, 316))
_PENTAGON_INNER = 316
_ROOT_3 = 1774  # 1024 sqrt(3)

_WORD = np.uint64(0xFFFFFFFF)
# The words of an image by number: 0 to 28 decide on shape, colours and noise, then come those of specks and pixels.
_SPECK_WORDS = 32
_PIXEL_WORDS = 64


def _mix(x):
    """A bijection of 32-bit words that mixes well (Chris Wellons' lowbias32)."""
    x = x ^ (x >> np.uint64(16))
    x = (x * np.uint64(0x7FEB352D)) & _WORD
    x = x ^ (x >> np.uint64(15))
    x = (x * np.uint64(0x846CA68B)) & _WORD
    return x ^ (x >> np.uint64(16))


def _key(start, seed, indices):
    """One of the two words that stand for an image, from the four words of seed and index."""
    key = np.full(indices.shape, start, np.uint64)
    for word in (np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32), indices & _WORD, indices >> np.uint64(32)):
        key = (_mix(key ^ word) + np.uint64(0x9E3779B9)) & _WORD
    return key


class _Words:
    """Random words of a batch of images, by number."""

    def __init__(self, seed, indices):
        self._first = _key(0x243F6A88, seed, indices)
        self._second = _key(0x85A308D3, seed, indices)

    def word(self, numbers):
        """The word of each number for each image: shape [images, *numbers.shape]."""
        numbers = np.asarray(numbers, np.uint64)
        spread = (numbers * np.uint64(0x9E3779B1)) & _WORD
        wide = (slice(None),) + (None,) * numbers.ndim
        return _mix(_mix((spread + self._first[wide]) & _WORD) ^ self._second[wide])

    def below(self, number, least, most):
        """A whole number from `least` to `most - 1` for each image."""
        return ((self.word(number) * np.uint64(most - least)) >> np.uint64(32)).astype(np.int64) + least


def _rotation(turn):
    """(cosine, sine) times 1024 of `turn` 64ths of a full turn."""
    table = np.array([_cosine(k) for k in range(64)], np.int64)
    return table[turn], table[(turn + 48) % 64]


def _cosine(k):
    k = min(k % 64, 64 - k % 64)
    return _QUARTER[k] if k <= 16 else -_QUARTER[32 - k]


def _disc(u, v, r, _q):
    return u * u + v * v <= r * r


def _ring(u, v, r, q):
    inner = r * (8 + q) // 16
    d = u * u + v * v
    return (d <= r * r) & (d >= inner * inner)


def _within(u, v, half):
    return (np.abs(u) <= half) & (np.abs(v) <= half)


def _square(u, v, r, _q):
    return _within(u, v, r * 13 // 16)


def _triangle(u, v, r, _q):
    return (2 * v >= -r) & (_ROOT_3 * np.abs(u) + 1024 * v <= 1024 * r)


def _cross(u, v, r, q):
    arm = r * (4 + q) // 16
    u, v = np.abs(u), np.abs(v)
    return ((u <= arm) & (v <= r)) | ((v <= arm) & (u <= r))


def _star(u, v, r, _q):
    # A tip lies beyond one of the five sides of the pentagon in the middle, the gaps between tips beyond two.
    return sum((a * u + b * v <= _PENTAGON_INNER * r).astype(np.int64) for a, b in _PENTAGON) >= 4


def _odd(value, r, period):
    # 4r keeps what is divided positive: the squashed coordinates of a disc stay within it.
    return ((value + 4 * r) // period) % 2 == 1


def _bars(u, v, r, q):
    return _disc(u, v, r, q) & _odd(v, r, r * (4 + q) // 16)


def _zigzag(u, v, r, q):
    half = r * 6 // 16
    fold = np.abs((u + 4 * r) % (2 * half) - half)
    return _disc(u, v, r, q) & _odd(v + fold, r, r * (4 + q) // 16)


def _checker(u, v, r, q):
    period = r * (5 + q) // 16
    return _within(u, v, r * 14 // 16) & (_odd(u, r, period) != _odd(v, r, period))


def _spiral(u, v, r, q):
    total = np.maximum(np.abs(u) + np.abs(v), 1)
    part = v / total
    # An angle without arc tangent: it grows from 0 to 4 in a turn, linearly along the sides of a diamond.
    angle = np.where(u >= 0, np.where(v >= 0, part, 4 + part), 2 - part)
    arm = np.sqrt((u * u + v * v).astype(np.float64)) / r * (3 + q) / 2 - angle / 4
    return _disc(u, v, r, q) & (arm - np.floor(arm) < 0.5)


_INSIDE = (_disc, _ring, _square, _triangle, _cross, _star, _bars, _zigzag, _checker, _spiral)


def _coverage(words, label):
    """How many of the four sample points of each pixel are inside of the shape: [images, y, x]."""
    cx, cy = words.below(0, 88, 168), words.below(1, 88, 168)
    radius = words.below(2, 48, 96)
    cosine, sine = _rotation(words.below(3, 0, 64))
    squash, q = words.below(4, 16, 23), words.below(5, 0, 4)
    mirror = 2 * words.below(6, 0, 2) - 1
    wide = (slice(None), None, None)
    # Quarters of a pixel, times 1024 of the rotation, times 16 of the squash.
    r = (radius * (1024 * 16))[wide]
    count = np.zeros((len(cx), SIDE, SIDE), np.int64)
    for sub_y in (1, 3):
        for sub_x in (1, 3):
            dx = (4 * np.arange(SIDE) + sub_x)[None, None, :] - cx[wide]
            dy = (4 * np.arange(SIDE) + sub_y)[None, :, None] - cy[wide]
            u = (dx * cosine[wide] + dy * sine[wide]) * (16 * mirror[wide])
            v = (dy * cosine[wide] - dx * sine[wide]) * squash[wide]
            count += _INSIDE[label](u, v, r, q[wide])
    return count


def _colours(words):
    """Background [images, y, x, 3] and foreground [images, 1, 1, 3], neither of them clipped."""
    base = np.stack([words.below(7 + c, 0, 256) for c in range(3)], -1)
    weight = np.arange(SIDE)
    corners = ((SIDE - 1 - weight)[:, None] * (SIDE - 1 - weight), (SIDE - 1 - weight)[:, None] * weight,
               weight[:, None] * (SIDE - 1 - weight), weight[:, None] * weight)
    gradient = 0
    for k, corner in enumerate(corners):
        offset = np.stack([words.below(10 + 3 * k + c, -32, 33) for c in range(3)], -1)
        gradient = gradient + corner[None, :, :, None] * offset[:, None, None, :]
    background = base[:, None, None, :] + gradient // ((SIDE - 1) * (SIDE - 1))
    strength, main = words.below(22, 56, 144), words.below(23, 0, 3)
    shift = []
    for c in range(3):
        # The main channel moves by the full strength, away from the end of the range that is nearer.
        away = np.where(base[:, c] >= 128, -strength, strength)
        other = strength * words.below(24 + c, -16, 17) // 16
        shift.append(np.where(main == c, away, other))
    return background, (base + np.stack(shift, -1))[:, None, None, :]


def _add_specks(words, picture):
    """Small discs of any colour, over everything else."""
    count = words.below(27, 0, 4)
    centres = 4 * np.arange(SIDE) + 2
    for k in range(3):
        first = _SPECK_WORDS + 5 * k
        dx = centres[None, None, :] - words.below(first, 0, 256)[:, None, None]
        dy = centres[None, :, None] - words.below(first + 1, 0, 256)[:, None, None]
        size = words.below(first + 2, 4, 20)[:, None, None]
        inside = (dx * dx + dy * dy <= size * size) & (count > k)[:, None, None]
        word = words.word(first + 3)
        colour = np.stack([(word >> np.uint64(8 * c)) & np.uint64(255) for c in range(3)], -1).astype(np.int64)
        picture = np.where(inside[..., None], colour[:, None, None, :], picture)
    return picture


def _add_noise(words, picture):
    word = words.word(_PIXEL_WORDS + np.arange(SIDE * SIDE).reshape(SIDE, SIDE))
    byte = [((word >> np.uint64(8 * k)) & np.uint64(255)).astype(np.int64) for k in range(4)]
    amplitude = words.below(28, 4, 40)[:, None, None]
    # Each channel's own noise, and one that the three share.
    noise = [((byte[c] + byte[3] - 255) * amplitude) >> 8 for c in range(3)]
    return picture + np.stack(noise, -1)


def labels(indices):
    """The class of each image: every class comes equally often."""
    return np.asarray(indices, np.int64) % len(CLASSES)


def images(seed, indices, part=500):
    """The images of these numbers, uint8 [images, 64, 64, 3]. `seed`: 0 to 2^64 - 1."""
    indices = np.asarray(indices, np.uint64)
    result = np.empty((len(indices), SIDE, SIDE, 3), np.uint8)
    classes = labels(indices)
    for label in range(len(CLASSES)):
        places = np.flatnonzero(classes == label)
        for start in range(0, len(places), part):
            own = places[start:start + part]
            result[own] = _of_class(label, _Words(seed, indices[own]))
    return result


def _of_class(label, words):
    background, foreground = _colours(words)
    covered = _coverage(words, label)[..., None]
    picture = (background * (4 - covered) + foreground * covered) // 4
    picture = np.clip(picture, 0, 255)
    return np.clip(_add_noise(words, _add_specks(words, picture)), 0, 255).astype(np.uint8)
