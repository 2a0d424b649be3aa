"""Writes lib/model/labels/imagenet_names.ts: `python make_imagenet_names.py`, in the environment of setup_torch.sh.

timm has the order of ImageNet's 1000 classes (Apache-2.0) and what WordNet calls each (WordNet 3.0's licence, scripts/licences/wordnet.txt).
"""

import importlib.util
import pathlib

HEAD = """/** What ImageNet's 1000 classes are called, a line each, in their order. Written by scripts/golden/make_imagenet_names.py. */
export const imagenetNames: string = `\\
"""


def main() -> None:
    timm = pathlib.Path(importlib.util.find_spec("timm").origin).parent
    info = timm / "data" / "_info"
    synsets = (info / "imagenet_synsets.txt").read_text().split()
    lemmas = dict(
        line.split("\t", 1)
        for line in (info / "imagenet_synset_to_lemma.txt").read_text().splitlines()
    )
    names = [lemmas[synset] for synset in synsets]
    assert len(names) == 1000 and not any("`" in n or "\\" in n or "$" in n for n in names)
    root = pathlib.Path(__file__).resolve().parents[2]
    target = root / "lib" / "model" / "labels" / "imagenet_names.ts"
    target.write_text(HEAD + "\n".join(names) + "`;\n")


if __name__ == "__main__":
    main()
