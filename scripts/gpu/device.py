"""What the machine's cuDNN and GPU say of themselves.

  device.py --folders             the folders that LD_LIBRARY_PATH needs, joined by colons
  device.py --versions            driver, runtime, cuDNN, PyTorch
  device.py --properties FILE     writes the property text of the first GPU, as cuDNN describes it (the text that plans are built for
                                  where there is no GPU); with --from TEXT what cuDNN makes of a text, without a GPU
"""

import argparse
import ctypes
import importlib.util
import json
import os
import sys

# cudnn_graph.h of 9.19
DEVICEPROP_DESCRIPTOR = 38
DEVICEPROP_HANDLE = 2701
DEVICEPROP_JSON = 2702
TYPE_HANDLE = 0
TYPE_CHAR = 24


def folders():
    """Folders of NVIDIA's Python packages that hold cuDNN, NVRTC and its builtins, or PyTorch's own where cuDNN is in it."""
    found = []
    for package in ('nvidia.cudnn', 'nvidia.cudnn_jit', 'nvidia.cu13', 'nvidia.cuda_nvrtc', 'nvidia.cublas'):
        try:
            spec = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            continue
        for place in (spec.submodule_search_locations or []) if spec else []:
            folder = os.path.join(place, 'lib')
            if os.path.isdir(folder) and folder not in found:
                found.append(folder)
    torch = importlib.util.find_spec('torch')
    for place in (torch.submodule_search_locations or []) if torch else []:
        folder = os.path.join(place, 'lib')
        if os.path.exists(os.path.join(folder, 'libcudnn.so.9')):
            found.append(folder)
    return found


def load_cudnn():
    for folder in folders():
        path = os.path.join(folder, 'libcudnn.so.9')
        if os.path.exists(path):
            return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL('libcudnn.so.9', mode=ctypes.RTLD_GLOBAL)


def check(cudnn, status, what):
    if status != 0:
        cudnn.cudnnGetErrorString.restype = ctypes.c_char_p
        raise SystemExit(f'{what}: {cudnn.cudnnGetErrorString(status).decode()} ({status})')


def properties(cudnn, text=None):
    """The device's property text."""
    descriptor = ctypes.c_void_p()
    check(
        cudnn,
        cudnn.cudnnBackendCreateDescriptor(DEVICEPROP_DESCRIPTOR, ctypes.byref(descriptor)),
        'cudnnBackendCreateDescriptor',
    )
    set_attribute = cudnn.cudnnBackendSetAttribute
    set_attribute.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_void_p]
    if text is None:
        handle = ctypes.c_void_p()
        check(cudnn, cudnn.cudnnCreate(ctypes.byref(handle)), 'cudnnCreate')
        status = set_attribute(descriptor, DEVICEPROP_HANDLE, TYPE_HANDLE, 1, ctypes.byref(handle))
    else:
        data = text.encode()
        status = set_attribute(descriptor, DEVICEPROP_JSON, TYPE_CHAR, len(data), data)
    check(cudnn, status, 'cudnnBackendSetAttribute')
    check(cudnn, cudnn.cudnnBackendFinalize(descriptor), 'cudnnBackendFinalize')
    get_attribute = cudnn.cudnnBackendGetAttribute
    get_attribute.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int64,
        ctypes.POINTER(ctypes.c_int64),
        ctypes.c_void_p,
    ]
    size = ctypes.c_int64()
    check(
        cudnn,
        get_attribute(descriptor, DEVICEPROP_JSON, TYPE_CHAR, 0, ctypes.byref(size), None),
        'cudnnBackendGetAttribute',
    )
    buffer = ctypes.create_string_buffer(size.value + 1)
    check(
        cudnn,
        get_attribute(descriptor, DEVICEPROP_JSON, TYPE_CHAR, size.value, ctypes.byref(size), buffer),
        'cudnnBackendGetAttribute',
    )
    return buffer.raw[: size.value].rstrip(b'\0').decode()


def version(load, function):
    try:
        value = ctypes.c_int()
        getattr(ctypes.CDLL(load), function)(ctypes.byref(value))
        return value.value
    except (OSError, AttributeError) as error:
        return f'not found: {error}'


def versions():
    found = {'driver': version('libcuda.so.1', 'cuDriverGetVersion')}
    try:
        cudnn = load_cudnn()
        cudnn.cudnnGetVersion.restype = ctypes.c_size_t
        found['cudnn'] = cudnn.cudnnGetVersion()
    except OSError as error:
        found['cudnn'] = f'not found: {error}'
    try:
        import torch

        found['torch'] = torch.__version__
        found['torch_cudnn'] = torch.backends.cudnn.version()
        if torch.cuda.is_available():
            found['gpu'] = torch.cuda.get_device_name(0)
            found['capability'] = '.'.join(str(n) for n in torch.cuda.get_device_capability(0))
    except ImportError as error:
        found['torch'] = f'not found: {error}'
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--folders', action='store_true')
    parser.add_argument('--versions', action='store_true')
    parser.add_argument('--properties')
    parser.add_argument('--from', dest='text')
    options = parser.parse_args()
    if options.folders:
        print(':'.join(folders()))
    if options.versions:
        print(json.dumps(versions()))
    if options.properties:
        text = None
        if options.text:
            with open(options.text, encoding='utf8') as file:
                text = file.read().strip()
        found = properties(load_cudnn(), text)
        json.loads(found)
        with open(options.properties, 'w', encoding='utf8') as file:
            file.write(found + '\n')
        print(found)


if __name__ == '__main__':
    sys.exit(main())
