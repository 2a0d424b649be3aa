"""OpenVINO on the ONNX file, compiled for the batch, with the performance hint of the task (`default`, `latency`, `throughput`).

int8 is the quantized file that onnxruntime gets too; OpenVINO takes its pairs of QuantizeLinear and DequantizeLinear for int8 kernels.
"""

import time

import openvino

from driver import Unavailable, answer, int8_file

PRECISIONS = {'float32': 'f32', 'bfloat16': 'bf16', 'int8': None}


class Synchronous:
    """One run after another."""

    def __init__(self, compiled):
        self.request = compiled.create_infer_request()

    def __call__(self, images):
        self.request.infer([images], share_inputs=True)
        return self.request.get_output_tensor(0).data


class InFlight(Synchronous):
    """As many runs at once as OpenVINO asks for: what the throughput hint is made for."""

    def __init__(self, compiled):
        super().__init__(compiled)
        self.queue = openvino.AsyncInferQueue(compiled)

    def images_per_second(self, images, seconds):
        for _ in range(len(self.queue)):
            self.queue.start_async([images], share_inputs=True)
        self.queue.wait_all()
        runs = 0
        start = time.perf_counter()
        while runs < len(self.queue) or time.perf_counter() < start + seconds:
            self.queue.start_async([images], share_inputs=True)
            runs += 1
        self.queue.wait_all()
        return runs * len(images) / (time.perf_counter() - start)


def load(task):
    hint = task.get('hint', 'default')
    core = openvino.Core()
    precision = PRECISIONS[task['precision']]
    if precision == 'bf16' and 'BF16' not in core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES'):
        raise Unavailable('OpenVINO computes in bfloat16 only where the processor does')
    options = {'INFERENCE_NUM_THREADS': task['threads']}
    # In int8 the hint is for what is not quantized, and OpenVINO's own choice the best.
    if precision is not None:
        options['INFERENCE_PRECISION_HINT'] = precision
    if hint != 'default':
        options['PERFORMANCE_HINT'] = hint.upper()
    model = core.read_model(int8_file(task) if task['precision'] == 'int8' else task['onnx'])
    model.reshape([task['batch'], 3, 224, 224])
    compiled = core.compile_model(model, 'CPU', options)
    return InFlight(compiled) if hint == 'throughput' else Synchronous(compiled)


answer(load, 'nchw', lambda: openvino.__version__.split('-')[0])
