"""How fixtures are written: compact JSON, float32 numbers in the fewest digits that read back to the same bits."""

import json
import math
import pathlib

import numpy as np

import generator

ROOT = pathlib.Path(__file__).resolve().parents[2] / 'test' / 'golden'
FULL_OUTPUT_LIMIT = 2000
_PICTURE_SAMPLES = 64


class _Rows(list):
    """A list that is printed one element a line."""


def rows(items):
    return _Rows(items)


def number(value):
    """A JSON value for one number: NaN and infinities become strings, float32 keeps its shortest decimal form."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    value_64 = float(value)
    if not math.isfinite(value_64):
        return 'NaN' if math.isnan(value_64) else ('Infinity' if value_64 > 0 else '-Infinity')
    if isinstance(value, np.float32):
        return float(np.format_float_scientific(value, unique=True))
    return value_64


def numbers(array):
    return [number(v) for v in np.asarray(array).ravel()]


def statistics(name, array):
    """What a fixture keeps of a tensor: float64 sums of the float32 values, extremes, and eight sampled values."""
    flat = np.asarray(array).ravel()
    wide = flat.astype(np.float64)
    return {
        'name': name,
        'shape': list(np.asarray(array).shape),
        'sum': float(f'{wide.sum():.12g}'),
        'absSum': float(f'{np.abs(wide).sum():.12g}'),
        'min': number(flat.min()),
        'max': number(flat.max()),
        'samples': numbers(flat[generator.sample_indices(flat.size)]),
    }


def picture(array):
    """Statistics with 64 pixels: [row, column, red, green, blue], the pixel numbers being sample_indices(H*W, 64)."""
    record = statistics('', array)
    del record['name'], record['samples']
    width = array.shape[1]
    places = generator.sample_indices(array.shape[0] * width, _PICTURE_SAMPLES)
    record['pixels'] = [[int(p // width), int(p % width), *numbers(array[p // width, p % width])] for p in places]
    return record


def tensor(array, name=None):
    """A tensor in full, or with `data` null where it has more than FULL_OUTPUT_LIMIT values."""
    array = np.asarray(array)
    record = {} if name is None else {'name': name}
    record['shape'] = list(array.shape)
    record['data'] = numbers(array) if array.size <= FULL_OUTPUT_LIMIT else None
    return record


def _dump(value):
    return json.dumps(value, separators=(',', ':'), allow_nan=False)


def encode(value, indent=0):
    """JSON text: objects with long members one member a line, `rows` one element a line, all else on one line."""
    pad = ' ' * (indent + 1)
    if isinstance(value, _Rows):
        lines = ',\n'.join(pad + _dump(item) for item in value)
        return '[\n' + lines + '\n' + ' ' * indent + ']' if value else '[]'
    if isinstance(value, dict) and indent == 0:
        members = ',\n'.join(f'{pad}{json.dumps(key)}: {encode(item, indent + 1)}' for key, item in value.items())
        return '{\n' + members + '\n}'
    return _dump(value)


def write_json(relative, value):
    path = ROOT / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(encode(value) + '\n')
    print(f'{path.relative_to(ROOT)}: {path.stat().st_size} bytes', flush=True)
