"""Images of MNIST's form that are no digits: what does a classifier answer where no answer is right?"""

from collections.abc import Callable

import torch

from robustmnist.data.dataset import Dataset
from robustmnist.data.locations import named_folder
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.idx_folder import IMAGES, read_pair
from robustmnist.data.sources.mnist import FILES
from robustmnist.data.sources.published import PublishedFile, locate, sound
from robustmnist.data.sources.source import Request, Source
from robustmnist.errors import DataError

__all__ = ["FASHION_MNIST", "KMNIST"]

# Source: torchvision.datasets.KMNIST and FashionMNIST, addresses and hashes.
KMNIST_MD5 = {
    "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
    "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
    "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
}
FASHION_MD5 = {
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
}


def _loader(name: str, folder: str, content: str, address: str, hashes: dict[str, str]) -> Callable[[Request], Dataset]:
    """Return a function that loads a set whose files have MNIST's own names, from folders that bear its name."""

    def load(request: Request) -> Dataset:
        start = "train-" if request.part == "train" else "t10k-"
        files = [PublishedFile(file, f"{address}{file}", md5) for file, md5 in hashes.items() if file.startswith(start)]
        layouts = [f"{folder}/raw", name, folder]
        named = named_folder(request.data_dir)
        # MNIST's files have the same names: only a folder that bears the set's name holds them itself.
        if named and named[0].name.lower().replace("-", "") in (name.replace("-", ""), folder.lower()):
            layouts += ["", "raw"]
        paths = locate(files, layouts, request)
        pair = read_pair(*paths)
        if pair.hashes[IMAGES] in {file.sha256 for file in FILES}:
            raise DataError("holds MNIST's digits", where=paths[0], remedy=f"replace it by the file of {address}")
        known = all(sound(path, file) for path, file in zip(paths, files, strict=True))
        n = len(pair.labels)
        provenance = Provenance(name, request.part, n, pair.hashes, str(paths[0].parent), content=content, known=known)
        labels = torch.full((n,), -1, dtype=torch.int64)
        return Dataset.of_levels(torch.tensor(pair.pixels).unsqueeze(1), labels, torch.arange(n), provenance)

    return load


KMNIST = Source(
    "Kuzushiji-MNIST, characters of cursive Japanese: no digits, for confidence only",
    _loader("kmnist", "KMNIST", "Kuzushiji characters", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/", KMNIST_MD5),
    licence="CC BY-SA 4.0",
    content="Kuzushiji characters",
)
FASHION_MNIST = Source(
    "Fashion-MNIST, articles of clothing: no digits, for confidence only",
    _loader(
        "fashion-mnist",
        "FashionMNIST",
        "articles of clothing",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        FASHION_MD5,
    ),
    licence="MIT",
    content="articles of clothing",
)
