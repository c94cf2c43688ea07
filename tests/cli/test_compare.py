"""The command ``compare``, and ``report`` on several runs: from checkpoints and from folders."""

import json
import re
import shlex
import sys
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.cli import cli, main
from robustmnist.errors import RunError
from robustmnist.predictions import merge, read_predictions
from robustmnist.report.compare_page import render_comparison
from robustmnist.results import compare_pairs, quality, seed_variance, stored_temperatures
from robustmnist.wording.numbers import percent, score_texts

SUITE = """
title = "Small"
question = "Does it run?"
source = "made up"

[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 1, 3]
[sweep.fixed]
direction = "right"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a suite, and two finished runs of untrained networks on the same digits."""
    from robustmnist.data import load_dataset
    from robustmnist.evaluation import evaluate
    from robustmnist.models.architectures.build import build_model
    from robustmnist.suites import load_suite

    folder = tmp_path_factory.mktemp("runs")
    (folder / "small.toml").write_text(SUITE)
    suite, data = load_suite(folder / "small.toml"), load_dataset("digits").head(40)
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        evaluate({name: build_model({"model": "fc-small"})}, data, suite, device="cpu", out=folder / name)
    return folder


def test_folders_become_tables_and_a_page(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(cli, ["compare", str(runs / "one"), str(runs / "two"), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {
        "compare.html", "suites.csv", "sweeps.csv", "settings.csv", "sides.csv", "disagreements.csv",
    }  # fmt: skip
    head, *lines = [line for line in result.stdout.splitlines() if "  " in line]
    assert head.split()[:3] == ["suite", "a", "b"]
    assert [line.split()[0] for line in lines] == ["(clean)", "small"]  # no temperatures
    assert pd.read_csv(out / "suites.csv")["baseline"].tolist() == ["one"]
    settings = pd.read_csv(out / "settings.csv")
    only_a, only_b = settings["only_a"].iloc[0], settings["only_b"].iloc[0]
    said = f"clean digits: two reads {only_b} that one gets wrong; the other way {only_a}"
    assert said in result.stdout.splitlines()
    lists = pd.read_csv(out / "disagreements.csv", keep_default_na=False)
    clean = lists[lists["suite"] == ""]
    assert ((clean["wrong"] == "one").sum(), (clean["wrong"] == "two").sum()) == (only_b, only_a)
    assert set(lists["suite"]) == {"", "small"}
    assert list(settings.columns[:4]) == ["a", "b", "suite", "sweep"]
    assert len(settings) == 3  # clean and two values beside neutral
    assert "Which is better, one or two?" in (out / "compare.html").read_text(encoding="utf-8")


def test_json_is_all_that_stands_on_standard_output(runs: Path, tmp_path: Path) -> None:
    words = ["compare", str(runs / "one"), str(runs / "two"), "-o", str(tmp_path), "--json"]
    told = json.loads(CliRunner().invoke(cli, words).stdout)
    assert told["n"] == 40
    tables = {"suites", "sweeps", "settings", "sides", "disagreements", "calibration"}
    assert {"n", *tables, "report"} == set(told)
    assert [row["temperature"] for row in told["calibration"]] == [None, None]  # not from a training
    assert [row["ece_tempered"] for row in told["calibration"]] == [None, None]
    assert told["suites"][0]["a"] == "one"


def test_seeds_of_one_recipe_have_a_table_and_a_section(runs: Path, tmp_path: Path) -> None:
    words = ["compare", str(runs / "one"), str(runs / "two"), "-o", str(tmp_path), "--seeds", "one, two"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    expected = seed_variance(merge([read_predictions(runs / name) for name in ("one", "two")]), ["one", "two"])
    table = pd.read_csv(tmp_path / "seeds.csv")
    assert set(table["checkpoints"]) == {"one, two"}
    assert table["seed_sd"].tolist() == pytest.approx(expected["seed_sd"].tolist())
    lines = result.stdout.splitlines()
    at = lines.index("Differences by seed (one, two are of one recipe):")
    assert lines[at + 1].split()[:2] == ["setting", "accuracy"]
    assert lines[at + 2].split()[:2] == ["(clean)", percent(expected["accuracy"].iloc[0], 2, sign=False)]
    assert lines[at + 3].startswith("small right ")
    assert str(tmp_path / "seeds.csv") in result.stdout
    assert "How much depends on the seed?" in (tmp_path / "compare.html").read_text(encoding="utf-8")
    told = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    assert [row["seeds"] for row in told["seeds"]] == [2] * len(expected)


def test_seeds_are_recognised_by_what_the_cards_tell(tmp_path: Path, runs: Path) -> None:
    from robustmnist.models.checkpoints.checkpoint import load_checkpoint, save_checkpoint

    shipped = load_checkpoint("fc-small")
    facts = shipped.card.model_dump(exclude={"format", "parameters", "classes", "sha256"})
    for seed in (0, 1):
        model = load_checkpoint("fc-small").model
        with torch.no_grad():
            next(model.parameters()).mul_(1 + 0.2 * seed)
        recipe = {**shipped.card.recipe, "seed": seed}
        save_checkpoint(tmp_path / f"seed-{seed}", model, **{**facts, "seed": seed, "recipe": recipe})
    names = [str(tmp_path / f"seed-{seed}") for seed in (0, 1)]
    words = ["compare", *names, "cnn", "--suite", str(runs / "small.toml"), "--limit", "30", "--dataset", "digits"]
    result = CliRunner().invoke(cli, [*words, "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert f"Differences by seed ({', '.join(names)} are of one recipe):" in result.stdout
    assert set(pd.read_csv(tmp_path / "out" / "seeds.csv")["checkpoints"]) == {", ".join(names)}


def test_pictures_of_a_run_are_on_the_page(runs: Path, tmp_path: Path) -> None:
    for folders, name in (
        ([runs / "one", runs / "two"], "both"),
        ([runs / "one", runs / "two", runs / "one"], "again"),
    ):
        words = ["compare", *map(str, folders), "-o", str(tmp_path / name)]
        assert CliRunner().invoke(cli, words).exit_code == 0
        page = (tmp_path / name / "compare.html").read_text(encoding="utf-8")
        assert page.count('<i role="img" aria-label="Digit ') > 0
        assert "data:image/png;base64," in page


def test_an_interrupt_says_how_to_go_on_and_going_on_works(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "my run"
    words = ["compare", "fc", "cnn", "-s", str(runs / "small.toml"), "--limit", "30", "--dataset", "digits"]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("robustmnist.cli.compare.progress", lambda *_, **__: nullcontext(interrupt))
        stopped = CliRunner().invoke(cli, [*words, "--seed", "3", "-o", str(out)])
    assert stopped.exit_code == 130
    again = re.search(r"interrupted; to continue: robustmnist (.*)", stopped.stderr)
    assert again is not None
    assert again[1] == f"compare fc cnn --suite {runs / 'small.toml'} --dataset digits --limit 30 --seed 3 -o '{out}'"
    assert CliRunner().invoke(cli, shlex.split(again[1])).exit_code == 0
    assert (out / "compare.html").is_file()


def test_checkpoints_are_evaluated_first(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["compare", "fc", "cnn", "--suite", str(runs / "small.toml"), "--limit", "30", "--dataset", "digits"]
    result = CliRunner().invoke(cli, [*words, "-o", str(out)])
    assert result.exit_code == 0, result.output
    run = read_predictions(out)
    clean = quality(run, stored_temperatures(run)).iloc[1]
    line = next(line for line in reversed(result.stdout.splitlines()) if line.startswith("cnn "))
    told = []
    for table in (quality(run), quality(run, stored_temperatures(run))):
        told.append(score_texts(*(table[f"ece_width{end}"].iloc[1] for end in ("", "_low", "_high"))))
    assert line.split() == ["cnn", *told[0], f"{clean['temperature']:.2f}", *told[1]]
    assert run.checkpoints == ("fc", "cnn")
    assert len(run) == 30
    suite = f"--suite {runs / 'small.toml'}"
    options = "--checkpoint fc --checkpoint cnn --dataset digits --limit 30"
    assert run.manifest["command"] == f"robustmnist evaluate {suite} {options}"
    again = CliRunner().invoke(cli, ["compare", str(out), "-o", str(tmp_path / "again")])
    assert again.exit_code == 0
    for name in ("compare.html", "suites.csv", "settings.csv", "disagreements.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fc"], "two checkpoints or more"),
        (["fc", "fc"], "two checkpoints or more"),
        (["fc", "{one}"], "not both"),
        (["{one}", "{two}", "--limit", "5"], "--limit is for checkpoints"),
        (["{one}", "{two}", "--suite", "rotation"], "rotation"),
        (["{one}"], "one checkpoint only, 'one'"),
        (["{one}", "{two}", "--baseline", "three"], "three"),
        (["fc", "cnnn"], "did you mean 'cnn'"),
        (["{one}", "nowhere"], "'nowhere' is not a folder"),
        (["fc", "cnn", "--baseline", "lenet5", "--suite", "{small}"], "'lenet5' is not among fc, cnn"),
        (["fc", "cnn", "--seeds", "fc,lenet5", "--suite", "{small}"], "--seeds: 'lenet5' is not among fc, cnn"),
        (["{one}", "{two}", "--seeds", "one"], "one: seeds are two or more checkpoints"),
        (["{one}", "{two}", "--seeds", "one,three"], "checkpoint 'three' is not in this run"),
        (["{one}", "{two}", "--seeds", "one,one"], "each named once"),
        (["fc", "cnn", "--suite", "shift-map"], "there is no curve to compare"),
    ],
)
def test_bad_input_is_code_2(
    words: list[str],
    told: str,
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed = [word.format(one=runs / "one", two=runs / "two", small=runs / "small.toml") for word in words]
    monkeypatch.setattr(sys, "argv", ["robustmnist", "compare", *typed, "-o", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    found = capsys.readouterr()
    assert told in found.err
    assert found.out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "{one}", "{two}", "-o", "{file}"],
        ["compare", "{one}", "{two}", "-o", "{file}/out"],
        ["report", "{one}", "-o", "{file}/page.html"],
        ["measure", "--dataset", "digits", "--limit", "3", "-o", "{file}/table.csv"],
    ],
)
def test_what_cannot_be_written_is_code_2(
    words: list[str], runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    typed = [word.format(one=runs / "one", two=runs / "two", file=tmp_path / "file") for word in words]
    monkeypatch.setattr(sys, "argv", ["robustmnist", *typed])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    found = capsys.readouterr()
    assert str(tmp_path / "file") in found.err.splitlines()[-1]
    assert found.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_failing_disk_is_one_line_and_code_1(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("robustmnist.predictions.read_predictions", failing)
    monkeypatch.setattr(sys, "argv", ["robustmnist", "report", str(runs / "one")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "robustmnist: [Errno 5] Input/output error\n"


def test_a_report_of_two_runs_shows_both(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["report", str(runs / "one"), str(runs / "two")])
    assert result.exit_code == 0, result.output
    page = Path(result.stdout.strip())
    assert page.parent.parent == Path("runs")
    html = page.read_text(encoding="utf-8")
    assert "robustmnist: one and two" in html


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_else_and_comes_out_the_same_again() -> None:
    run = synthetic_predictions(("<b>fc</b>", "cnn"), n=60, digits=False)
    html = render_comparison(run, resamples=100)
    assert html == render_comparison(synthetic_predictions(("<b>fc</b>", "cnn"), n=60, digits=False), resamples=100)
    tags: dict[str, int] = {}
    ids: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags[tag] = tags.get(tag, 0) + 1
            ids.extend(value or "" for name, value in attrs if name == "id")

    Parser().feed(html)
    assert tags["h1"] == tags["main"] == tags["title"] == 1
    assert not {"script", "img", "link", "iframe"} & set(tags)
    assert "<b>fc</b>" not in html
    assert len(ids) == len(set(ids))
    assert "prefers-color-scheme:dark" in html
    assert len(html.encode()) < 60_000


def test_one_checkpoint_is_nothing_to_compare() -> None:
    suite = make_suite("s", make_sweep(values=(0, 1)))
    with pytest.raises(RunError, match="nothing to compare"):
        render_comparison(synthetic_predictions(("a",), n=10, suites=[suite], digits=False))


def test_the_tables_are_those_of_the_library(runs: Path, tmp_path: Path) -> None:
    words = ["compare", str(runs / "one"), str(runs / "two"), "-o", str(tmp_path)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    (pair,) = compare_pairs(merge([read_predictions(runs / name) for name in ("one", "two")]))
    told = pd.read_csv(tmp_path / "suites.csv")
    assert told["difference"].iloc[0] == pytest.approx(pair.suites["difference"].iloc[0])
    assert told["p_holm"].iloc[0] == pytest.approx(pair.suites["p_holm"].iloc[0])
