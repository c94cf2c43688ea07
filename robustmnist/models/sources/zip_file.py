"""The members of a zip, opened as if a stranger had packed it: bounded, every check sum looked at."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from robustmnist.models.sources.refusals import Unreadable, quoted

__all__ = ["Members", "is_stored", "read_zip"]

Members = Mapping[str, bytes]

MAX_MEMBERS = 20_000
MAX_BYTES = 256 * 2**20  # of all members unpacked
MAX_RATIO = 64  # bytes unpacked for a byte of the file; weights shrink by a tenth, text by ten times
METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}


def read_zip(data: bytes, *, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, bytes]:
    """Return name -> content of every file in a zip; of those that are not `wanted` no content.

    Raises:
        Unreadable: If it is damaged, or unpacks to far more than it holds.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries, len(data))
            return {entry.filename: _content(archive, entry) if wanted(entry.filename) else b"" for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error) as cause:
        raise Unreadable(f"is a damaged zip ({cause})", "fetch or save it again") from cause
    except (ValueError, KeyError, IndexError, NotImplementedError, RuntimeError, OverflowError) as cause:
        # An absurd date, a name in no encoding, a password, a version of the future.
        raise Unreadable("is a damaged zip", "fetch or save it again") from cause


def is_stored(data: bytes) -> bool:
    """Return whether every member of the zip `data`, which `read_zip` read, lies there uncompressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def _check(entries: list[zipfile.ZipInfo], packed: int) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
        raise Unreadable("is a zip with too many members, or several of one name")
    for entry in entries:
        if entry.compress_type not in METHODS or entry.flag_bits & 1:
            raise Unreadable(f"is a zip whose member {quoted(entry.filename)} is encrypted or packed in a rare way")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(MAX_BYTES, MAX_RATIO * packed):
        raise Unreadable(f"is a zip of {packed:,} bytes that says it unpacks to {unpacked:,}")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as member:
        content = member.read(entry.file_size + 1)  # to its end, where the check sum is looked at
    if len(content) != entry.file_size:
        raise Unreadable(f"is a damaged zip: {quoted(entry.filename)} has another size than it says")
    return content
