"""The few hundred digits, out of millions, that a report shows: one ``.npz`` whose bytes depend on the pixels alone."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.files import sha256_bytes

__all__ = ["Digits", "Pair", "digits_bytes", "read_digits"]

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # a mistake as the checkpoint saw it and unperturbed, (28, 28) each

CLEAN = "clean"  # stands where a suite's name stands, for mistakes on unperturbed images
MAX_BYTES = 500_000_000
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say: the file must not know when it was written


@dataclass(frozen=True)
class Digits:
    """Pictures for a report, grey levels 0 to 255 with ink white on black.

    Attributes:
        arrays: ``examples/SUITE/SWEEP`` to uint8 (V, E, 28, 28), the first digit of each class at each value of the
            sweep's first variant; ``mistakes/CHECKPOINT/SUITE`` and ``mistakes/CHECKPOINT/clean`` to uint8 (K, 28, 28)
            in the order of `robustmnist.results.mistakes` and `clean_mistakes`; ``twins/CHECKPOINT/SUITE`` to the same
            digits unperturbed. ``kept/CHECKPOINT/SUITE``, of several runs as one, to uint8 (K,): 1 where there are such
            two pictures, 0 where they are blank because no run kept them.
    """

    arrays: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)

    def examples(self, suite: str, sweep: str) -> NDArray[np.uint8]:
        """Return the example digits of a sweep, uint8 (V, E, 28, 28); empty where none were kept."""
        return self.arrays.get(f"examples/{suite}/{sweep}", np.zeros((0, 0, 28, 28), np.uint8))

    def mistakes(self, checkpoint: str, suite: str = CLEAN) -> NDArray[np.uint8]:
        """Return the digits of `robustmnist.results.mistakes` as the checkpoint saw them, uint8 (K, 28, 28)."""
        return self.arrays.get(f"mistakes/{checkpoint}/{suite}", np.zeros((0, 28, 28), np.uint8))

    def twins(self, checkpoint: str, suite: str = CLEAN) -> NDArray[np.uint8]:
        """Return the digits of `mistakes` before they were perturbed, uint8 (K, 28, 28)."""
        return self.arrays.get(f"twins/{checkpoint}/{suite}", np.zeros((0, 28, 28), np.uint8))

    def kept(self, checkpoint: str, suite: str = CLEAN) -> NDArray[np.uint8]:
        """Return of which of `mistakes` and `twins` there are pictures, uint8 (K,) of 0 and 1: of all, in one run."""
        return self.arrays.get(f"kept/{checkpoint}/{suite}", np.ones(len(self.mistakes(checkpoint, suite)), np.uint8))

    def pairs(self, checkpoint: str, suite: str, number: int) -> list[Pair | None]:
        """Return the pictures of a list of mistakes of which there are `number`, None where there are none of one.

        All are None where the pictures are of another number of mistakes: then they do not belong to the list.
        """
        seen = self.mistakes(checkpoint, suite)
        twins = seen if suite == CLEAN else self.twins(checkpoint, suite)
        if not len(seen) == len(twins) == number:
            return [None] * number
        kept = self.kept(checkpoint, suite)
        return [(one, twin) if there else None for one, twin, there in zip(seen, twins, kept, strict=True)]


def digits_bytes(digits: Digits) -> bytes:
    """Return `digits` as the bytes of an uncompressed ``.npz``, the same for the same pixels."""
    buffer = io.BytesIO()
    # Stored, not deflated: the bytes of a deflated entry depend on the zlib at hand.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for key in sorted(digits.arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(digits.arrays[key]), (1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{key}.npy", EPOCH)
            info.create_system = 3  # otherwise the byte tells Windows from the rest
            archive.writestr(info, entry.getvalue())
    return buffer.getvalue()


def read_digits(path: Path, sha256: str) -> Digits:
    """Read what `digits_bytes` made.

    Raises:
        RunError: If the file is missing, is not what the hash says, or holds anything but small uint8 pictures.
    """
    remedy = "delete run.json and run the same command again with -o to make it anew"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RunError(f"is larger than {MAX_BYTES:,} bytes", where=path)
        data = path.read_bytes()
        if sha256_bytes(data) != sha256:
            raise RunError("was changed after it was written: its sha256 does not match", where=path, remedy=remedy)
        return Digits(_entries(data))
    except RunError:
        raise
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=path, remedy=remedy) from cause
    # zipfile and numpy let half a dozen exception types through on damaged input; whatever it is, the file is no good.
    except Exception as cause:
        raise RunError(f"is not the .npz of a run ({type(cause).__name__})", where=path, remedy=remedy) from cause


def _entries(data: bytes) -> dict[str, NDArray[np.uint8]]:
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            # A stored entry cannot unpack to more than the file itself.
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > len(data):
                raise ValueError("a compressed entry")
            raw = archive.read(info)
            array = np.lib.format.read_array(io.BytesIO(raw), allow_pickle=False, max_header_size=1_000)
            if array.dtype != np.uint8 or array.shape[-2:] != (28, 28):
                raise ValueError("not pictures")
            arrays[info.filename.removesuffix(".npy")] = array
    return arrays
