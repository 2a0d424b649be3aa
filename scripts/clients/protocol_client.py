"""Talks to a server with the client of the protocol's own working group, and prints what it got as JSON. Usage: protocol_client.py HOST:PORT MODEL SIDE

The client was made from the published description and holds every answer to it: what does not fit raises.
"""

import json
import sys

from open_inference.openapi.client import OpenInferenceClient
from open_inference.openapi.core.api_error import ApiError
from open_inference.openapi.types import InferenceRequest, RequestInput, RequestOutput, TensorData

address, model, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = OpenInferenceClient(base_url=f"http://{address}")
shape = [2, side, side, 3]
count = 2 * side * side * 3
values = [float((index * 37) % 101 - 50) for index in range(count)]


def request(data, **more):
    images = RequestInput(name="images", datatype="FP32", shape=shape, data=TensorData.parse_obj(data))
    return InferenceRequest(inputs=[images], **more)


def error_of(call):
    try:
        call()
    except ApiError as error:
        return [error.status_code, json.loads(json.dumps(error.body, default=lambda body: body.dict()))]
    return None


for check in (client.check_server_liveness, client.check_server_readiness):
    check()
client.check_model_readiness(model)
client.check_model_version_readiness(model, "1")
answer = client.model_infer(model, request=request(values, id="seven", outputs=[RequestOutput(name="logits")]))
print(
    json.dumps(
        {
            "server": client.read_server_metadata().dict(),
            "model": client.read_model_metadata(model).dict(),
            "answer": answer.dict(),
            "all": [output.name for output in client.model_version_infer(model, "1", request=request(values)).outputs],
            "none": error_of(lambda: client.read_model_metadata("none")),
            "short": error_of(lambda: client.model_infer(model, request=request(values[1:]))),
        }
    )
)
