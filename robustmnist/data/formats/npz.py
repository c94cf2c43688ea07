"""The ``.npz`` format, read strictly: a zip archive of ``.npy`` files, each bounded before it is unpacked."""

import io
import zipfile
import zlib

import numpy as np

from robustmnist.data.formats.npy import parse_npy
from robustmnist.errors import DataError

__all__ = ["MAX_ARRAY", "parse_npz"]

MAX_ARRAY = 1_000_000_000  # bytes, unpacked: 60,000 images of 28 × 28 in float64 take 376 million
MAX_MEMBERS = 100


def parse_npz(data: bytes, wanted: frozenset[str], where: object) -> dict[str, np.ndarray]:
    """Return the arrays of these names that are in the bytes of an ``.npz`` file. Nothing is unpickled.

    Raises:
        DataError: If it is no zip archive, is damaged, or holds an array that is none of numbers or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise DataError(f"holds {len(archive.infolist()):,} arrays", where=where)
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            arrays = {}
            for name in sorted(wanted & members.keys()):
                if members[name].file_size > MAX_ARRAY:
                    raise DataError(f"{name} holds more than {MAX_ARRAY // 10**6:,} MB", where=where)
                with archive.open(members[name]) as file:
                    content = file.read(MAX_ARRAY + 1)
                arrays[name] = parse_npy(content, f"{where}: {name}")
            return arrays
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError) as cause:
        raise DataError("is a damaged .npz file", where=where) from cause
    except (NotImplementedError, RuntimeError) as cause:  # another compression, or a password
        raise DataError("is packed in a way that NumPy does not use", where=where) from cause
    except Exception as cause:  # struct.error, lzma.LZMAError and what other versions of zipfile raise
        raise DataError("is a damaged .npz file", where=where) from cause
