"""An ONNX file in int8, as onnxruntime's own tool makes it: quantize_onnx.py FLOAT32.onnx INT8.onnx

Static, with pairs of QuantizeLinear and DequantizeLinear, weights by channel, ranges from a few batches of random pixels. It runs in the
environment of scripts/golden/setup_onnx.sh.
"""

import os
import sys
import tempfile

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from driver import pixels

BATCHES = 4


class Pixels(CalibrationDataReader):
    """Pixels as the drivers' (which are the first batch), and others of their kind."""

    def __init__(self):
        draw = np.random.default_rng(1)
        images = pixels(2, 'nchw')
        others = (draw.permutation(images.ravel()).reshape(images.shape) for _ in range(BATCHES - 1))
        self.batches = iter([{'images': batch} for batch in (images, *others)])

    def get_next(self):
        return next(self.batches, None)


def main(source, target):
    with tempfile.TemporaryDirectory() as folder:
        prepared = os.path.join(folder, 'prepared.onnx')
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(prepared, f'{target}.new', Pixels(), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    os.replace(f'{target}.new', target)


main(*sys.argv[1:])
