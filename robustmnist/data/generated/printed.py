"""Printed digits: every face of every font that comes with matplotlib, in several sizes and slants."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.data.generated.coverage import coverage
from robustmnist.data.generated.faces import FACES, TEST_FAMILIES, Face, shipped_face_file, system_faces
from robustmnist.data.generated.outlines import Outline, digit_outlines, hash_of_outlines
from robustmnist.data.mnist_form import to_mnist
from robustmnist.data.provenance import Provenance
from robustmnist.data.sources.source import Request, Source
from robustmnist.draws import Draws
from robustmnist.errors import DataError
from robustmnist.page.figure import import_matplotlib
from robustmnist.system.files import sha256_bytes

__all__ = ["PARTS", "SIZES", "SLANTS", "SOURCE", "load_printed"]

PARTS = ("train", "test", "system")
SIZES = (12, 16, 24, 32, 48)  # px to the em before a digit is brought to MNIST's box: small ones come out coarse
SLANTS = (-0.2, 0.0, 0.2)  # px to the right per px of height, beyond the face's own
MARGIN = 2  # px of paper around a digit
OUTLINES = "c93e7a39"  # the beginning of the hash of the outlines of `FACES`


@dataclass(frozen=True)
class _Type:
    """A face with its digits."""

    face: Face
    outlines: tuple[Outline, ...]


def load_printed(part: str | None = None) -> Dataset:
    """Return printed digits in MNIST's form: 22 faces × 3 slants × 5 sizes × 10 digits, 3,300 in all.

    The outlines of the font files, in whole units, are sheared, enlarged, put at a drawn fraction of a pixel and filled
    by the exact share of each pixel that they cover, as a scanner sees print; `to_mnist` does the rest. Groups are the
    faces; factors are ``font``, ``family``, ``weight``, ``face_slant``, ``slant`` and ``size``.

    Args:
        part: ``test``: the 900 digits of the typefaces that no training uses (`TEST_FAMILIES`); ``train``: the 2,400
            others; ``system``: the digits of the fonts that the system has, which differ between machines; None: the
            3,300.

    Raises:
        DataError: If there is no such part, matplotlib's fonts are others than they should be, or the system has none.

    >>> data = load_printed("test")
    >>> len(data), sorted(set(data.factors["weight"].tolist()))
    (900, [400, 700])
    """
    if part not in (None, *PARTS):
        raise DataError("is not a part of the printed digits", where=f"'{part}'", remedy=f"use {', '.join(PARTS)}")
    types = _system_types() if part == "system" else _shipped_types()
    outlines_hash = hash_of_outlines(outline for kind in types for outline in kind.outlines)
    where = f"fonts of matplotlib {import_matplotlib().__version__}"
    if part == "system":
        where = f"{len(types)} fonts of this system"
    elif not outlines_hash.startswith(OUTLINES):
        raise DataError("hold other digits than they should", where=where, remedy="install matplotlib again")
    chosen = [kind for kind in range(len(types)) if _is_in(types[kind].face, part)]
    many = len(SLANTS) * len(SIZES) * 10  # digits of a face
    ids = (torch.tensor(chosen)[:, None] * many + torch.arange(many)).flatten()
    name = "printed" if part is None else f"printed:{part}"
    stream = "printed-system" if part == "system" else "printed"
    images = _render(types, ids, stream)
    kinds, slants, sizes, labels = _indices(ids)
    faces = [types[kind].face for kind in kinds.tolist()]
    # Digits are known again by what they are made of: rounding that differs between machines changes nothing in it.
    made = sha256_bytes(f"{outlines_hash} {SIZES} {SLANTS} {stream}".encode())
    hashes = {"printed-outlines": outlines_hash, "printed-images": made}
    provenance = Provenance(
        name=name,
        part="train" if part == "train" else "test",
        n=len(ids),
        sha256=hashes,
        source=where,
        known=part != "system",
    )
    return Dataset(
        images,
        labels,
        ids,
        provenance,
        kinds,
        factors={
            "font": np.array([face.name for face in faces]),
            "family": np.array([face.family for face in faces]),
            "weight": np.array([face.weight for face in faces]),
            "face_slant": np.array([face.slant for face in faces]),
            "slant": np.array(SLANTS)[slants],
            "size": np.array(SIZES)[sizes],
        },
    )


def _load(request: Request) -> Dataset:
    return load_printed(request.argument or ("train" if request.part == "train" else None))


def _is_in(face: Face, part: str | None) -> bool:
    return part in (None, "system") or (face.family in TEST_FAMILIES) == (part == "test")


def _shipped_types() -> list[_Type]:
    types = []
    for face in FACES:
        file = shipped_face_file(face)
        try:
            outlines = digit_outlines(file)
        except (OSError, RuntimeError) as cause:
            raise DataError("cannot be read", where=file, remedy="install matplotlib again") from cause
        if outlines is None:
            raise DataError("has no digits", where=file, remedy="install matplotlib again")
        types.append(_Type(face, outlines))
    return types


def _system_types() -> list[_Type]:
    """Return the faces of the system whose digits are not matplotlib's, nor the same as those of another."""
    known = {hash_of_outlines(kind.outlines) for kind in _shipped_types()}
    types = []
    for face in system_faces():
        try:
            outlines = digit_outlines(Path(face.file))
        except (OSError, RuntimeError):
            continue
        if outlines is None or (digest := hash_of_outlines(outlines)) in known:
            continue
        known.add(digest)
        types.append(_Type(face, outlines))
    if not types:
        raise DataError("the system has no fonts with digits", where="printed:system", remedy="use printed")
    return types


