"""What operation graphs of cuDNN compute: PyTorch's values in float64, rounded where the graphs round.

Writes test/native/cudnn/golden/plans.json, which holds the interpreter of plans (test/native/devices/cudnn_software) to
them: test/native/cudnn/interpreter_test.cc builds the same graphs with the real cuDNN. Inputs are not written: both sides
compute them by `element`. The environment is setup_torch.sh's.
"""

import json
import math
import os

from torch_env import torch

OUT = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'native', 'cudnn', 'golden', 'plans.json')
F, F32, BF16 = torch.nn.functional, torch.float32, torch.bfloat16


def values(seed, *shape, scale=0.125):
    """Numbers that bfloat16 and int8 (at scale 1) hold exactly, with many equal ones. Laid out as memory is: NHWC, KRSC."""
    count = math.prod(shape)
    flat = [((i * 7919 + seed * 104729) % 33 - 16) * scale for i in range(count)]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def image(seed, n, c, h, w, scale=0.125):
    """NCHW, as PyTorch wants it, of elements in NHWC order."""
    return values(seed, n, h, w, c, scale=scale).permute(0, 3, 1, 2)


def channels(seed, c, scale=0.125):
    return values(seed, c, scale=scale).reshape(1, c, 1, 1)


def to(x, dtype):
    """Rounded to a type, and computed on in float64."""
    return x.to(F32).to(dtype).to(torch.float64)


def int8(x):
    return torch.clamp(torch.round(to(x, F32)), -128, 127)


def memory(x):
    """Elements in the order of memory."""
    x = x if x.dim() != 4 else x.permute(0, 2, 3, 1)
    return [float(v) for v in x.reshape(-1).tolist()]


def uneven(x, w, before, after, stride=(1, 1), dilation=(1, 1), groups=1):
    x = F.pad(x, (before[1], after[1], before[0], after[0]))
    return F.conv2d(x, w, stride=stride, dilation=dilation, groups=groups)


CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


@case
def convolution_uneven_pads():
    x, w = image(1, 2, 8, 9, 7), image(2, 16, 8, 3, 3)
    return {'y': to(uneven(x, w, (0, 1), (1, 2), (2, 1)), BF16)}


@case
def convolution_dilated():
    x, w = image(1, 1, 8, 9, 9), image(2, 8, 8, 3, 3)
    return {'y': to(uneven(x, w, (2, 2), (2, 2), dilation=(2, 2)), BF16)}


@case
def convolution_odd_channels():
    x, w = image(1, 2, 5, 6, 6), image(2, 7, 5, 3, 3)
    return {'y': to(uneven(x, w, (1, 1), (1, 1)), F32)}


@case
def convolution_padded_channels():
    x, w = image(1, 2, 3, 6, 6), image(2, 8, 3, 3, 3)
    return {'y': to(uneven(x, w, (1, 1), (1, 1)), BF16)}


@case
def convolution_tail():
    x, w, z = image(1, 2, 8, 5, 5), image(2, 16, 8, 3, 3), image(3, 2, 16, 5, 5)
    y = to(uneven(x, w, (1, 1), (1, 1)), F32)
    y = to(to(y + z, F32) + channels(4, 16), F32)
    return {'y': to(torch.relu(y), BF16)}


@case
def convolution_rounds_virtual_tensors():
    x, w = image(1, 2, 8, 5, 5), image(2, 16, 8, 3, 3)
    y = to(uneven(x, w, (1, 1), (1, 1)), BF16)
    return {'y': to(y + channels(4, 16), F32)}


@case
def convolution_int8():
    x, w = image(1, 1, 16, 4, 4, scale=1), image(2, 16, 16, 3, 3, scale=1)
    z, scale, bias = image(3, 1, 16, 4, 4, scale=7), channels(4, 16, scale=0.0078125), channels(5, 16, scale=0.5)
    y = to(uneven(x, w, (1, 1), (1, 1)) * scale, F32)
    y = to(y + bias, F32)
    y = to(y + to(z * 0.25, F32), F32)
    return {'y': int8(torch.relu(y)), 'signed': int8(y)}


@case
def convolution_int8_two_results():
    """Integers, summed exactly; the tail in float32, a rounding a step; each result is a whole number of its own steps."""
    x, w = image(1, 1, 16, 4, 4, scale=1), image(2, 16, 16, 3, 3, scale=7)
    z, steps, bias = image(3, 1, 16, 4, 4, scale=7), channels(4, 16, scale=0.0078125), channels(5, 16, scale=0.5)
    scale, offset = channels(6, 16, scale=0.25), channels(7, 16)
    sums = uneven(x, w, (1, 1), (1, 1))
    y = to(to(to(sums * steps, F32) * 0.375, F32) + to(z * 0.25, F32), F32)
    y = to(y + bias, F32)
    second = torch.relu(to(to(y * scale, F32) + offset, F32))
    return {'sum': int8(to(y * 0.3125, F32)), 'norm': int8(to(second * 0.0625, F32))}


