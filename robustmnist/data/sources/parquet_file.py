"""A data set from a Parquet file, as Hugging Face keeps pictures: their bytes and a label in each row."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.data.formats.picture import decode_picture
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.picture_forms import digits_of
from robustmnist.data.sources.source import FORM, PART, Request, Source
from robustmnist.data.sources.user_file import read_user_file
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["SOURCE", "load_parquet"]

MOST_BYTES, MOST_ROWS = 1_000_000_000, 500_000
IMAGES, LABELS = ("image", "img", "picture"), ("label", "digit", "class", "target")
BATCH = 1_000  # rows read together
LONGEST = 280  # px; larger pictures are reduced
REMEDY = "give columns image (bytes of PNG or JPEG files) and label"


def load_parquet(request: Request) -> Dataset:
    """Return the digits in a Parquet file: pictures in the column ``image``, digits in ``label`` or as asked for.

    Pictures are PNG or JPEG files as bytes, alone or under ``bytes`` beside a ``path``, and are treated as those of
    ``png:DIR``.

    Raises:
        DataError: If pyarrow is not installed, or the file is missing or damaged or holds no such columns.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError as cause:
        remedy = "pip install 'robustmnist[parquet]'"
        raise DataError("reading Parquet needs pyarrow", where=request.argument, remedy=remedy) from cause
    path, data = read_user_file(request.argument, MOST_BYTES)
    labels: list[Any] = []
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        names = list(file.schema_arrow.names)
        if file.metadata.num_rows > MOST_ROWS:
            raise DataError(f"holds more than {MOST_ROWS:,} rows", where=path, remedy="split it")
        if not file.metadata.num_rows:
            raise DataError("holds no rows", where=path)
        image = _column(names, IMAGES, None, path)
        label = _column(names, LABELS, request.options.get("label"), path)
        rows = _pictures(file, image, label, labels, path)
        images, said = digits_of(rows, request.options.get("form", "auto"))
    except DataError:
        raise
    except Exception as cause:  # pyarrow raises ArrowInvalid, OSError, TypeError and more
        raise DataError("is a damaged Parquet file", where=path, remedy=REMEDY) from cause
    provenance = Provenance(f"parquet:{path.name}", request.part, 0, {"images": sha256_bytes(data)}, str(path))
    made = Dataset.from_arrays(images, np.array(labels), provenance=provenance)
    return made.with_provenance(prepared=said)


def _column(names: list[str], known: tuple[str, ...], asked: str | None, where: object) -> str:
    wanted = (asked,) if asked else known
    column = next((name for name in wanted if name in names), None)
    if column is None:
        what = f"has no column {wanted[0]}; its columns are {', '.join(names[:8])}"
        raise DataError(what, where=where, remedy=REMEDY)
    return column


def _pictures(file: Any, image: str, label: str, labels: list[Any], where: object) -> Iterator[tuple[Tensor, bool]]:
    """Yield each picture's grey values and whether it was stored with loss; add its label to `labels`."""
    for batch in file.iter_batches(BATCH, columns=[image, label]):
        columns = batch.to_pydict()
        for content, digit in zip(columns[image], columns[label], strict=True):
            data = content.get("bytes") if isinstance(content, dict) else content
            row = f"{where}: row {len(labels):,}"
            if not isinstance(data, bytes):
                raise DataError("holds no picture", where=row, remedy=REMEDY)
            if len(labels) >= MOST_ROWS:
                raise DataError(f"holds more than {MOST_ROWS:,} rows", where=where, remedy="split it")
            labels.append(digit)
            yield decode_picture(data, row, longest=LONGEST)


SOURCE = Source(
    "a Parquet file with pictures and labels, as Hugging Face has it (needs pyarrow)",
    load_parquet,
    takes="FILE",
    bare=False,
    options={"label": "the column of the labels", **FORM, **PART},
    endings=(".parquet",),
    has_parts=False,
)
