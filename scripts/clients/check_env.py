"""Fails where the environment of the clients is not whole."""

import open_inference.openapi.client as protocol
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http

for client in (triton_http, triton_grpc):
    print("tritonclient", client.InferenceServerClient.__module__)
print("open_inference", protocol.OpenInferenceClient.__module__)
