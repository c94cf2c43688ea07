"""Perturbed digits that are perturbed once more: the second noise is not the first."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.synthetic import make_suite, make_sweep
from torch import Tensor, nn

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.manifest import read_manifest
from robustmnist.errors import RunError
from robustmnist.evaluation import evaluate
from robustmnist.explanation.condition import choose_condition
from robustmnist.perturbed_sets import write_datasets

NOISE = make_suite("noise", make_sweep("grain", "gaussian-noise", "sigma", "sd of ink", (0, 0.1), draws=2))


class Corner(nn.Module):
    """Answer with the first ten pixels."""

    def forward(self, images: Tensor) -> Tensor:
        return images[:, 0, 0, :10].clone()


@pytest.fixture(scope="module")
def grey() -> Dataset:
    """Return images of one grey level, on which noise is not cut off."""
    digits = load_dataset("digits").sample(40)
    return replace(digits, images=torch.full((40, 1, 28, 28), 128 / 255))


def noisy(data: Dataset, out: Path, draw: int = 0, **options: int) -> Dataset:
    """Return the images with noise of 0.1, written and read back."""
    write_datasets(data, NOISE, out, device="cpu", **options)
    return load_dataset(f"idx:{out}/noise/grain/0.1/draw={draw}")


def test_variances_of_two_noises_add(grey: Dataset, tmp_path: Path) -> None:
    """The same noise twice would have twice its deviation, 0.2 in place of 0.141."""
    once = noisy(grey, tmp_path / "once")
    twice = noisy(once, tmp_path / "twice")
    thrice = noisy(twice, tmp_path / "thrice")
    for times, data in enumerate((once, twice, thrice), start=1):
        assert float((data.images - grey.images).std()) == pytest.approx(0.1 * times**0.5, rel=0.02)
    first, second = once.images - grey.images, twice.images - once.images
    assert abs(float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1])) < 0.02


def test_all_that_perturbs_a_data_set_perturbs_it_alike(grey: Dataset, tmp_path: Path) -> None:
    once = noisy(grey, tmp_path / "once")
    written = noisy(once, tmp_path / "twice", seed=7)
    run = evaluate({"corner": Corner()}, once, NOISE, device="cpu", seed=7)
    seen = torch.from_numpy(run.logits["noise", "grain"][0, 1, 0].copy())
    explained = choose_condition(NOISE, 0.1, seed=7).apply(once)
    assert torch.equal(explained[:, 0, 0, :10], seen)
    assert (written.images[:, 0, 0, :10] - seen).abs().max() <= 0.5 / 255 + 1e-6
    shown = run.digits.examples["noise", "grain"][1]
    levels = (explained[:, 0] * 255).round().to(torch.uint8).numpy()
    assert any((levels == one).all((1, 2)).any() for one in shown)
    assert once.seed(7) != 7


def test_digits_that_nobody_perturbed_keep_their_seed(grey: Dataset) -> None:
    assert [grey.seed(seed) for seed in (0, 5, 2**63)] == [0, 5, 2**63]


def test_a_lineage_is_all_that_was_done(grey: Dataset, tmp_path: Path) -> None:
    once = noisy(grey, tmp_path / "a").provenance
    moved = replace(grey, provenance=replace(grey.provenance, source="elsewhere", note="by another way"))
    assert noisy(moved, tmp_path / "b").provenance.lineage == once.lineage
    assert noisy(grey.sample(20), tmp_path / "c").provenance.lineage == once.lineage
    other = replace(grey, provenance=replace(grey.provenance, name="other"))
    lineages = [
        once.lineage,
        noisy(grey, tmp_path / "a", draw=1).provenance.lineage,
        noisy(grey, tmp_path / "d", seed=1).provenance.lineage,
        noisy(other, tmp_path / "e").provenance.lineage,
        load_dataset(f"idx:{tmp_path}/a/noise/grain/0/draw=0").provenance.lineage,
        noisy(noisy(grey, tmp_path / "a"), tmp_path / "f").provenance.lineage,
    ]
    assert len(set(lineages)) == len(lineages)
    assert all(len(one) == 64 for one in lineages)


def test_what_an_earlier_version_made_of_perturbed_digits_is_not_taken_for_the_same(
    grey: Dataset, tmp_path: Path
) -> None:
    """It had the first noise twice, and its manifest no lineage."""
    once = noisy(grey, tmp_path / "once")
    before = replace(once, provenance=replace(once.provenance, lineage=""))
    noisy(before, tmp_path / "twice")
    manifest = read_manifest(tmp_path / "twice/noise/grain/0.1/draw=0")
    assert manifest is not None
    assert "lineage" not in json.loads(json.dumps(manifest.dataset))
    with pytest.raises(RunError, match="holds another data set, different in dataset"):
        noisy(once, tmp_path / "twice")
