"""Networks of other libraries: their weights by the generator, and how a fixture of them is written.

The tensors of a network sorted by name (byte order): the k-th uses stream k. u = h(i, k), v = 2u - 1; i counts in the
library's own order of dimensions. Kernels are v sqrt(3 / fan in), half the variance that keeps a signal's size, so that the
sums of fifty units stay small numbers.
"""

import dataclasses

import numpy as np

import fixtures
import generator


@dataclasses.dataclass(frozen=True)
class Case:
    """One network of a library at one input shape [N, H, W, 3]."""
    library: str
    network: str
    shape: tuple
    num_classes: int = 10

    @property
    def id(self):
        batch, height, width, _ = self.shape
        return f'{self.library}_{self.network}_{height}x{width}' + (f'_batch{batch}' if batch > 1 else '')


def _tensor_value(name, shape, stream):
    kind = name.replace('/', '.').rsplit('.', 1)[-1]
    u = generator.hashes(np.arange(int(np.prod(shape, dtype=np.int64))), stream)
    v = 2.0 * u - 1.0
    if kind == 'weight' and len(shape) > 1:
        values = v * np.sqrt(3.0 / np.prod(shape[1:], dtype=np.float64))
    elif kind == 'kernel':
        values = v * np.sqrt(3.0 / np.prod(shape[:-1], dtype=np.float64))
    elif kind in ('weight', 'gamma'):
        values = 1.0 + 0.2 * v
    elif kind in ('bias', 'beta', 'running_mean', 'moving_mean'):
        values = 0.1 * v
    elif kind in ('running_var', 'moving_variance'):
        values = 0.5 + u
    elif kind == 'num_batches_tracked':
        return np.zeros(shape, np.int64)
    else:
        raise ValueError(f'tensor {name}: the generator has no rule for "{kind}"')
    return values.astype(np.float32).reshape(shape)


def tensor_values(shapes):
    """{name: value} for {name: shape}."""
    ordered = sorted(shapes, key=lambda name: name.encode())
    return {name: _tensor_value(name, tuple(shapes[name]), k) for k, name in enumerate(ordered)}


def write_tensors(network, versions, shapes, epsilons):
    """Names and shapes of all tensors of a network with 1000 classes, as {name: shape}; what its batch norms add to variances."""
    tensors = fixtures.rows([name, list(shapes[name])] for name in sorted(shapes, key=lambda name: name.encode()))
    fixtures.write_json(f'foreign/tensors/{network}.json', {
        'versions': versions, 'batchNormEpsilons': sorted(set(epsilons)), 'tensors': tensors})


def write_case(case, versions, logits, exact, points):
    """`exact` are the logits of a float64 run; `points` is [(name, value [N, H, W, C])]."""
    fixtures.write_json(f'foreign/nets/{case.id}.json', {
        'id': case.id,
        'versions': versions,
        'library': case.library,
        'network': case.network,
        'inputShape': case.shape,
        'numClasses': case.num_classes,
        'output': fixtures.tensor(logits),
        'outputRange': fixtures.number(logits.max() - logits.min()),
        'float32Error': float(f'{np.abs(logits - exact).max() / np.ptp(exact):.3g}'),
        'endPoints': fixtures.rows(fixtures.statistics(name, value) for name, value in points),
    })


def run_cases(script, cases, make, wanted):
    """Makes the cases of the given ids, or all."""
    known = {case.id: case for case in cases}
    for case_id in wanted or known:
        if case_id not in known:
            raise SystemExit(f'{script}: no case "{case_id}"; the cases are: {", ".join(known)}')
        make(known[case_id])
