"""Fails where OpenVINO does not run."""

import openvino

print(f'OpenVINO {openvino.__version__} on {openvino.Core().get_property("CPU", "FULL_DEVICE_NAME")}')
