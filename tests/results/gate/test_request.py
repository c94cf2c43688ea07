"""Conditions as they stand in a TOML file, shares in percent, and several requests as one."""

from pathlib import Path

import pytest

from robustmnist.errors import InputError, RunError
from robustmnist.results.gate.request import Request, as_share, joined, read_request

FILE = """
checkpoints = ["cnn"]
strict = true

[min_accuracy]
clean = 0.99
shift = "40 %"
"shift.right@3px" = "97.5%"

[min_critical]
rotation = "25deg"
scale = 0.7

[max_ece]
clean = 0.02

[baseline]
run = "main"
max_drop = "1%"
pairs = {cnn = "old"}
"""


def test_a_file_says_what_the_options_say(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(FILE)
    assert read_request(tmp_path / "gate.toml") == Request(
        min_accuracy=(("clean", 0.99), ("shift", 0.4), ("shift.right@3px", 0.975)),
        min_critical=(("rotation", "25deg"), ("scale", "0.7")),
        max_ece=(("clean", 0.02),),
        baseline=tmp_path / "main",
        max_drop=0.01,
        pairs=(("cnn", "old"),),
        checkpoints=("cnn",),
        strict=True,
    )


@pytest.mark.parametrize("text", ["0.97", "97%", "97 %", " 97.0% ", 0.97])
def test_a_share_may_be_a_percentage(text: object) -> None:
    assert as_share(text) == 0.97


@pytest.mark.parametrize("text", ["97", "1.01", "101%", "-1%", "nan", "nan%", "%", "many", "9 7%", "", True, None])
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        as_share(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no condition"),
        ("strict = true", "has no condition"),
        ("[min_accuracy]\nclean = 97", "min_accuracy.clean: 97 is not a share"),
        ("[min_acuracy]\nclean = 0.9", "did you mean 'min_accuracy'"),
        ('[min_accuracy]\nclean = "97"', "not a share"),
        ("[min_critical]\nrotation = true", "min_critical.rotation"),
        ('[baseline]\nrun = "main"', "baseline.max_drop: is missing"),
        ("[baseline]\nmax_drop = 0.1", "baseline.run: is missing"),
        ("min_accuracy = 0.9", "should be a table"),
        ("=", "is not TOML"),
    ],
)
def test_mistakes_in_a_file_are_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(RunError, match=words):
        read_request(tmp_path / "gate.toml")


def test_what_is_typed_is_added_to_the_file() -> None:
    file = Request(min_accuracy=(("clean", 0.9), ("shift", 0.5)), baseline=Path("a"), max_drop=0.1)
    typed = Request(min_accuracy=(("clean", 0.99),), max_ece=(("clean", 0.1),), baseline=Path("b"), strict=True)
    assert joined([file, typed]) == Request(
        min_accuracy=(("clean", 0.99), ("shift", 0.5)),
        max_ece=(("clean", 0.1),),
        baseline=Path("b"),
        max_drop=0.1,
        strict=True,
    )


@pytest.mark.parametrize(
    "request_", [Request(baseline=Path("a")), Request(max_drop=0.1), Request(pairs=(("cnn", "fc"),))], ids=str
)
def test_a_baseline_and_its_limit_go_together(request_: Request) -> None:
    with pytest.raises(InputError, match="go together"):
        joined([request_])