@case
def convolution_bfloat16_to_int8():
    x, w, bias = image(1, 2, 8, 9, 7), image(2, 16, 8, 3, 3), channels(4, 16)
    y = torch.relu(to(to(uneven(x, w, (1, 1), (1, 1), (2, 2)), F32) + bias, F32))
    return {'y': int8(to(y * 1.5, F32))}


@case
def matmul_int8():
    """Half of whole numbers: ties go to the even one."""
    a, b, bias = values(1, 3, 17, scale=1), values(2, 5, 17, scale=1), values(4, 5, scale=1)
    sums = a @ b.T
    return {'float': to(to(sums * 0.5, F32) + bias, F32), 'whole': int8(to((sums + bias) * 0.5, F32))}


@case
def convolution_backward_data():
    dy, w = image(1, 2, 16, 4, 4), image(2, 16, 8, 3, 3)
    dx = torch.nn.grad.conv2d_input((2, 8, 8, 7), w, dy, stride=(2, 2), padding=(1, 1))
    return {'dx': to(dx, BF16)}


@case
def convolution_backward_filter():
    x, dy = image(1, 2, 8, 8, 7), image(2, 2, 16, 4, 4)
    dw = torch.nn.grad.conv2d_weight(x, (16, 8, 3, 3), dy, stride=(2, 2), padding=(1, 1))
    return {'dw': to(dw, F32)}


@case
def convolution_backward_data_tail():
    dy, w, z, gate = image(1, 2, 16, 5, 5), image(2, 16, 8, 3, 3), image(3, 2, 8, 5, 5), image(4, 2, 8, 5, 5)
    dx = to(torch.nn.grad.conv2d_input((2, 8, 5, 5), w, dy, padding=(1, 1)), F32)
    dx = to(dx + z, F32)
    return {'dx': to(torch.where(gate > 0, dx, 0), BF16)}


@case
def convolution_statistics():
    x, w = image(1, 2, 8, 5, 5), image(2, 16, 8, 3, 3)
    y = to(uneven(x, w, (1, 1), (1, 1)), BF16)
    return {'y': y, 'sum': to(y.sum((0, 2, 3)), F32), 'square_sum': to((y * y).sum((0, 2, 3)), F32)}


@case
def matmul_bias():
    a, b = values(1, 1, 5, 24), values(2, 1, 24, 9)
    return {'c': to(to(a @ b, F32) + values(3, 1, 1, 9), F32)}


@case
def matmul_transposed():
    a, b = values(1, 1, 16, 8), values(2, 1, 24, 16)
    return {'c': to(a.mT @ b.mT, F32)}


@case
def reductions():
    x = image(1, 2, 8, 5, 3)
    return {'sum': to(x.sum((0, 2, 3)), F32), 'max': to(x.amax((0, 2, 3)), F32), 'min': to(x.amin((0, 2, 3)), F32)}


@case
def max_pooling():
    x, dy = image(1, 2, 8, 8, 7), image(2, 2, 8, 4, 4)
    x = x.contiguous().requires_grad_()
    y = F.max_pool2d(x, 3, 2, 1)
    y.backward(dy)
    return {'y': to(y.detach(), BF16), 'dx': to(x.grad, BF16)}


@case
def max_pooling_uneven_pads():
    x = F.pad(image(1, 2, 8, 8, 8), (0, 1, 0, 1), value=-math.inf)
    return {'y': to(F.max_pool2d(x, 3, 2), F32)}


def average(count_include_pad):
    x, dy = image(1, 2, 8, 7, 6), image(2, 2, 8, 4, 3)
    x = x.contiguous().requires_grad_()
    y = F.avg_pool2d(x, 3, 2, 1, count_include_pad=count_include_pad)
    y.backward(dy)
    return {'y': to(y.detach(), F32), 'dx': to(x.grad, F32)}


@case
def average_pooling():
    return average(False)


@case
def average_pooling_padding():
    return average(True)


def norm(x, scale, bias, epsilon):
    mean = x.mean((0, 2, 3))
    variance = x.var((0, 2, 3), correction=0)
    y = F.batch_norm(x, None, None, scale.reshape(-1), bias.reshape(-1), training=True, eps=epsilon)
    return y, mean, 1 / torch.sqrt(variance + epsilon)


