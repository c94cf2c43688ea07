"""The arrays and the texts in an HDF5 file. This file is a script, run in a process of its own (`child.run_script`).

It imports nothing of the package, so that it starts in a fifth of a second. HDF5 is a file system within a file, with
ways out of it: links and datasets that lie in other files. Only arrays of numbers in the file itself are read, as Keras
writes them, and only after all that they declare was held against what is stored.
"""

import io
import json
import math
import sys

import h5py
import numpy as np

MAX_OBJECTS = 20_000
MAX_BYTES = 256 * 2**20
MAX_RATIO = 64  # bytes declared for a byte stored
MAX_TEXT = 16 * 2**20
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
# States of optimisers, which are two thirds of many a file.
SKIPPED = {"optimizer_weights", "optimizer"}
TEXTS = ("model_config", "keras_version", "layer_names", "weight_names")


class Refused(Exception):
    """What is wrong with the file."""


def main() -> None:
    """Read an HDF5 file from the input; answer with its texts and arrays, or why not."""
    table, content = answer(sys.stdin.buffer.read())
    header = json.dumps(table).encode()
    for part in (len(header).to_bytes(8, "little"), header, *content):
        sys.stdout.buffer.write(part)


def answer(data: bytes) -> tuple[dict[str, object], list[bytes]]:
    """Return a table of the texts and of the arrays' names, types and shapes, and the arrays' bytes."""
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            texts, datasets = walk(file)
            check_sizes(datasets)
            arrays, content = [], []
            for name, dataset in datasets.items():
                values = np.ascontiguousarray(dataset[()])
                values = values.astype(values.dtype.newbyteorder("<"), copy=False)
                arrays.append([name, values.dtype.str, list(dataset.shape)])
                content.append(values.tobytes())
            return {"texts": texts, "arrays": arrays}, content
    except Refused as cause:
        return {"refused": str(cause)}, []
    except MemoryError:
        return {"refused": "is damaged: it asks for more memory than it has numbers"}, []
    except Exception as cause:  # h5py passes on HDF5's errors as whatever fits; the next process will not mind
        what = ascii(str(cause).partition("\n")[0][:120])
        return {"refused": f"is a damaged HDF5 file ({what})", "remedy": "fetch or save it again"}, []


def walk(file: h5py.File) -> tuple[dict[str, dict[str, object]], dict[str, h5py.Dataset]]:
    """Return group -> attribute -> text, and path -> dataset; groups in their order, each looked into once."""
    texts: dict[str, dict[str, object]] = {}
    datasets: dict[str, h5py.Dataset] = {}
    seen = {address(file)}
    pending: list[tuple[str, h5py.Group]] = [("", file)]
    while pending:
        path, group = pending.pop()
        texts[path] = {name: text_of(group, name) for name in sorted(group.attrs) if is_text(name)}
        for name in group:
            if not path and name in SKIPPED:
                continue
            below = f"{path}/{name}" if path else name
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise Refused(f"holds a link to another object or file ({below[:80]!r}), which is not followed")
            item = group[name]
            if address(item) in seen or len(seen) > MAX_OBJECTS:
                raise Refused(f"holds {below[:80]!r} twice, or far too much")
            seen.add(address(item))
            if isinstance(item, h5py.Group):
                pending.append((below, item))
            elif isinstance(item, h5py.Dataset):
                datasets[below] = item
    return texts, datasets


def check_sizes(datasets: dict[str, h5py.Dataset]) -> None:
    """Raise `Refused` where a dataset is not plain numbers in this file, or larger than what is stored of it."""
    declared = 0
    for name, dataset in datasets.items():
        shown = repr(name[:80])
        plan = dataset.id.get_create_plist()
        if plan.get_external_count() or dataset.is_virtual:
            raise Refused(f"keeps the values of {shown} in another file, which is not opened")
        if dataset.dtype.kind not in "fiub" or dataset.shape is None:
            raise Refused(f"holds {shown} as {dataset.dtype}, not as numbers")
        if any(plan.get_filter(index)[0] not in FILTERS for index in range(plan.get_nfilters())):
            raise Refused(f"packs {shown} in a way that Keras does not; gzip alone is read")
        size = math.prod(dataset.shape) * dataset.dtype.itemsize
        chunk = math.prod(dataset.chunks or (0,)) * dataset.dtype.itemsize
        declared += size
        if max(size, chunk) > MAX_RATIO * max(dataset.id.get_storage_size(), 64) or declared > MAX_BYTES:
            raise Refused(
                f"declares {max(size, chunk):,} bytes for {shown} and stores {dataset.id.get_storage_size():,}"
            )


def is_text(name: str) -> bool:
    """Return whether the attribute is read; Keras cuts long lists into ``layer_names0``, ``layer_names1`` ..."""
    return name.rstrip("0123456789") in TEXTS


def text_of(group: h5py.Group, name: str) -> object:
    """Return an attribute as text, or as a list of texts."""
    identity = h5py.h5a.open(group.id, name.encode())
    count = math.prod(identity.shape or (1,))
    if count > MAX_OBJECTS or count * identity.get_type().get_size() > MAX_TEXT:
        raise Refused(f"has an attribute {name!r} that is far too large")
    value = group.attrs[name]
    if isinstance(value, np.ndarray):
        return [plain(entry) for entry in value.ravel().tolist()]
    return plain(value)


def plain(value: object) -> str:
    """Return `value` as text, bytes as UTF-8."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if len(text) > MAX_TEXT:
        raise Refused("has an attribute that is far too large")
    return text


def address(item: h5py.HLObject) -> tuple[int, int]:
    """Return what tells an object of the file from any other."""
    info = h5py.h5o.get_info(item.id)
    return info.fileno, info.addr


if __name__ == "__main__":
    main()
