"""QMNIST: MNIST made anew from NIST's forms, with 50,000 more test digits and the writer of each."""

import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.idx_folder import read_pair
from robustmnist.data.sources.published import PublishedFile, locate, sound
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError

__all__ = ["SOURCE", "load_qmnist"]

ADDRESS = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"
# Source: torchvision.datasets.QMNIST, addresses and hashes.
MD5 = {
    "qmnist-test-images-idx3-ubyte.gz": "1394631089c404de565df7b7aeaf9412",
    "qmnist-test-labels-idx2-int.gz": "5b5b05890a5e13444e108efe57b788aa",
    "qmnist-train-images-idx3-ubyte.gz": "ed72d4157d28c017586c42bc6afe6370",
    "qmnist-train-labels-idx2-int.gz": "0058f8dd561b90ffdd0f734c6a30e5e4",
}
LAYOUTS = ("QMNIST/raw", "qmnist", "QMNIST", "")
ROWS = {"test10k": slice(0, 10_000), "test50k": slice(10_000, None)}  # of the test part: MNIST's own, and the others


def load_qmnist(request: Request) -> Dataset:
    """Return QMNIST's digits: 60,000 in each part. The groups are NIST's numbers of the writers.

    ``qmnist:test10k`` are the test digits that MNIST has, ``qmnist:test50k`` the others, which no network trained or
    chosen on MNIST's test part has met. The ids are row numbers in the whole part.

    Raises:
        DataError: If the files are missing and cannot be downloaded, or are damaged.

    Source: C. Yadav, L. Bottou, "Cold case: the lost MNIST digits", 2019.
    """
    chosen = request.argument
    if chosen and (chosen not in ROWS or request.part != "test"):
        remedy = f"use qmnist, {', '.join(f'qmnist:{name}' for name in ROWS)}"
        raise DataError("is not a test part of QMNIST", where=f"qmnist:{chosen}", remedy=remedy)
    files = [PublishedFile(name, f"{ADDRESS}{name}", md5) for name, md5 in MD5.items() if request.part in name]
    paths = locate(files, LAYOUTS, request)
    pair = read_pair(*paths)
    known = all(sound(path, file) for path, file in zip(paths, files, strict=True))
    rows = ROWS.get(chosen, slice(None))
    ids = torch.arange(len(pair.labels))[rows]
    if not len(ids):
        raise DataError(f"holds {len(pair.labels):,} digits, none of {chosen}", where=paths[0])
    name = f"qmnist:{chosen}" if chosen else "qmnist"
    provenance = Provenance(name, request.part, len(ids), pair.hashes, str(paths[0].parent), known=known)
    groups = None if pair.groups is None else torch.from_numpy(pair.groups[rows])
    return Dataset.of_levels(
        torch.tensor(pair.pixels[rows]).unsqueeze(1), torch.from_numpy(pair.labels[rows]), ids, provenance, groups
    )


SOURCE = Source(
    "QMNIST, 60,000 test digits (MNIST's 10,000 and 50,000 more) with their writers",
    load_qmnist,
    licence="BSD-3-Clause",
    takes="PART",
    values=tuple(ROWS),
)
