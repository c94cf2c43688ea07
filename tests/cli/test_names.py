"""Names on the command line: a mistyped one is answered before torch is imported; the shell offers the right ones."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from robustmnist.cli import cli, names
from robustmnist.data.sources import mnist_c
from robustmnist.data.sources.registry import SOURCES
from robustmnist.explanation import METHODS
from robustmnist.models.checkpoints.card_file import list_checkpoints
from robustmnist.perturbed_sets.formats import FORMATS
from robustmnist.suites import SHIPPED
from robustmnist.training.read import shipped_recipes

MISTYPED = {
    ("evaluate", "-s", "shfit"): "unknown suite 'shfit', did you mean 'shift'?",
    ("evaluate", "-c", "cn"): "cn: no checkpoint is called that and no such file is there, did you mean 'cnn'?",
    ("evaluate", "--dataset", "mnits"): "'mnits': is not a data set, did you mean 'mnist'?",
    ("evaluate", "--dataset", "mnist-c:fgo"): "'mnist-c:fgo': is not a data set, did you mean 'fog'?",
    ("evaluate", "--device", "gpu"): "--device: 'gpu' is not a device; use auto, cpu, cuda or cuda:N",
    ("explain", "-m", "salency"): "'salency' is not an attribution method, did you mean 'saliency'?",
    ("explain", "-s", "shfit", "--value", "1"): "unknown suite 'shfit', did you mean 'shift'?",
    ("compare", "fc", "cn"): "no checkpoint is called that and no such file is there, did you mean 'cnn'?",
    ("compare", "fc", "cnn", "-s", "shfit"): "unknown suite 'shfit', did you mean 'shift'?",
    ("perturb", "-s", "shfit"): "unknown suite 'shfit', did you mean 'shift'?",
    ("suites", "shfit"): "unknown suite 'shfit', did you mean 'shift'?",
    ("checkpoints", "cn"): "no checkpoint is called that and no such file is there, did you mean 'cnn'?",
}
CODE = """
import sys
from click.testing import CliRunner
from robustmnist.cli import cli
for words in {calls!r}:
    result = CliRunner().invoke(cli, list(words), standalone_mode=False)
    print("torch" in sys.modules, str(result.exception).replace("\\n", " ")[:300])
"""


def in_a_process_of_its_own(calls: list[tuple[str, ...]]) -> list[str]:
    code = CODE.format(calls=calls)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_mistyped_name_is_answered_before_torch_is_imported() -> None:
    for words, line in zip(MISTYPED, in_a_process_of_its_own(list(MISTYPED)), strict=True):
        assert line.startswith("False "), words
        assert MISTYPED[words] in line


def test_the_list_of_checkpoints_needs_no_torch() -> None:
    assert in_a_process_of_its_own([("checkpoints",)]) == ["False None"]


def test_the_lists_are_those_of_the_registries() -> None:
    assert set(names.METHODS) == set(METHODS)
    forms = {form for word, source in SOURCES.items() for form in source.forms(word)}
    files = {f"{word}:{what}" for word, what in names.FILES.items()}
    assert forms == {*names.DATASETS, *files, *(f"mnist-c:{name}" for name in names.CORRUPTIONS)}
    assert set(names.CORRUPTIONS) == set(mnist_c.CORRUPTIONS)
    assert set(names.FORMATS) == set(FORMATS)
    assert set(names.suite_names()) == {*SHIPPED, *names.GROUPS}
    assert names.checkpoint_names() == sorted(card.name for card in list_checkpoints())
    assert set(names.recipe_names()) == {name for name in shipped_recipes() if not name.startswith("planted-")}


@pytest.mark.parametrize("name", ["idx:folder", "some/folder", "digits:test", "mnist-c:glass-blur"])
def test_names_that_only_the_loader_can_judge_pass(name: str) -> None:
    assert names.check_dataset(None, None, name) == name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("evaluate --suite s", {"scale", "shift", "shift-map", "stroke"}),
        ("evaluate -s co", {"core"}),
        ("perturb --suite mnist", {"mnist-c"}),
        ("evaluate -c fc", {"fc", "fc-small"}),
        ("compare fc ln", set()),
        ("compare fc le", {"lenet5"}),
        ("checkpoints cnn-", {"cnn-augmented"}),
        ("suites ro", {"rotation"}),
        ("evaluate --dataset mnist-c:s", {f"mnist-c:{one}" for one in mnist_c.CORRUPTIONS if one[0] == "s"}),
        ("measure --dataset di", {"digits", "digits:train", "digits:test"}),
        ("evaluate --device c", {"cpu", "cuda"}),
        ("explain -m sal", {"saliency"}),
        ("train cnn", {"cnn", "cnn-augmented"}),
        ("perturb -s shift --format n", {"npy"}),
        ("expl", {"explain"}),
        ("evaluate --chec", {"--checkpoint"}),
    ],
)
def test_the_shell_offers_names(line: str, offered: set[str]) -> None:
    words = ["robustmnist", *line.split()]
    asked = {
        "_ROBUSTMNIST_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    result = CliRunner().invoke(cli, [], prog_name="robustmnist", env=asked)
    pairs = [answer.partition(",")[::2] for answer in result.output.splitlines()]
    assert {name for kind, name in pairs if kind == "plain"} == offered
    # Bash forgets what came before a line that asks it for files.
    assert "file" not in [kind for kind, _ in pairs][1:]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_help_says_how_to_turn_it_on(shell: str) -> None:
    help_text = CliRunner().invoke(cli, ["--help"]).output
    assert f"_ROBUSTMNIST_COMPLETE={shell}_source robustmnist" in help_text
    asked = {"_ROBUSTMNIST_COMPLETE": f"{shell}_source"}
    script = CliRunner().invoke(cli, [], prog_name="robustmnist", env=asked).output
    assert f"_ROBUSTMNIST_COMPLETE={shell}_complete" in script
