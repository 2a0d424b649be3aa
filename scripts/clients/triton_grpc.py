"""Talks to a server with Triton's own client over gRPC, and prints what it got as JSON. Usage: triton_grpc.py HOST:PORT MODEL SIDE PICTURE [control]

Everything is what `tritonclient` does by itself: this file knows the protocol's names and nothing of the server.
"""

import json
import sys

import numpy
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

address, model, side, picture_path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
client = triton.InferenceServerClient(url=address)
shape = [2, side, side, 3]
count = int(numpy.prod(shape))
values = (((numpy.arange(count) * 37) % 101) - 50).astype(numpy.float32).reshape(shape)


def images(array, datatype):
    tensor = triton.InferInput("images", list(array.shape), datatype)
    tensor.set_data_from_numpy(array)
    return [tensor]


def ask(inputs, outputs=None, **options):
    return client.infer(model, inputs, outputs=outputs, **options)


def rows(result, name):
    return [[float(value) for value in row] for row in result.as_numpy(name)]


def error_of(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return None


def started(**options):
    answers = []
    client.async_infer(
        model,
        images(values, "FP32"),
        callback=lambda result, error: answers.append(error if error is not None else rows(result, "logits")),
        outputs=[logits],
        **options,
    )
    return answers


logits = triton.InferRequestedOutput("logits")
top = triton.InferRequestedOutput("predictions", class_count=2)
picture = numpy.array([open(picture_path, "rb").read()] * 2, dtype=numpy.object_)
waiting = [started() for _ in range(8)]
report = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model_ready": client.is_model_ready(model),
    "version_ready": client.is_model_ready(model, "1"),
    "no_model_ready": error_of(lambda: client.is_model_ready("none")),
    "server": client.get_server_metadata(as_json=True),
    "model": client.get_model_metadata(model, as_json=True),
    "raw": rows(ask(images(values, "FP32"), [logits]), "logits"),
    "id": ask(images(values, "FP32"), request_id="seven").get_response().id,
    "all_outputs": [output.name for output in ask(images(values, "FP32")).get_response().outputs],
    "gzip": rows(ask(images(values, "FP32"), [logits], compression_algorithm="gzip"), "logits"),
    "deflate": rows(ask(images(values, "FP32"), [logits], compression_algorithm="deflate"), "logits"),
    "version": rows(ask(images(values, "FP32"), [logits], model_version="1"), "logits"),
    "options": rows(ask(images(values, "FP32"), [logits], priority=1, timeout=20_000_000, client_timeout=20), "logits"),
    "pictures": rows(ask(images(picture, "BYTES"), [logits]), "logits"),
    "classes": [[text.decode() for text in row] for row in ask(images(values, "FP32"), [top]).as_numpy("predictions")],
    "config": client.get_model_config(model, as_json=True)["config"],
    "statistics": client.get_inference_statistics(model, as_json=True)["model_stats"],
    "wrong_shape": error_of(lambda: ask(images(values[:, 1:], "FP32"))),
    "wrong_output": error_of(lambda: ask(images(values, "FP32"), [triton.InferRequestedOutput("nothing")])),
    "wrong_model": error_of(lambda: client.infer("none", images(values, "FP32"))),
}
if len(sys.argv) > 5:
    report["index"] = client.get_model_repository_index(as_json=True)
    client.unload_model(model)
    report["after_unload"] = [client.is_model_ready(model), error_of(lambda: ask(images(values, "FP32")))]
    client.load_model(model)
    report["after_load"] = client.is_model_ready(model)
    report["own_config"] = error_of(lambda: client.load_model(model, config='{"max_batch_size": 1}'))
while any(not answers for answers in waiting):
    pass
report["concurrent"] = [answers[0] for answers in waiting]
print(json.dumps(report))
