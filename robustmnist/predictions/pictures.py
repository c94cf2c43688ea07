"""The few hundred digits, out of millions, that a report shows: one ``.npz`` whose bytes depend on the pixels alone."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.suites import Setting
from robustmnist.system.files import sha256_bytes

__all__ = ["Digits", "Pair", "Shown", "digits_bytes", "read_digits"]

Picture = NDArray[np.uint8]  # grey levels 0 to 255, ink white on black, (28, 28) or several of them
Pair = tuple[Picture, Picture]  # a digit as the checkpoints saw it, and unperturbed, (28, 28) each

CLEAN = "clean"  # stands where a suite's name stands, for mistakes on unperturbed images
MAX_BYTES = 500_000_000
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say: the file must not know when it was written
COLUMNS = {"value": np.float64, "variant": np.int64, "row": np.int64}  # which setting and digit a picture shows


class Shown(NamedTuple):
    """What a picture of a perturbed digit shows.

    Attributes:
        setting: The strength.
        variant: Index of the sweep's variant.
        row: The digit's row in the predictions.
    """

    setting: Setting
    variant: int
    row: int

    @property
    def value(self) -> float:
        """The setting's strength."""
        return self.setting.value


@dataclass(frozen=True)
class Digits:
    """Pictures for a report by what they show: one picture serves every checkpoint that misread the digit.

    Attributes:
        examples: Suite and sweep to uint8 (V, E, 28, 28), the first digit of each class at each value of the sweep's
            first variant.
        perturbed: Setting and digit to uint8 (28, 28).
        clean: A digit's row to uint8 (28, 28), unperturbed.
        by_rank: Checkpoint and suite, or ``clean``, to the pictures of its most confident mistakes in their order. Only
            run folders of earlier versions, which stored pictures by rank, have them: see
            `robustmnist.results.mistakes.pictures`.
    """

    examples: dict[tuple[str, str], Picture] = field(default_factory=dict)
    perturbed: dict[Shown, Picture] = field(default_factory=dict)
    clean: dict[int, Picture] = field(default_factory=dict)
    by_rank: dict[tuple[str, str], list[Pair]] = field(default_factory=dict)

    def pair(self, shown: Shown) -> Pair | None:
        """Return the picture of a perturbed digit and of the same digit unperturbed; None unless the run kept both."""
        if shown not in self.perturbed or shown.row not in self.clean:
            return None
        return self.perturbed[shown], self.clean[shown.row]

    def add(self, other: "Digits") -> None:
        """Add the pictures of `other` that are not here yet, without `by_rank`: ranks hold within a single run."""
        self.examples.update(other.examples | self.examples)
        self.perturbed.update(other.perturbed | self.perturbed)
        self.clean.update(other.clean | self.clean)


def digits_bytes(digits: Digits) -> bytes:
    """Return `digits` without `by_rank` as the bytes of an uncompressed ``.npz``; equal pictures give equal bytes.

    Its arrays: ``examples/SUITE/SWEEP`` as in `Digits`; ``clean/picture``, uint8 (K, 28, 28), and ``clean/row``, int64
    (K,); of each sweep ``perturbed/SUITE/SWEEP/picture`` and, (K,) each, ``value`` (float64), ``variant`` and ``row``.
    """
    buffer = io.BytesIO()
    # Stored, not deflated: the bytes of a deflated entry depend on the zlib at hand.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for key, array in sorted(_arrays(digits).items()):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), (1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{key}.npy", EPOCH)
            info.create_system = 3  # otherwise the byte tells Windows from the rest
            archive.writestr(info, entry.getvalue())
    return buffer.getvalue()


