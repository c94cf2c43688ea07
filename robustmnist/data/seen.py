"""Which digits a training has seen: recorded in its checkpoint's card, and compared with the digits of a test."""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.data.manifest import runs_of
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.embedded import load_embedded
from robustmnist.data.sources.mnist import FILES
from robustmnist.errors import DataError

__all__ = ["check_unseen", "overlap", "seen_record", "seen_words"]

MOST = 100_000  # characters of a list of ids; longer ones are packed
UNREADABLE = "does not say on which digits it was trained"
MOST_IDS = 1 << 24  # of a packed list


def seen_record(training: Dataset, validation: Dataset, most: int | None = MOST) -> dict[str, Any]:
    """Return the digits of a training as plain values, without the folder, which means nothing elsewhere.

    ``ids`` are the row numbers of both together in the files of ``sha256``, such as ``0-41,43``; a list that is
    longer than `most` characters stands in ``packed_ids`` instead (a bit for each row, compressed, as base64).
    Without either all of them were used, as all of MNIST's training digits are, or rows of a table of over 16
    million. Seeds, which choose the digits to validate on, change nothing in it.
    """
    origin = training.provenance
    record: dict[str, Any] = {
        "name": origin.name,
        "part": origin.part,
        "sha256": dict(_files(origin)),
        "training": len(training),
        "validation": len(validation),
    }
    ids = sorted({*training.ids.tolist(), *validation.ids.tolist()})
    everything = FILES[-1].sha256 in record["sha256"].values() and len(ids) == FILES[-1].shape[0]
    text = "" if everything else ",".join(f"{a}-{b}" if a < b else f"{a}" for a, b in runs_of(torch.tensor(ids)))
    if not text:
        return record
    if most is None or len(text) <= most:
        return record | {"ids": text}
    return record | ({"packed_ids": _packed(ids)} if ids[-1] < MOST_IDS else {})


def overlap(record: Mapping[str, Any], dataset: Dataset) -> Tensor:
    """Return the ids of `dataset` that are in the `record` of a training, int64 (n,); of perturbed digits too.

    Digits are known by the hash of their file and their row in it: copies in another file are not recognised.

    Raises:
        DataError: If the record is damaged.
    """
    files = record.get("sha256")
    if not isinstance(files, Mapping) or not _images(files) & _images(_files(dataset.provenance)):
        return dataset.ids[:0]
    if _everything(record):
        return dataset.ids
    ids = dataset.ids.cpu()
    if "packed_ids" in record:
        bits = _bits(record["packed_ids"])
        inside = ids < len(bits)
        return dataset.ids[(inside & bits[ids.where(inside, 0)]).to(dataset.ids.device)]
    first, last = _runs(record["ids"])
    run = torch.searchsorted(first, ids, right=True) - 1
    return dataset.ids[((run >= 0) & (ids <= last[run])).to(dataset.ids.device)]


def seen_words(record: Mapping[str, Any], dataset: Dataset) -> str:
    """Return a clause about the digits that a training has seen already; empty if it has seen none."""
    many = len(overlap(record, dataset))
    if not many:
        return ""
    if _everything(record) and record.get("name") != "mnist":
        return "was trained on some of these digits; its card, of an earlier version, does not say on which"
    which = f"these {many:,}" if many == len(dataset) else f"{many:,} of these {len(dataset):,}"
    return f"was trained on {which} digits, or its epoch chosen by them"


def check_unseen(name: str, record: Mapping[str, Any], dataset: Dataset) -> None:
    """Raise DataError where the checkpoint called `name` has seen digits of `dataset` in the training of `record`."""
    words = seen_words(record, dataset)
    if words:
        raise DataError(words, where=name, remedy=_remedy(record, dataset))


def _remedy(record: Mapping[str, Any], dataset: Dataset) -> str:
    if "digits-images" in _files(dataset.provenance):
        free = not len(overlap(record, load_embedded("test")))
        return "use --dataset digits:test" if free else "use --dataset mnist, or train it anew"
    if not dataset.provenance.known and len(overlap(record, dataset)) < len(dataset):
        return (
            "use digits that it has not seen: those that it left out, with ,part=test after the name that it was "
            "trained by, or another set"
        )
    return "use digits that it has not seen, such as --dataset mnist"


def _files(origin: Provenance) -> Mapping[str, str]:
    """Return the hashes of the files whose row numbers the ids are."""
    return origin.root or origin.sha256


def _images(files: Mapping[str, str]) -> set[str]:
    """Return the hashes of the files that hold images: equal labels do not make equal digits."""
    return {digest for name, digest in files.items() if "images" in name}


def _everything(record: Mapping[str, Any]) -> bool:
    """Return whether a record names no rows: all digits of its files count as seen."""
    return not {"ids", "packed_ids"} & record.keys()


def _packed(ids: list[int]) -> str:
    bits = np.zeros(ids[-1] + 1, np.bool_)
    bits[ids] = True
    return base64.b64encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode()


def _bits(text: object) -> Tensor:
    """Return which rows a packed list holds, bool (m,)."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(str(text), validate=True), MOST_IDS // 8)
        if not data or not unpacker.eof:
            raise ValueError
        return torch.from_numpy(np.unpackbits(np.frombuffer(data, np.uint8)).astype(np.bool_))
    except (ValueError, zlib.error) as cause:
        raise DataError(UNREADABLE, where="the card's data") from cause


def _runs(text: object) -> tuple[Tensor, Tensor]:
    """Return the first and the last id of every run in the text of a record."""
    try:
        runs = [run.split("-") for run in str(text).split(",")]
        return torch.tensor([int(run[0]) for run in runs]), torch.tensor([int(run[-1]) for run in runs])
    except (ValueError, RuntimeError, OverflowError) as cause:
        raise DataError(UNREADABLE, where="the card's data") from cause
