"""Talks to a server with Triton's own client over HTTP, and prints what it got as JSON. Usage: triton_http.py HOST:PORT MODEL SIDE PICTURE [control]

Everything is what `tritonclient` does by itself: this file knows the protocol's names and nothing of the server.
"""

import json
import sys

import numpy
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

address, model, side, picture_path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
client = triton.InferenceServerClient(url=address, concurrency=4)
shape = [2, side, side, 3]
count = int(numpy.prod(shape))
values = (((numpy.arange(count) * 37) % 101) - 50).astype(numpy.float32).reshape(shape)


def images(array, datatype, binary):
    tensor = triton.InferInput("images", list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
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


wanted = [triton.InferRequestedOutput("logits", binary_data=binary) for binary in (True, False)]
picture = numpy.array([open(picture_path, "rb").read()] * 2, dtype=numpy.object_)
top = triton.InferRequestedOutput("predictions", class_count=2, binary_data=True)
top_json = triton.InferRequestedOutput("predictions", class_count=2, binary_data=False)
waiting = [client.async_infer(model, images(values, "FP32", True), outputs=[wanted[0]]) for _ in range(8)]

report = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model_ready": client.is_model_ready(model),
    "version_ready": client.is_model_ready(model, "1"),
    "no_model_ready": client.is_model_ready("none"),
    "server": client.get_server_metadata(),
    "model": client.get_model_metadata(model),
    "binary": rows(ask(images(values, "FP32", True), [wanted[0]], request_id="seven"), "logits"),
    "id": ask(images(values, "FP32", True), request_id="seven").get_response()["id"],
    "json": rows(ask(images(values, "FP32", False), [wanted[1]]), "logits"),
    "all_outputs": [output["name"] for output in ask(images(values, "FP32", True)).get_response()["outputs"]],
    "gzip": rows(
        ask(
            images(values, "FP32", True),
            request_compression_algorithm="gzip",
            response_compression_algorithm="gzip",
        ),
        "logits",
    ),
    "deflate": rows(
        ask(
            images(values, "FP32", False),
            [wanted[1]],
            request_compression_algorithm="deflate",
            response_compression_algorithm="deflate",
        ),
        "logits",
    ),
    "version": rows(ask(images(values, "FP32", True), [wanted[0]], model_version="1"), "logits"),
    "options": rows(ask(images(values, "FP32", True), [wanted[0]], priority=1, timeout=20_000_000), "logits"),
    "pictures": rows(ask(images(picture, "BYTES", True), [wanted[0]]), "logits"),
    "classes": [[text.decode() for text in row] for row in ask(images(values, "FP32", True), [top]).as_numpy("predictions")],
    "classes_json": [list(row) for row in ask(images(values, "FP32", True), [top_json]).as_numpy("predictions").astype(str)],
    "concurrent": [rows(call.get_result(), "logits") for call in waiting],
    "config": client.get_model_config(model),
    "statistics": client.get_inference_statistics(model)["model_stats"],
    "all_statistics": client.get_inference_statistics()["model_stats"],
    "wrong_shape": error_of(lambda: ask(images(values[:, 1:], "FP32", True))),
    "wrong_output": error_of(lambda: ask(images(values, "FP32", True), [triton.InferRequestedOutput("nothing")])),
    "wrong_model": error_of(lambda: client.infer("none", images(values, "FP32", True))),
}
if len(sys.argv) > 5:
    report["index"] = client.get_model_repository_index()
    client.unload_model(model)
    report["after_unload"] = [client.is_model_ready(model), error_of(lambda: ask(images(values, "FP32", True)))]
    client.load_model(model)
    report["after_load"] = client.is_model_ready(model)
    report["own_config"] = error_of(lambda: client.load_model(model, config='{"max_batch_size": 1}'))
print(json.dumps(report))
