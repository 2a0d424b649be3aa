"""Checks ONNX files that slimnet wrote: the official checker, onnxruntime's results against TensorFlow's, batches of other sizes.

check_onnx.py FOLDER, with what export_onnx.mjs left there. Writes test/golden/onnx/<case>.json: the hash of the file and what
onnxruntime computes with it. Without an argument it only says which versions there are.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

import fixtures

TOLERANCE = 1e-4
VERSIONS = {'onnx': onnx.__version__, 'onnxruntime': onnxruntime.__version__}


def run(path, images):
    """Results by name, with all of onnxruntime's optimizations and with none, which must agree."""
    results = []
    for level in (onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        names = [output.name for output in session.get_outputs()]
        results.append(dict(zip(names, session.run(names, {'images': images}))))
    optimized, plain = results
    for name, value in plain.items():
        require_close(f'{name}, optimized', optimized[name], value)
    return plain


def require_close(what, actual, expected):
    """Differences relative to the range of the expected values."""
    if actual.shape != expected.shape:
        raise AssertionError(f'{what}: shape {actual.shape}, expected {expected.shape}')
    scale = max(float(np.abs(expected).max(initial=0)), 1e-12)
    error = float(np.abs(actual.astype(np.float64) - expected).max(initial=0)) / scale
    if not error <= TOLERANCE:
        raise AssertionError(f'{what}: off by {error:.2g} of the range')
    return error


def golden_output(case):
    """TensorFlow's result with the same weights and images, [N, H, W, C]."""
    fixture = json.loads((fixtures.ROOT / 'nets' / f'{case["golden"]}.json').read_text())
    output = fixture['output']
    return np.array(output['data'], dtype=np.float64).reshape(output['shape'])


def check(folder, case):
    path = case['file']
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in inferred.graph.output}

    images = np.fromfile(folder / f'{case["id"]}.input', dtype=np.float32).reshape(case['inputShape'])
    fed = images.transpose(0, 3, 1, 2).copy() if case['layout'] == 'nchw' else images
    results = run(path, fed)
    report = ''
    if case['golden'] is not None:
        expected = golden_output(case)
        actual = results['logits']
        if actual.ndim == 4 and case['layout'] == 'nchw':
            actual = actual.transpose(0, 2, 3, 1)
        error = require_close('logits', actual.reshape(expected.shape), expected)
        report = f", {error:.1e} from TensorFlow's logits"
        # The batch is open: other sizes run, and give each image the same result.
        doubled = run(path, np.concatenate([fed, fed[:1]]))['logits']
        require_close('batch', doubled, np.concatenate([results['logits'], results['logits'][:1]]))
    print(f'{case["id"]}: {len(model.graph.node)} nodes, outputs {shapes}, checked{report}')

    if case['fixture']:
        document = {
            'id': case['id'],
            'versions': VERSIONS,
            'sha256': hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest(),
            'outputs': fixtures.rows([fixtures.tensor(value, name) for name, value in results.items()]),
        }
        fixtures.write_json(f'onnx/{case["id"]}.json', document)


def main():
    if len(sys.argv) < 2:
        print(f'onnx {VERSIONS["onnx"]}, onnxruntime {VERSIONS["onnxruntime"]}')
        return
    folder = pathlib.Path(sys.argv[1])
    for case in json.loads((folder / 'list.json').read_text()):
        check(folder, case)


if __name__ == '__main__':
    main()
