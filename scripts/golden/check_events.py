"""Shows that TensorBoard reads the event files that write_events.mjs writes: python check_events.py FOLDER. Without FOLDER: that it is there."""

import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import graph_pb2
from tensorboard.util import tensor_util


def main(folder):
    found = event_accumulator.EventAccumulator(folder, size_guidance={'scalars': 0, 'histograms': 0, 'images': 0, 'tensors': 0})
    found.Reload()
    losses = {event.step: tensor_util.make_ndarray(event.tensor_proto).item() for event in found.Tensors('loss')} \
        if 'loss' in found.Tags()['tensors'] else {event.step: event.value for event in found.Scalars('loss')}
    expected = {1: 1, 2: 1 / 2, 3: 1 / 3, 4: 10 / 4, 5: 10 / 5, 6: 10 / 6}
    assert losses.keys() == expected.keys(), losses
    assert all(abs(losses[step] - value) < 1e-6 for step, value in expected.items()), losses
    tags = found.Tags()
    if 'weights' in tags['tensors']:
        buckets = tensor_util.make_ndarray(found.Tensors('weights')[0].tensor_proto)
        count, left, right = buckets[:, 2].sum(), buckets[0, 0], buckets[-1, 1]
        images = [found.Tensors(tag)[0].tensor_proto.string_val for tag in tags['tensors'] if tag.startswith('input')]
        pictures = [bytes(image[2]) for image in images]
    else:
        histogram = found.Histograms('weights')[0].histogram_value
        count, left, right = histogram.num, histogram.min, histogram.max
        pictures = [found.Images(tag)[0].encoded_image_string for tag in tags['images']]
    assert count == 1000 and -1.11 < left < -0.9 and 0.9 < right < 1.11, (count, left, right)
    assert len(pictures) == 2 and all(picture.startswith(b'\x89PNG') for picture in pictures)
    graph = found.Graph()
    assert isinstance(graph, graph_pb2.GraphDef)
    names = {node.name for node in graph.node}
    assert 'images' in names and all(text.split(':')[0] in names for node in graph.node for text in node.input)
    print(f'TensorBoard reads {len(losses)} losses of a resumed run, a histogram, {len(pictures)} images, a graph of {len(names)} nodes')


if __name__ == '__main__' and len(sys.argv) > 1:
    main(sys.argv[1])
