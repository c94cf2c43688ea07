"""A recipe whose model is a class of the user's own: trained, resumed, evaluated; refused where it was not named."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from support.small_training import recipe, weights

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.errors import CheckpointError, RecipeError, RunError
from robustmnist.models.checkpoints.card_file import read_card
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.training import RunFolder, train
from robustmnist.training.run_folder import recipe_toml

CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=16, drop=0.2):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(drop)
        self.out = nn.Sequential(nn.Linear(4 * 144, width), nn.ReLU(), nn.Linear(width, 10))
    def forward(self, images):
        return self.out(self.drop(torch.relu(self.norm(self.conv(images)))).view(len(images), -1))

class Soft(Net):
    def forward(self, images):
        return super().forward(images).softmax(1)

class Five(Net):
    def forward(self, images):
        return super().forward(images)[:, :5]

class Flag(Net):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(3, dtype=torch.bool))

class Fails(Net):
    def forward(self, images):
        return images.nothing()

class Still(nn.Module):
    def forward(self, images):
        return images.flatten(1)[:, :10]

def predict(images):
    return images

number = 3
"""
MODEL = {"name": "net.py:Net", "width": 24}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "net.py").write_text(CODE)
    return folder


@pytest.fixture(scope="module")
def run(here: Path) -> RunFolder:
    return train(recipe(model=MODEL, epochs=2), device="cpu", out=here / "run", code=f"{here / 'net.py'}:Net")


def line(text: str) -> int:
    return CODE[: CODE.index(text)].count("\n") + 1


def test_its_card_names_the_code_and_the_arguments(run: RunFolder, here: Path) -> None:
    card = run.card
    assert card.architecture == {"model": "net.py:Net", "width": 24}
    assert card.code is not None
    assert (card.code.file, card.code.object) == ("net.py", "Net")
    assert card.test_accuracy is not None
    assert card.test_accuracy.accuracy > 0.4
    checkpoint = load_checkpoint(run.best, code=f"{here / 'net.py'}:Net")
    digits = load_dataset("digits").head(70)
    assert torch.equal(checkpoint(digits.images)[3:9], checkpoint(digits.images[3:9]))


def test_the_card_alone_runs_nothing(run: RunFolder) -> None:
    with pytest.raises(CheckpointError, match=r"runs the code net\.py:Net, which a file alone may not do; name it if"):
        load_checkpoint(run.best)


def test_changed_code_is_not_the_code_of_the_card(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(CODE.replace("torch.relu", "torch.tanh"))
    with pytest.raises(CheckpointError, match=r"the code net\.py:Net was changed since it was trained; restore it"):
        load_checkpoint(run.best, code=f"{tmp_path / 'net.py'}:Net")


def test_an_interrupted_run_goes_on_to_the_same_weights(run: RunFolder, here: Path) -> None:
    code, wanted = f"{here / 'net.py'}:Net", recipe(model=MODEL, epochs=2)

    def interrupt(done: int, total: int, images: int) -> None:
        if done == 1 and images > 300:
            raise KeyboardInterrupt

    cut = RunFolder(here / "cut")
    with pytest.raises(KeyboardInterrupt):
        train(wanted, device="cpu", out=cut.path, on_progress=interrupt, code=code)
    with pytest.raises(RecipeError, match=r"name it if you trust it: --code net\.py:Net"):
        train(cut.recipe, device="cpu", out=cut.path, resume=True)
    other = here / "other"
    other.mkdir()
    (other / "net.py").write_text(CODE + "\n# a remark\n")
    copied = Path(shutil.copytree(cut.path, other / "cut"))
    with pytest.raises(RunError, match="begun with another code"):
        train(cut.recipe, device="cpu", out=copied, resume=True, code=f"{other / 'net.py'}:Net")
    train(cut.recipe, device="cpu", out=cut.path, resume=True, code=code)
    assert weights(cut.path) == weights(run.path)
    train(cut.recipe, device="cpu", out=cut.path, resume=True, code=code)  # complete: nothing is trained
    assert weights(cut.path) == weights(run.path)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"name": "net.py:Net", "widht": 3}, "widht: Net takes no such argument, did you mean 'width'? (width, drop)"),
        ({"name": "net.py:Net", "width": "wide"}, "net.py:11: TypeError"),
        ({"name": "net.py:Soft"}, "answers with probabilities, not with logits; leave the softmax out"),
        ({"name": "net.py:Five"}, "answers 4 digits with shape (4, 5); let it return one tensor of ten logits"),
        ({"name": "net.py:Flag"}, "its seen is bool, which a checkpoint does not hold"),
        ({"name": "net.py:Fails"}, f"net.py:{line('images.nothing')}: AttributeError"),
        ({"name": "net.py:Still"}, "[model] net.py:Still: has no parameter that its answers depend on"),
        ({"name": "net.py:predict"}, "predict is no torch module"),
        ({"name": "net.py:number"}, "number gives a int, which cannot be called"),
        ({"name": "net.py:Nett"}, "has no 'Nett'"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_what_cannot_be_trained_is_one_line_and_writes_nothing(
    here: Path, tmp_path: Path, model: dict[str, Any], words: str
) -> None:
    code = f"{here / 'net.py'}:{model['name'].partition(':')[2]}"
    with pytest.raises(RecipeError) as caught:
        train(recipe(model=model), device="cpu", out=tmp_path / "never", code=code)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "never").exists()


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)), standalone_mode=False)


def test_the_shell_trains_lists_and_evaluates_it(here: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(recipe_toml(recipe(model=MODEL, epochs=1, name="mine")).encode())
    code, out = f"{here / 'net.py'}:Net", tmp_path / "run"
    machine = ("--device", "cpu")
    alone = call("train", tmp_path / "mine.toml", "-o", out, *machine)
    assert isinstance(alone.exception, RecipeError)
    assert "runs the code net.py:Net" in str(alone.exception)
    other = call("train", "fc", "--code", code, "-o", out, *machine)
    assert "asks for no code" in str(other.exception)
    assert not out.exists()
    trained = call("train", tmp_path / "mine.toml", "--code", code, "-o", out, *machine)
    assert trained.exception is None, trained.output
    code_of_card = read_card(out / "best.json").code
    assert code_of_card is not None
    shown = " ".join(call("checkpoints", out / "best").output.split())
    assert f"runs your code net.py:Net, sha256 {code_of_card.sha256}" in shown
    suite = tmp_path / "one.toml"
    suite.write_text(
        'title = "One"\nquestion = "?"\nsource = "here"\n[[sweep]]\nname = "turn"\ntitle = "Turn"\n'
        'perturbation = "rotation"\nparameter = "angle"\nunit = "°"\nvalues = [0, 30]\n'
    )
    digits = ("--dataset", "digits:test", "--limit", 40, "-s", suite, "-o", tmp_path / "numbers", *machine)
    evaluated = call("evaluate", "-c", out / "best", "--code", code, *digits)
    assert evaluated.exception is None, evaluated.output
    (record,) = json.loads((tmp_path / "numbers" / "run.json").read_text())["checkpoints"]
    assert record["architecture"] == {"model": "net.py:Net", "width": 24}
    page = (tmp_path / "numbers" / "report.html").read_text()
    assert f"runs your code, sha256 {record['code_sha256']}" in page
