"""Printed digits: what is a digit in a font, exact areas, known causes, the same bits everywhere."""

import numpy as np
import pytest
import torch
from skimage.draw import polygon2mask

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.form import form_notices
from robustmnist.data.generated import faces, outlines, printed
from robustmnist.data.generated.coverage import coverage
from robustmnist.errors import DataError
from robustmnist.measure import centroid, slant, stroke_width
from robustmnist.system.files import sha256_bytes


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("printed")


def test_the_same_bits_everywhere(digits: Dataset) -> None:
    assert sha256_bytes(digits.stored.numpy().tobytes()) == (
        "a4e8d5dcc2c61aa30e9a8b73fe79134ffd5610b91f21da4ebd04b4db37c5d4fd"
    )
    assert digits.stored.dtype == torch.uint8
    assert torch.bincount(digits.labels).tolist() == [330] * 10


def test_they_are_in_the_form_of_mnist(digits: Dataset) -> None:
    assert form_notices(digits) == ()
    middle = centroid(digits.rows(slice(None, None, 10)))
    assert 13.4 < float(middle.min()) <= float(middle.max()) < 14.6


def test_symbols_are_not_digits() -> None:
    ttf = faces.shipped_face_file(faces.FACES[0]).parent
    for name in ("cmsy10", "cmex10", "LastResortHE-Regular", "STIXNonUni"):
        assert not (ttf / f"{name}.ttf").exists() or outlines.digit_outlines(ttf / f"{name}.ttf") is None
    known = {face.file for face in faces.FACES}
    assert {path.name for path in ttf.glob("*.ttf") if outlines.digit_outlines(path)} == known


def test_parts_share_no_typeface(digits: Dataset) -> None:
    test, train = (load_dataset(f"printed:{part}") for part in ("test", "train"))
    assert len(test) + len(train) == len(digits) == 3300
    assert not set(test.factors["family"]) & set(train.factors["family"])
    assert sorted([*test.ids.tolist(), *train.ids.tolist()]) == digits.ids.tolist()
    assert torch.equal(digits.select(test.ids).stored, test.stored)
    assert load_dataset("printed", part="train").name == "printed:train"


def test_known_causes_are_seen_in_the_ink(digits: Dataset) -> None:
    large = torch.from_numpy(digits.factors["size"] == 48)
    leaning = [
        float(slant(digits.rows(large & torch.from_numpy(digits.factors["slant"] == s))).mean()) for s in printed.SLANTS
    ]
    assert np.diff(leaning) == pytest.approx([0.2, 0.2], abs=0.02)
    bold = torch.from_numpy((digits.factors["family"] == "DejaVu Sans") & (digits.factors["weight"] == 700))
    regular = torch.from_numpy((digits.factors["family"] == "DejaVu Sans") & (digits.factors["weight"] == 400))
    assert stroke_width(digits.rows(bold)).mean() > stroke_width(digits.rows(regular)).mean() + 1


def test_factors_and_groups_follow_their_digits(digits: Dataset) -> None:
    some = digits.sample(50)
    rows = some.ids.numpy()
    assert some.groups is not None
    assert digits.groups is not None
    assert torch.equal(some.groups, digits.groups[some.ids])
    for name, values in digits.factors.items():
        assert np.array_equal(some.factors[name], values[rows])
    assert len(np.unique(digits.factors["font"])) == len(torch.unique(digits.groups)) == 22


def test_coverage_is_an_area() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        points = rng.uniform(1, 11, (3, 2))
        edges = np.column_stack([points, np.roll(points, -1, 0)])
        a, b = points[1] - points[0], points[2] - points[0]
        grey = coverage(edges, 12, 12)
        assert grey.sum() == pytest.approx(abs(a[0] * b[1] - a[1] * b[0]) / 2)
        fine = polygon2mask((480, 480), points[:, ::-1] * 40 - 0.5).reshape(12, 40, 12, 40).mean((1, 3))
        assert np.abs(grey - fine).max() < 0.03


def test_a_contour_that_runs_the_other_way_is_a_hole() -> None:
    def box(low: float, high: float, way: int) -> np.ndarray:
        corners = np.array([[low, low], [high, low], [high, high], [low, high]])[::way]
        return np.column_stack([corners, np.roll(corners, -1, 0)])

    ring = coverage(np.concatenate([box(1, 5, 1), box(2, 4, -1)]), 6, 6)
    assert ring.sum() == pytest.approx(12)
    assert ring[2:4, 2:4].max() == 0


def test_other_fonts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "OUTLINES", "0" * 8)
    with pytest.raises(DataError, match="hold other digits than they should; install matplotlib again"):
        load_dataset("printed")


def test_unknown_parts() -> None:
    with pytest.raises(DataError, match=r"'bold': is not a part of the printed digits; use train, test, system"):
        load_dataset("printed:bold")


def test_fonts_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fonts that matplotlib has too are no other fonts."""
    own = faces.Face(str(faces.shipped_face_file(faces.FACES[0])), "DejaVu Sans", 400, "upright")
    monkeypatch.setattr(printed, "system_faces", lambda: iter([own]))
    with pytest.raises(DataError, match="the system has no fonts with digits"):
        load_dataset("printed:system")
    # As if matplotlib had come without its last face, the system with it.
    last = faces.Face(str(faces.shipped_face_file(faces.FACES[-1])), "A typewriter", 400, "upright")
    monkeypatch.setattr(printed, "FACES", faces.FACES[:-1])
    monkeypatch.setattr(printed, "system_faces", lambda: iter([own, last, last]))
    assert len(load_dataset("printed:system")) == 150
