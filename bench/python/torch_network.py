"""A network of graph_file.mjs as a PyTorch module: NHWC pixels in, logits out, channels last inside."""

import torch
import torch.nn.functional as F


def _same(size, kernel, stride):
    """TensorFlow's SAME padding of one dimension, (before, after)."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def _pads(attrs, size, kernel):
    if attrs['padding'] == 'VALID':
        return (0, 0), (0, 0)
    if attrs['padding'] == 'SAME':
        return tuple(_same(*sizes) for sizes in zip(size, kernel, attrs['strides']))
    top, bottom, left, right = attrs['pads']
    return (top, bottom), (left, right)


def _dimension(axis):
    """Our axes are those of NHWC, PyTorch's those of NCHW."""
    return (0, 2, 3, 1)[axis]


class Network(torch.nn.Module):
    """`description` is what describeGraph gave, `tensors` {name: tensor} as Slim has them (convolutions HWIO)."""

    def __init__(self, description, tensors):
        super().__init__()
        self.nodes = description['nodes']
        self.output = description['output']
        self.names = {}
        for number, node in enumerate(self.nodes):
            if node['op'] != 'variable':
                continue
            value = tensors[node['attrs']['name']]
            if value.dim() == 4:
                value = value.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
            self.names[number] = f'value_{number}'
            self.register_buffer(self.names[number], value)

    def forward(self, images):
        values = {}
        for number, node in enumerate(self.nodes):
            op = node['op']
            if op == 'input':
                values[number] = images.permute(0, 3, 1, 2)
            elif op == 'variable':
                values[number] = getattr(self, self.names[number])
            else:
                values[number] = getattr(self, f'_{op}')(node['attrs'], *(values[i] for i in node['inputs']))
        return values[self.output]

    def _padded(self, x, attrs, kernel, value):
        """x with the padding that the op itself cannot do, and what it can."""
        (top, bottom), (left, right) = _pads(attrs, [int(d) for d in x.shape[2:]], kernel)
        if top == bottom and left == right and value == 0.0:
            return x, (top, left)
        if (top, bottom, left, right) == (0, 0, 0, 0):
            return x, (0, 0)
        return F.pad(x, (left, right, top, bottom), value=value), (0, 0)

    def _conv2d(self, attrs, x, weights):
        dilated = [(k - 1) * d + 1 for k, d in zip(weights.shape[2:], attrs['dilations'])]
        x, padding = self._padded(x, attrs, dilated, 0.0)
        return F.conv2d(x, weights, None, attrs['strides'], padding, attrs['dilations'])

    def _max_pool2d(self, attrs, x):
        x, padding = self._padded(x, attrs, attrs['ksize'], float('-inf'))
        return F.max_pool2d(x, attrs['ksize'], attrs['strides'], padding)

    def _batch_norm(self, attrs, x, scale, offset, mean, variance):
        return F.batch_norm(x, mean, variance, scale, offset, False, 0.0, attrs['epsilon'])

    def _bias_add(self, _attrs, x, bias):
        return x + bias.reshape(1, -1, 1, 1)

    def _relu(self, _attrs, x):
        return F.relu(x)

    def _add(self, _attrs, a, b):
        return a + b

    def _pad(self, attrs, x):
        _, _, top, bottom, left, right, _, _ = attrs['pads']
        return F.pad(x, (left, right, top, bottom))

    def _reduce_mean(self, attrs, x):
        return x.mean([_dimension(axis) for axis in attrs['axes']], keepdim=attrs['keep_dims'])

    def _squeeze(self, attrs, x):
        return x.flatten(1) if attrs['axes'] == [1, 2] else x.squeeze([_dimension(axis) for axis in attrs['axes']])

    def _reshape(self, attrs, x):
        if any(attrs['shape']):
            raise ValueError(f'only reshapes that change nothing are built with PyTorch, received {attrs["shape"]}')
        return x
