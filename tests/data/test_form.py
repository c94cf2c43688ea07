"""Digits in another form than MNIST's do not pass unnoticed; digits in its form pass without a word."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from support.synthetic import make_suite, make_sweep
from torch import Tensor, nn

from robustmnist.cli import cli
from robustmnist.data import Dataset, load_dataset
from robustmnist.data.form import form_notices
from robustmnist.data.formats.idx import idx_bytes
from robustmnist.data.sources.idx_folder import IMAGES, LABELS
from robustmnist.evaluation import evaluate
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.perturbed_sets import write_datasets
from robustmnist.predictions import merge
from robustmnist.report import write_report

SUITE = make_suite("shift", make_sweep(values=(0, 2)))
FORMS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "transposed": (lambda x: x.mT, "digits are wider than tall, in MNIST 9 %: are rows and columns exchanged?"),
    "turned": (lambda x: x.rot90(1, (2, 3)), "digits are wider than tall, in MNIST 9 %: are rows and columns"),
    "0 and 1": (lambda x: (x > 0.5).float() / 255, "The brightest ink of a typical image is 0.004, in MNIST 1"),
    "pale": (lambda x: (x * 100).round() / 255, "The brightest ink of a typical image is 0.392, in MNIST 1"),
    "blank": (torch.zeros_like, "images are blank."),
    "inverted": (lambda x: 1 - x, "images is not 0; ink is to be bright on dark paper."),
    "grey paper": (lambda x: x.clamp(min=51 / 255), "images is not 0; ink is to be bright on dark paper."),
    "small": (
        lambda x: nn.functional.pad(x[..., ::2, ::2], (7, 7, 7, 7)),
        "A typical digit is 10 px long, in MNIST 20",
    ),
    "in the corner": (lambda x: x.roll((3, 3), (2, 3)), "px off the centre, in MNIST 0.8."),
}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_one_sentence(form: str, digits: Dataset) -> None:
    change, words = FORMS[form]
    found = form_notices(replace(digits, images=change(digits.images)))
    assert len(found) == 1
    assert words in found[0]
    assert len(form_notices(replace(digits, images=change(digits.images)).sample(100))) == 1


@pytest.mark.parametrize("name", ["digits", "digits:train", "digits:test"])
def test_nothing_is_said_of_the_embedded_digits(name: str) -> None:
    data = load_dataset(name)
    assert [form_notices(part) for part in (data, data.sample(100), data.sample(5), data.select([]))] == [()] * 4


@pytest.mark.parametrize("part", ["test", "train"])
def test_nothing_is_said_of_mnist(part: str, mnist_dir: Path) -> None:
    data = load_dataset("mnist", part=part, data_dir=mnist_dir)
    assert [form_notices(part) for part in (data, data.sample(100), data.head(100), data.sample(30))] == [()] * 4


def test_labels_that_never_come(digits: Dataset) -> None:
    some = digits.select(torch.nonzero((digits.labels != 3) & (digits.labels != 7))[:, 0])
    assert form_notices(some) == ("No digit is labelled 3, 7.",)
    assert form_notices(some.sample(99)) == ()


def test_a_few_blank_images_are_counted(digits: Dataset) -> None:
    images = digits.images.clone()
    images[[5, 900]] = 0
    assert form_notices(replace(digits, images=images)) == ("2 of 1,797 images are blank.",)


def test_nothing_is_said_of_digits_that_are_meant_to_look_odd(digits: Dataset, tmp_path: Path) -> None:
    turned = make_suite("turn", make_sweep("angle", "rotation", "angle", "°", (90,), 0.0))
    write_datasets(digits.sample(60), turned, tmp_path, device="cpu")
    perturbed = load_dataset(f"idx:{tmp_path}/turn/angle/90")
    assert form_notices(perturbed) == ()
    assert "wider than tall" in form_notices(replace(digits, images=perturbed.images.repeat(30, 1, 1, 1)[:1797]))[0]
    assert evaluate({"fc": load_checkpoint("fc")}, perturbed, SUITE, device="cpu").manifest["notices"] == []
    inverted = replace(digits, images=1 - digits.images)
    assert form_notices(replace(inverted, provenance=replace(digits.provenance, name="mnist-c:fog"))) == ()


def folder(path: Path, data: Dataset, images: Tensor) -> Path:
    path.mkdir()
    levels = (images[:, 0] * 255).round().to(torch.uint8).numpy()
    (path / IMAGES).write_bytes(idx_bytes(levels))
    (path / LABELS).write_bytes(idx_bytes(data.labels.to(torch.uint8).numpy()))
    return path


@pytest.mark.parametrize("form", ["0 and 1", "blank"])  # transposed digits are refused
def test_a_folder_in_another_form_is_said_on_the_terminal_and_the_page(
    form: str, digits: Dataset, tmp_path: Path
) -> None:
    change, words = FORMS[form]
    place = folder(tmp_path / "mine", digits, change(digits.images))
    command = ["evaluate", "-s", "shift", "-c", "fc-small", "--dataset", f"idx:{place}", "--limit", "40"]
    result = CliRunner().invoke(cli, [*command, "--device", "cpu", "-o", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    said = [line for line in result.stderr.splitlines() if line.startswith("notice: ")]
    assert len(said) == 1
    assert words in said[0]
    page = (tmp_path / "run/report.html").read_text()
    assert f"<strong>Notice.</strong> {said[0].removeprefix('notice: ')}" in page


def test_digits_that_no_checkpoint_reads(digits: Dataset, tmp_path: Path) -> None:
    """Their form is MNIST's, their labels are not: only the answers tell."""
    models = {"fc": load_checkpoint("fc"), "cnn": load_checkpoint("cnn")}
    other = replace(digits, labels=(digits.labels + 1) % 10).sample(100)
    run = evaluate(models, other, SUITE, device="cpu")
    assert len(run.manifest["notices"]) == 1
    assert "Every checkpoint reads the clean digits at chance level, " in run.manifest["notices"][0]
    write_report(run, tmp_path / "page.html")
    assert run.manifest["notices"][0] in (tmp_path / "page.html").read_text()
    second = evaluate({"small": load_checkpoint("fc-small")}, other, SUITE, device="cpu")
    second.manifest["notices"].append("Another.")
    assert merge([run, second]).manifest["notices"][0] == run.manifest["notices"][0]
    assert merge([run, second]).manifest["notices"][-1] == "Another."
    assert len(set(merge([run, second]).manifest["notices"])) == len(merge([run, second]).manifest["notices"])

    class Constant(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return 5 * torch.eye(10)[0].expand(len(images), 10)

    some = digits.sample(100)
    for tried in ({"constant": Constant()}, models | {"constant": Constant()}):  # it is the model, not the digits
        (notice,) = evaluate(tried, some, SUITE, device="cpu").manifest["notices"]
        assert notice.startswith("constant reads ")
