"""Fails where the environment of the clients is not whole."""

import tritonclient.http as triton

print("tritonclient", triton.InferenceServerClient.__module__)
