"""The manifest of a folder of perturbed digits: what was done to which digits, and the hash of every file."""

from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from robustmnist.data.formats.idx import read_bounded
from robustmnist.errors import DataError
from robustmnist.system.sealed_json import BrokenSealError, Seal, hash_of_text
from robustmnist.system.validation import Table, validate_table

__all__ = ["INK", "MANIFEST", "Manifest", "manifest_bytes", "read_manifest", "runs_of"]

MANIFEST = "manifest.json"
INK = "one byte a pixel: 255 × ink rounded to the nearest level, halves to the even one; ink = level / 255"
SEAL = Seal("manifest_sha256")
MAX_BYTES = 100_000_000  # 60,000 pictures and their hashes take 6 MB

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]  # what a tensor of ids holds


class Manifest(Table):
    """What a folder of perturbed digits holds.

    Attributes:
        content: How the digits are stored: ``idx``, ``npy`` or ``png``.
        ink: How ink became bytes.
        n: How many digits.
        ids: Their row numbers in the data set that they come from, as runs ``[first, last]``.
        suite: The suite's name.
        suite_sha256: Of the suite's file.
        sweep: The sweep's name.
        perturbation: The perturbation's name.
        parameter: The strength that varies in the sweep.
        value: The strength.
        unit: Its unit.
        neutral: The strength at which nothing is changed.
        arguments: Every other argument of the perturbation.
        draw: Which of a sample's random draws.
        seed: Of all draws.
        dataset: Provenance of the digits before they were perturbed, and the hash of their ink and labels.
        device: The type of the device that computed.
        versions: Of robustmnist, Python and the packages that computed.
        files: File name -> SHA-256 of its (decompressed) bytes.
        code_sha256: Of the code of a perturbation of the user's own; empty for one of this package.
    """

    format: Literal[1] = 1
    content: Literal["idx", "npy", "png"]
    ink: str
    n: Annotated[int, Field(ge=1, lt=2**63)]
    ids: list[Annotated[list[Count], Field(min_length=2, max_length=2)]]
    suite: Name
    suite_sha256: Sha256
    sweep: Name
    perturbation: str
    parameter: str
    value: float
    unit: str
    neutral: float
    arguments: dict[str, float | str]
    draw: Count
    seed: Count
    dataset: dict[str, Any]
    device: str
    versions: dict[str, str]
    files: dict[str, Sha256]
    code_sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as plain values."""
        table = self.model_dump(mode="json")
        return table if self.code_sha256 else {key: value for key, value in table.items() if key != "code_sha256"}

    @property
    def setting(self) -> dict[str, Any]:
        """What was done to the digits, without anything about the data set."""
        names = ("suite", "sweep", "perturbation", "parameter", "value", "unit", "neutral", "arguments", "draw", "seed")
        own = {"code_sha256": self.code_sha256} if self.code_sha256 else {}
        return {**{name: getattr(self, name) for name in names}, **own}

    @property
    def label(self) -> str:
        """The digits in a phrase: ``mnist shift.right 3 px, direction right``."""
        others = {**self.arguments, **({"draw": self.draw} if self.draw else {})}
        words = "".join(f", {key} {value if isinstance(value, str) else f'{value:g}'}" for key, value in others.items())
        name = self.dataset.get("name", "digits")
        text = f"{name} {self.suite}.{self.sweep} {self.value:g} {self.unit}{words}"
        return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]

    @property
    def lineage(self) -> str:
        """The hash of everything that was done to the digits, in earlier exports too, whatever folder or version."""
        before = {key: self.dataset.get(key) for key in ("name", "part", "sha256", "lineage")}
        return hash_of_text({"setting": self.setting, "dataset": before})

    @property
    def root(self) -> dict[str, str]:
        """The hashes of the files of unperturbed digits whose row numbers the ids are."""
        files = self.dataset.get("root") or self.dataset.get("sha256")
        return {str(name): str(digest) for name, digest in files.items()} if isinstance(files, dict) else {}

    def rows(self) -> Tensor:
        """Return the ids, int64 (n,).

        Raises:
            DataError: If they are not `n`.
        """
        if any(last < first for first, last in self.ids) or sum(b - a + 1 for a, b in self.ids) != self.n:
            raise DataError(f"its ids are not those of {self.n:,} digits", where=MANIFEST)
        return torch.cat([first + torch.arange(last - first + 1) for first, last in self.ids])


def runs_of(ids: Tensor) -> list[list[int]]:
    """Return ids (n,) as runs ``[first, last]`` of consecutive ones, in their order."""
    runs: list[list[int]] = []
    for row in ids.tolist():
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return runs


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as it lies on disk: JSON whose last key is the SHA-256 of all the others."""
    return SEAL.write(manifest.as_dict())


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest in `folder`; None where there is none.

    Raises:
        DataError: If it is damaged, was edited or is not a manifest.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    remedy = "write the folder again with 'robustmnist perturb', or delete the manifest to read the digits without it"
    data = read_bounded(path, MAX_BYTES)
    try:
        body = SEAL.read(data)
    except (ValueError, RecursionError) as cause:
        raise DataError("is not JSON", where=path, remedy=remedy) from cause
    except BrokenSealError as cause:
        what = "was changed after it was written: its sha256 does not match"
        raise DataError(what, where=path, remedy=remedy) from cause
    del body[SEAL.key]
    return validate_table(body, Manifest, DataError, where=path)
