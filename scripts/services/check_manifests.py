"""Checks manifests against the schemas of Kubernetes and, for InferenceService, the models of KServe's own SDK: check_manifests.py FILE...

The schemas are those that the packages kubernetes-validate and kserve bring along; nothing is asked of a network.
"""

import importlib
import importlib.util
import pathlib
import re
import sys
import types

import kubernetes_validate
import yaml

VERSION = "1.33"


def kserve_models():
    """The modules of kserve.models, without what the package loads for its own server."""
    folder = pathlib.Path(importlib.util.find_spec("kserve").submodule_search_locations[0])
    for name, path in (("kserve", folder), ("kserve.models", folder / "models")):
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module
    return folder / "models"


def model_of(folder, kind):
    """The class of a type such as V1beta1PredictorSpec; None for one of Kubernetes itself."""
    for file in folder.glob("*.py"):
        if file.stem.replace("_", "") == kind.lower():
            return getattr(importlib.import_module(f"kserve.models.{file.stem}"), kind)
    return None


PRIMITIVES = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def check(folder, value, kind, where):
    """Problems of a value that is to be of a type as KServe's SDK writes it. Types of Kubernetes are checked elsewhere."""
    many = re.fullmatch(r"list\[(.*)\]", kind)
    if many:
        if not isinstance(value, list):
            return [f"{where}: expected a list"]
        return [problem for i, each in enumerate(value) for problem in check(folder, each, many[1], f"{where}[{i}]")]
    if kind.startswith("dict("):
        return [] if isinstance(value, dict) else [f"{where}: expected a mapping"]
    if kind in PRIMITIVES:
        right = isinstance(value, PRIMITIVES[kind]) and (kind == "bool" or not isinstance(value, bool))
        return [] if right else [f"{where}: expected {kind}, received {value!r}"]
    model = model_of(folder, kind)
    if model is None:
        return []
    if not isinstance(value, dict):
        return [f"{where}: expected a mapping"]
    names = {key: name for name, key in model.attribute_map.items()}
    problems = [f"{where}: unknown field {key}" for key in value if key not in names]
    for key in value:
        if key in names:
            problems += check(folder, value[key], model.openapi_types[names[key]], f"{where}.{key}")
    return problems


def check_inference_service(folder, document):
    kind = "V1beta1InferenceService"
    problems = check(folder, document, kind, document["metadata"]["name"])
    predictor = document["spec"]["predictor"]
    # A predictor is a pod with some fields more.
    own = {"minReplicas", "maxReplicas", "timeout", "containerConcurrency", "autoScaling", "scaleTarget", "scaleMetric", "batcher", "logger", "model"}
    pod = {key: value for key, value in predictor.items() if key not in own}
    return problems + kubernetes_problems({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "predictor"}, "spec": pod})


def kubernetes_problems(document):
    try:
        kubernetes_validate.validate(document, VERSION, strict=True)
        return []
    except kubernetes_validate.ValidationError as error:
        return [f"{document['kind']} {document['metadata']['name']}: {'.'.join(map(str, error.path))}: {error.message}"]


def main(paths):
    folder = kserve_models()
    problems, count = [], 0
    for path in paths:
        for document in yaml.safe_load_all(pathlib.Path(path).read_text()):
            count += 1
            if document["apiVersion"].startswith("serving.kserve.io/"):
                found = check_inference_service(folder, document)
            else:
                found = kubernetes_problems(document)
            problems += [f"{path}: {each}" for each in found]
    print("\n".join([*problems, f"{count} documents, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
