"""Where a data set came from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["Provenance"]

SELDOM = ("choice", "lineage", "root")  # parts of a provenance that most data sets lack


@dataclass(frozen=True)
class Provenance:
    """Where a data set came from.

    Attributes:
        name: ``mnist``, ``digits``, ``mnist-c:CORRUPTION``, or what a folder holds.
        part: ``test`` or ``train``.
        n: How many images the data set holds.
        sha256: File name -> SHA-256 of its decompressed bytes, whole, whatever part of it is used.
        source: The folder, package or address for a person to read.
        fallback: Whether this stands in for what was asked for.
        note: Why it does; empty where it does not.
        choice: Which images of it these are, in a phrase; empty for all.
        lineage: Of perturbed digits, the hash of all that was done to them; empty for digits as they were written.
        root: Of perturbed digits, `sha256` of those that were perturbed, whose row numbers the ids are.
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

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain values for JSON; rarely used fields are left out when empty."""
        record = {**asdict(replace(self, sha256={}, root={})), "sha256": dict(self.sha256), "root": dict(self.root)}
        return {key: value for key, value in record.items() if value or key not in SELDOM}
