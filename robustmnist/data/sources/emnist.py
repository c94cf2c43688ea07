"""EMNIST's digits: 280,000 from NIST's forms, stored with rows and columns exchanged."""

from pathlib import Path

from robustmnist.data.dataset import Dataset
from robustmnist.data.sources.idx_folder import load_folder
from robustmnist.data.sources.published import PublishedFile, locate
from robustmnist.data.sources.source import Request, Source

__all__ = ["SOURCE", "load_emnist"]

LAYOUTS = ("EMNIST/raw", "emnist", "gzip", "")
GET = "emnist-digits-* of https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"


def load_emnist(request: Request) -> Dataset:
    """Return the digits of EMNIST, 40,000 to test on and 240,000 to train on, upright.

    They lie as ``emnist-digits-test-images-idx3-ubyte`` and so on, plain or gzipped. The archive that holds them has
    half a gigabyte and is not downloaded. They share writers with MNIST.

    Raises:
        DataError: If the files are missing or damaged.

    Source: G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017.
    """
    prefix = f"emnist-digits-{request.part}-"
    files = [PublishedFile(f"{prefix}{name}.gz", get=GET) for name in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    folder: Path = locate(files, LAYOUTS, request)[0].parent
    return load_folder(folder, part=request.part, prefixes=(prefix,)).with_provenance(name="emnist-digits")


SOURCE = Source("the digits of EMNIST, 40,000 test and 240,000 training", load_emnist, licence="none stated by NIST")
