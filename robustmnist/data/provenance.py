"""Where a data set came from."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["Provenance"]

SELDOM = (
    "choice",
    "lineage",
    "root",
    "licence",
    "prepared",
    "mended",
    "content",
    "known",
    "warnings",
)  # parts of a provenance that most data sets lack


@dataclass(frozen=True)
class Provenance:
    """Where a data set came from.

    Attributes:
        name: The word of the source and what it holds: ``mnist``, ``mnist-c:fog``, ``csv:train.csv``.
        part: ``test`` or ``train``.
        n: How many images the data set holds.
        sha256: File name -> SHA-256 of its decompressed bytes, whole, whatever part of it is used.
        source: The folder, package or address for a person to read.
        fallback: Whether this stands in for what was asked for.
        note: Why it does; empty where it does not.
        choice: Which images of it these are, in a phrase; empty for all.
        lineage: Of perturbed digits, the hash of all that was done to them; empty for digits as they were written.
        root: Of perturbed digits, `sha256` of those that were perturbed, whose row numbers the ids are.
        licence: The licence that the publisher states; empty where only the user knows.
        prepared: What brought the images to the form that they have, in a phrase; empty where they are as published.
        mended: What was wrong and was put right, in a phrase; empty for nothing.
        content: What the images show where it is no digits: every label is -1 then. Empty for digits.
        known: Whether the files are the published ones, bit for bit, by their hashes, or the digits were made here.
        warnings: What a reader of numbers over these images must know, a sentence each.
    """

    name: str
    part: str
    n: int
    sha256: Mapping[str, str]
    source: str
    fallback: bool = False
    note: str = ""
    choice: str = ""
    lineage: str = ""
    root: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    prepared: str = ""
    mended: str = ""
    content: str = ""
    known: bool = False
    warnings: tuple[str, ...] = ()

    def seed(self, seed: int) -> int:
        """Return the seed of all draws for these images; see `robustmnist.data.Dataset.seed`."""
        if not self.lineage:
            return seed
        text = f"{seed}\n{self.lineage}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8, person=b"robustmnist").digest(), "little")

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain values for JSON; rarely used fields are left out when empty."""
        record = {**asdict(replace(self, sha256={}, root={})), "sha256": dict(self.sha256), "root": dict(self.root)}
        record["warnings"] = list(self.warnings)
        return {key: value for key, value in record.items() if value or key not in SELDOM}
