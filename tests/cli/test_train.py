"""``robustmnist train`` as it is typed: what it says of its data, of an interrupt, and of mistakes, and when."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import small_mnist

from robustmnist import training
from robustmnist.cli import cli
from robustmnist.cli import train as module
from robustmnist.data.sources import published_mnist
from robustmnist.errors import RecipeError
from robustmnist.terminal import training as shown
from robustmnist.training import load_recipe
from robustmnist.training.read import check_recipe

TINY = 'batch_size = 32\nepochs = 1\n[model]\nname = "fc"\nwidths = [16]\n[data]\nvalidation = 20\n'


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def call(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, for what only the whole program prints."""
    command = [sys.executable, "-m", "robustmnist", *map(os.fsdecode, map(str, arguments))]
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)


def test_the_data_are_said(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = small_mnist.write(tmp_path / "data", small_mnist.install(monkeypatch))
    said = call("train", tiny, "--data-dir", data, "-o", tmp_path / "run", "--device", "cpu").stderr
    assert re.search(rf"data: mnist \(train\), 70 images, sha256 \w{{8}}…, from {data}\n", said)
    assert re.search(rf"data: mnist \(test\), 30 images, sha256 \w{{8}}…, from {data}\n", said)
    said = call("train", tiny, "--dataset", "digits", "-o", tmp_path / "other", "--device", "cpu").stderr
    assert [said.count(f"data: digits:{part} ({part}), ") for part in ("train", "test")] == [1, 1]


def test_a_download_is_shown_and_no_part_of_the_speed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = small_mnist.install(monkeypatch)
    monkeypatch.setenv("ROBUSTMNIST_DATA", "")
    monkeypatch.setattr(published_mnist, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(shown, "progress", watched(bars := []))
    monkeypatch.setattr("robustmnist.cli.inputs.progress", watched(bars))

    def download(files: Any, folder: Path, *, on_progress: Any) -> None:
        on_progress(1, 2, 0)
        small_mnist.write(folder, {file.name: contents[file.name] for file in files})

    monkeypatch.setattr(published_mnist, "download_files", download)
    assert call("train", tiny, "-o", tmp_path / "run", "--device", "cpu").exit_code == 0
    titles = [title for title, *_ in bars]
    assert titles == ["Downloading"] * 2 + ["train tiny"] * (len(bars) - 2)
    assert bars[2] == ("train tiny", 0, 1, 0, "")  # the clock of a bar starts with it
    *counts, detail = bars[-1]
    assert counts == ["train tiny", 1, 1, 50]
    assert re.fullmatch(
        r"loss \d\.\d{4}, train [\d.]+ %, learning rate \S+, validation [\d.]+ %, best [\d.]+ % in epoch 1", detail
    )


def watched(reports: list[tuple[Any, ...]]) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def progress(title: str, **_: Any) -> Any:
        yield lambda *numbers: reports.append((title, *numbers))

    return progress


def test_a_resumed_run_counts_only_its_own_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "progress", watched(bars := []))
    with shown.training_progress("train x") as progress:
        progress.report(2, 3, 600)
        progress.report(2, 3, 650)
    assert [images for *_, images, _ in bars] == [0, 50]


@pytest.mark.parametrize("given", [[], ["--device", "cpu", "--data-dir", "my data"]])
def test_what_an_interrupt_says_can_be_pasted(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def interrupted(*_: Any, out: Path, **__: Any) -> None:
        out.mkdir()
        (out / "recipe.toml").write_text(TINY)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupted)
    result = call("train", tiny, "-o", "my run", *given)
    assert result.exit_code == 130
    [line] = result.stderr.splitlines()
    start, _, command = line.partition("; to continue: ")
    assert start == "robustmnist: interrupted"
    assert shlex.split(command) == ["robustmnist", "train", "--resume", "my run", *given]


def test_an_interrupt_before_there_is_a_run(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "train", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    result = call("train", tiny, "-o", tmp_path / "run")
    assert result.exit_code != 0
    assert "go on" not in result.stderr


def test_mistakes_name_where_they_were_made(tiny: Path) -> None:
    tiny.write_text(TINY + "limit = -1\n")
    with pytest.raises(RecipeError) as caught:
        load_recipe(tiny, overrides=["optimizer.lr=nan", "optimizer.betas=[2, 0]", "batch_size=64", "epoch=3"])
    assert sorted(line.partition(": ")[0] for line in str(caught.value).splitlines()) == [
        "--set epoch",
        "--set optimizer.betas.0",
        "--set optimizer.lr",
        str(tiny),
    ]
    assert f"{tiny}: data.limit: should be greater than or equal to 0, not -1" in str(caught.value)


def test_a_key_is_that_of_its_own_option(tiny: Path) -> None:
    tiny.write_text("epochs = 0\n" + TINY.replace("epochs = 1\n", ""))
    with pytest.raises(RecipeError) as caught:
        load_recipe(tiny, overrides=["epochs_=1", "seed=1"])
    assert str(caught.value).splitlines()[1].startswith(f"{tiny}: epochs: should be")


def test_the_most_epochs_are_those_of_a_recipe(tiny: Path) -> None:
    table = {"name": "x", "model": {"name": "fc"}}
    assert check_recipe(table | {"epochs": module.MOST_EPOCHS}, where="test").epochs == module.MOST_EPOCHS
    with pytest.raises(RecipeError, match="epochs"):
        check_recipe(table | {"epochs": module.MOST_EPOCHS + 1}, where="test")
    result = call("train", tiny, "--epochs", module.MOST_EPOCHS + 1)
    assert result.exit_code == 2
    assert "--epochs" in result.stderr


@pytest.mark.parametrize("words", [[], ["fc", "--resume", "."], ["--resume", ".", "--seed", "3"]])
def test_words_are_checked_before_torch_is_loaded(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "robustmnist.training", None)  # importing it would fail
    result = call("train", *words)
    assert (result.exit_code, "--resume" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([""], "robustmnist: '': no recipe is called that and no such file is there; use "),
        (["x" * 300], f"robustmnist: {'x' * 300}: cannot be read (File name too long); give a TOML file"),
        (["fc", "--set", "title=\udcff"], "robustmnist: --set 'title=\\udcff': is not UTF-8 text; type it again"),
        (["fc", "--set", "optimizer.lr=nan"], "robustmnist: --set optimizer.lr: should be a finite number, not nan"),
    ],
)
def test_one_line_for_a_mistake(words: list[str], said: str) -> None:
    result = run("train", *words)
    assert result.returncode == 2
    assert result.stderr.startswith(said)
    assert len(result.stderr.splitlines()) == 1