def _indices(ids: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return of each id which face, which slant, which size and which digit it is."""
    rest, labels = ids // 10, ids % 10
    rest, sizes = rest // len(SIZES), rest % len(SIZES)
    return rest // len(SLANTS), rest % len(SLANTS), sizes, labels


def _render(types: Sequence[_Type], ids: Tensor, stream: str) -> Tensor:
    """Return the images, float32 (n, 1, 28, 28)."""
    kinds, slants, sizes, labels = _indices(ids)
    phases = Draws(0, stream, ids).uniform(2).double().numpy()
    images = torch.empty((len(ids), 1, 28, 28))
    for index, size in enumerate(SIZES):
        rows = (sizes == index).nonzero()[:, 0]
        scans = [
            _scan(types[int(kinds[row])].outlines[int(labels[row])].edges, size, SLANTS[slants[row]], phases[row])
            for row in rows.tolist()
        ]
        tall, wide = (max(scan.shape[axis] for scan in scans) for axis in (0, 1))
        page = np.zeros((len(scans), tall, wide), np.uint8)
        for at, scan in enumerate(scans):
            page[at, : scan.shape[0], : scan.shape[1]] = scan
        images[rows] = to_mnist(torch.from_numpy(page))
    return images


def _scan(edges: NDArray[np.float64], size: float, slant: float, phase: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return a digit as bytes of ink, as large as it is and `MARGIN` of paper around."""
    points = edges.reshape(-1, 2) * size
    points = np.column_stack([points[:, 0] - slant * points[:, 1], points[:, 1]])  # y grows down
    points += MARGIN + phase - points.min(axis=0)
    width, height = np.ceil(points.max(axis=0)).astype(int) + MARGIN
    return np.rint(255 * coverage(points.reshape(-1, 4), int(height), int(width))).astype(np.uint8)


SOURCE = Source(
    "printed digits of the fonts that come with matplotlib, from known faces, slants and sizes",
    _load,
    licence="Bitstream Vera and public domain (DejaVu), SIL OFL (STIX), BaKoMa (Computer Modern)",
    takes="PART",
    values=PARTS,
)