@case
def norm_training():
    x, z = image(1, 3, 8, 5, 4), image(2, 3, 8, 5, 4)
    y, mean, inverse = norm(x, channels(3, 8), channels(4, 8), 0.125)
    return {'y': to(torch.relu(y + z), F32), 'mean': to(mean, F32), 'inverse_deviation': to(inverse, F32)}


@case
def norm_backward():
    x, dy = image(1, 3, 8, 5, 4).contiguous(), image(2, 3, 8, 5, 4)
    scale, bias = channels(3, 8), channels(4, 8)
    parameters = [t.clone().requires_grad_() for t in (x, scale, bias)]
    y, mean, inverse = norm(*parameters, 0.125)
    y.backward(dy)
    dx, dscale, dbias = (to(t.grad, F32) for t in parameters)
    return {'dx': dx, 'dscale': dscale, 'dbias': dbias}


@case
def norm_relu_backward():
    x, dy = image(1, 3, 8, 5, 4).contiguous(), image(2, 3, 8, 5, 4)
    parameters = [t.clone().requires_grad_() for t in (x, channels(3, 8), channels(4, 8))]
    y, mean, inverse = norm(*parameters, 0.125)
    torch.relu(y).backward(dy)
    dx, dscale, dbias = (to(t.grad, F32) for t in parameters)
    return {'dx': dx, 'dscale': dscale, 'dbias': dbias}


def leaky(x, lower, upper, slope):
    return torch.where(x < lower, lower + slope * (x - lower), torch.clamp(x, max=upper))


POINTWISE = {
    'identity': lambda a, b: a, 'negate': lambda a, b: -a, 'abs': lambda a, b: a.abs(), 'exp': lambda a, b: a.exp(),
    'log': lambda a, b: to(a.abs() + 0.5, F32).log(), 'sqrt': lambda a, b: to(a.abs() + 0.5, F32).sqrt(),
    'rsqrt': lambda a, b: to(a.abs() + 0.5, F32).rsqrt(),
    'reciprocal': lambda a, b: to(a.abs() + 0.5, F32).reciprocal(), 'tanh': lambda a, b: a.tanh(),
    'sigmoid': lambda a, b: a.sigmoid(), 'elu': lambda a, b: F.elu(a, alpha=0.5), 'relu': lambda a, b: a.relu(),
    'relu6': lambda a, b: a.clamp(0, 1.5), 'leaky': lambda a, b: leaky(a, 0.0, math.inf, 0.25),
    'add': lambda a, b: a + b, 'sub': lambda a, b: a - b, 'mul': lambda a, b: a * b,
    'div': lambda a, b: a / to(b.abs() + 0.5, F32), 'max': torch.maximum, 'min': torch.minimum,
    'equal': torch.eq, 'not_equal': torch.ne, 'greater': torch.gt, 'greater_equal': torch.ge, 'less': torch.lt,
    'less_equal': torch.le,
}
GRADIENTS = {
    'relu_backward': torch.relu, 'relu6_backward': lambda x: F.hardtanh(x, 0, 1.5), 'tanh_backward': torch.tanh,
    'sigmoid_backward': torch.sigmoid, 'elu_backward': lambda x: F.elu(x, alpha=0.5),
    'leaky_backward': lambda x: F.leaky_relu(x, 0.25),
}


@case
def pointwise():
    a, b = image(1, 2, 8, 3, 3), image(2, 2, 8, 3, 3)
    results = {}
    for name, function in POINTWISE.items():
        result = function(a, b)
        # Where one of two is chosen, a number stands for yes and another for no.
        results[name] = torch.where(result, a, b) if result.dtype == torch.bool else to(result, F32)
    for name, function in GRADIENTS.items():
        x = a.contiguous().requires_grad_()
        function(x).backward(b)
        results[name] = to(x.grad, F32)
    return results


def main():
    torch.set_default_dtype(torch.float64)
    written = {name: {output: memory(value) for output, value in make().items()} for name, make in CASES.items()}
    with open(OUT, 'w') as file:
        file.write('{\n')
        file.write(f'"torch": {json.dumps(torch.__version__.split("+")[0])},\n"cases": {{\n')
        lines = []
        for name, outputs in written.items():
            fields = ',\n'.join(f'  {json.dumps(k)}: [{",".join(short(v) for v in numbers)}]' for k, numbers in outputs.items())
            lines.append(f'{json.dumps(name)}: {{\n{fields}\n}}')
        file.write(',\n'.join(lines) + '\n}\n}\n')


def short(value):
    """The shortest text that reads back as the same float32."""
    text = f'{value:.9g}'
    for digits in range(1, 9):
        shorter = f'{value:.{digits}g}'
        if torch.tensor(float(shorter), dtype=F32) == torch.tensor(value, dtype=F32):
            text = shorter
            break
    return text


if __name__ == '__main__':
    main()