def read_digits(path: Path, sha256: str) -> Digits:
    """Read what `digits_bytes` made.

    Raises:
        RunError: If the file is missing, is not what the hash says, or holds anything but pictures and what they show.
    """
    remedy = "delete run.json and run the same command again with -o to make it anew"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RunError(f"is larger than {MAX_BYTES:,} bytes", where=path)
        data = path.read_bytes()
        if sha256_bytes(data) != sha256:
            raise RunError("was changed after it was written: its sha256 does not match", where=path, remedy=remedy)
        return _digits(_entries(data))
    except RunError:
        raise
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=path, remedy=remedy) from cause
    # zipfile and numpy raise half a dozen exception types on damaged input: each of them means a damaged file.
    except Exception as cause:
        raise RunError(f"is not the .npz of a run ({type(cause).__name__})", where=path, remedy=remedy) from cause


def _arrays(digits: Digits) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {f"examples/{suite}/{sweep}": a for (suite, sweep), a in digits.examples.items()}
    if digits.clean:
        rows = sorted(digits.clean)
        arrays["clean/picture"] = np.stack([digits.clean[row] for row in rows])
        arrays["clean/row"] = np.array(rows, np.int64)
    sweeps: dict[tuple[str, str], list[Shown]] = defaultdict(list)
    for shown in sorted(digits.perturbed):
        sweeps[shown.setting.suite, shown.setting.sweep].append(shown)
    for (suite, sweep), keys in sweeps.items():
        arrays[f"perturbed/{suite}/{sweep}/picture"] = np.stack([digits.perturbed[shown] for shown in keys])
        for column, dtype in COLUMNS.items():
            arrays[f"perturbed/{suite}/{sweep}/{column}"] = np.array([getattr(shown, column) for shown in keys], dtype)
    return arrays


def _digits(arrays: Mapping[str, NDArray[Any]]) -> Digits:
    """Undo `_arrays`; raise `ValueError` or `KeyError` where the arrays are not what it returns."""
    digits = Digits()
    for key in arrays:
        kind, _, rest = key.partition("/")
        parent, _, name = key.rpartition("/")
        if kind == "examples":
            suite, sweep = rest.split("/")
            digits.examples[suite, sweep] = _pictures(arrays[key], 4)
        elif key == "clean/picture":
            rows = _numbers(arrays["clean/row"], "row")
            digits.clean.update(zip(rows, _pictures(arrays[key], 3), strict=True))
        elif kind == "perturbed" and name == "picture":
            suite, sweep = parent.removeprefix("perturbed/").split("/")
            columns = (_numbers(arrays[f"{parent}/{column}"], column) for column in COLUMNS)
            keys = (Shown(Setting(suite, sweep, value), *rest) for value, *rest in zip(*columns, strict=True))
            digits.perturbed.update(zip(keys, _pictures(arrays[key], 3), strict=True))
        elif kind == "mistakes":  # by rank; ``twins`` holds the same digits unperturbed
            checkpoint, _, suite = rest.rpartition("/")  # a checkpoint's name may be a path, a suite's has no slash
            seen = _pictures(arrays[key], 3)
            twins = seen if suite == CLEAN else _pictures(arrays[f"twins/{rest}"], 3)
            digits.by_rank[checkpoint, suite] = list(zip(seen, twins, strict=True))
        elif kind != "twins" and name not in COLUMNS:
            raise ValueError(f"{key} is not a picture")
    return digits


def _pictures(array: NDArray[Any], axes: int) -> Picture:
    if array.dtype != np.uint8 or array.ndim != axes or array.shape[-2:] != (28, 28):
        raise ValueError("not pictures")
    return array


def _numbers(array: NDArray[Any], column: str) -> list[Any]:
    if array.dtype != COLUMNS[column] or array.ndim != 1:
        raise ValueError(f"not a {column} for each picture")
    return list(array.tolist())


def _entries(data: bytes) -> dict[str, NDArray[Any]]:
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            # A stored entry cannot unpack to more than the file itself.
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > len(data):
                raise ValueError("a compressed entry")
            raw = archive.read(info)
            array = np.lib.format.read_array(io.BytesIO(raw), allow_pickle=False, max_header_size=1_000)
            arrays[info.filename.removesuffix(".npy")] = array
    return arrays
