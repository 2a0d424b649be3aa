"""Floating-point numbers of 8 and 16 bits as numpy and ml_dtypes have them.

Writes test/golden/floats.json: the number of each pattern of 8 bits, and the patterns of 16 bits to which numbers of 64 and 32 bits
are rounded.
"""

import math

import ml_dtypes
import numpy as np

import fixtures

BYTES = {'float8_e5m2': ml_dtypes.float8_e5m2, 'float8_e4m3fn': ml_dtypes.float8_e4m3fn}
HALVES = {'float16': np.float16, 'bfloat16': ml_dtypes.bfloat16}


def numbers():
    """Exact values of both formats, halves between two of them, and neighbours of these halves; the ends of the ranges."""
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 65504.0, 65519.99, 65520.0, 3.3895313892515355e38, 3.396e38, 3.5e38, 1e300,
               2.0 ** -24, 2.0 ** -25, 2.0 ** -25 * 1.0000001, 2.0 ** -14, 2.0 ** -14 - 2.0 ** -25, 2.0 ** -126, 2.0 ** -133, 2.0 ** -134,
               2.0 ** -134 * 1.5, 5e-324]
    drawn = []
    rng = np.random.default_rng(1)
    for digits, exponents in ((10, range(-20, 17)), (7, range(-135, 129, 12))):
        for exponent in exponents:
            start = 1 + rng.integers(0, 2 ** digits) / 2 ** digits
            for steps in (0, 0.5, 1, 1.5):
                middle = (start + steps / 2 ** digits) * 2.0 ** exponent
                drawn += [middle, np.nextafter(middle, 0), -np.nextafter(middle, math.inf)]
    return np.array(special + drawn, np.float64)


def main():
    patterns = np.arange(256, dtype=np.uint8)
    values = numbers()
    with np.errstate(over='ignore', under='ignore'):
        # ml_dtypes takes numbers of 64 bits by way of 32, which rounds twice.
        numbers_of = {'float16': values, 'bfloat16': values.astype(np.float32)}
        halves = {name: numbers_of[name].astype(dtype).view(np.uint16) for name, dtype in HALVES.items()}
    fixtures.write_json('floats.json', {
        'versions': {'numpy': np.__version__, 'ml_dtypes': ml_dtypes.__version__},
        'values': {name: fixtures.numbers(patterns.view(dtype).astype(np.float32)) for name, dtype in BYTES.items()},
        'numbers': {name: fixtures.numbers(array) for name, array in numbers_of.items()},
        'patterns': {name: fixtures.numbers(array) for name, array in halves.items()}})


if __name__ == '__main__':
    main()
