"""A study from TOML to page: cells, effects, what is resumed and refused, what the page says."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import t as student
from scipy.stats import ttest_rel

from robustmnist.ablation import ablate, load_study, session
from robustmnist.ablation.cell import SEAL, Cell, read_cell, write_cell
from robustmnist.ablation.critical import critical_effects
from robustmnist.ablation.critical_page import critical_strengths
from robustmnist.ablation.critical_words import critical_words, reach
from robustmnist.ablation.effects import effects_table, measured
from robustmnist.ablation.folder import StudyFolder
from robustmnist.ablation.page import render_study, write_study
from robustmnist.ablation.session import cells_of
from robustmnist.ablation.study import Study
from robustmnist.cli import cli
from robustmnist.errors import InputError, RecipeError, RunError
from robustmnist.statistics.crossed_effects import crossed_effect, seed_effect
from robustmnist.system.files import sha256_bytes

RECIPE = """
epochs = 1
batch_size = 32
[model]
name = "fc"
widths = [16]
[optimizer]
lr = 0.02
[data]
dataset = "digits"
validation = 0.1
limit = 300
"""
STUDY = """
title = "What a <small> network needs"
recipe = "small.toml"
seeds = [0, 1]
suites = ["small-suite.toml"]
dataset = "digits:test"
limit = 60
[[variant]]
name = "zero"
title = "all weights start at zero"
property = "initialisation"
set.initialisation = "zero"
"""
SUITE = """
title = "Shifts"
question = "How far?"
source = "made up"
[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 2, 4]
fixed = { direction = "right" }
"""


def call(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    (folder / "small.toml").write_text(RECIPE)
    (folder / "small-suite.toml").write_text(SUITE)
    path = folder / "mine.toml"
    path.write_text(STUDY.replace("small-suite.toml", str(folder / "small-suite.toml")))
    return path


@pytest.fixture(scope="module")
def folder(source: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    study = load_study(source)
    folder = ablate(study, source, tmp_path_factory.mktemp("out") / "s", device="cpu")
    write_study(folder, study)
    return folder


def test_a_study_keeps_a_cell_per_variant_and_seed(folder: StudyFolder, source: Path) -> None:
    names = {path.name for path in (folder.path / "cells").iterdir()}
    assert names == {
        f"{name}-{seed}.{kind}" for name in ("base", "zero") for seed in (0, 1) for kind in ("json", "npz")
    }
    cells = cells_of(folder, load_study(source))
    for several in cells.values():
        for cell in several:
            assert cell.facts["accuracy"] == pytest.approx(cell.right.mean(), abs=1e-6)
            for suite, area in cell.facts["areas"].items():
                assert area == pytest.approx(cell.areas[suite].mean(), abs=1 / 255)
            [sweep] = cell.facts["sweeps"]
            assert np.average(sweep["accuracy"], weights=[1, 2, 1]) == pytest.approx(
                cell.facts["areas"]["small-suite"], abs=1e-5
            )
    assert cells["zero"][0].facts["accuracy"] < 0.3 < cells["base"][0].facts["accuracy"]


def test_an_interrupted_study_makes_only_what_is_missing(
    folder: StudyFolder, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = session.make_cell

    def cut(path: Path, *given: Any) -> None:
        if len(made) == 1:
            raise KeyboardInterrupt
        made.append(path.name)
        make(path, *given)

    monkeypatch.setattr(session, "make_cell", cut)
    study = load_study(source)
    with pytest.raises(KeyboardInterrupt):
        ablate(study, source, tmp_path / "s", device="cpu")
    with pytest.raises(RunError, match="has no cell of zero yet"):
        write_study(StudyFolder(tmp_path / "s"), study)
    made[:] = ["", ""]
    seen: list[tuple[int, int]] = []
    ablate(study, source, tmp_path / "s", device="cpu", on_progress=lambda *now: seen.append(now))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for path in (folder.path / "cells").glob("*.npz"):
        assert (tmp_path / "s" / "cells" / path.name).read_bytes() == path.read_bytes()
    made[:] = [""]  # whatever would be made now ends it
    ablate(study, source, tmp_path / "s", device="cpu")


def test_cells_of_another_recipe_are_refused(folder: StudyFolder, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(
        source.read_text().replace('"small.toml"', f'"{source.parent / "small.toml"}"') + "[set]\nepochs = 2\n"
    )
    with pytest.raises(RunError, match="was made with another recipe"):
        ablate(load_study(other), other, folder.path, device="cpu")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").touch()
    with pytest.raises(RunError, match="holds no study"):
        ablate(load_study(source), source, tmp_path / "full", device="cpu")


def test_a_changed_cell_is_seen(folder: StudyFolder, tmp_path: Path) -> None:
    for kind in ("json", "npz"):
        data = {each: (folder.path / "cells" / f"base-0.{each}").read_bytes() for each in ("json", "npz")}
        data[kind] = data[kind].replace(b"0", b"1", 1)
        for each, content in data.items():
            (tmp_path / f"cell.{each}").write_bytes(content)
        with pytest.raises(RunError, match="cannot be read"):
            read_cell(tmp_path / "cell")
    assert read_cell(tmp_path / "nothing") is None


def test_the_page_comes_from_the_folder_alone(folder: StudyFolder, source: Path) -> None:
    before = folder.page.read_bytes()
    shown = call("ablate", folder.path, "--json")
    assert shown.exit_code == 0, shown.output
    assert folder.page.read_bytes() == before
    effects = json.loads(shown.stdout)["effects"]
    assert {row["measure"] for row in effects} == {"accuracy", "area", "area:small-suite", "ece", "ece_perturbed"}
    text = before.decode()
    plain = html.unescape(re.sub(r"<[^>]*>", " ", text))
    assert "What a <small> network needs" in plain
    assert "<small> network" not in text
    assert "<script" not in text
    assert "all weights start at zero" in plain
    table = pd.read_csv(folder.path / "effects.csv")
    row = table[(table["variant"] == "zero") & (table["measure"] == "accuracy")].iloc[0]
    assert row["difference"] == pytest.approx(row["value"] - row["base"], abs=1e-5)
    again = call("ablate", folder.path)
    assert f"page: {folder.page}" in again.stdout


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('set.initialisation = "zero"', 'set.initialisation = "zeros"', "initialisation"),
        ('set.initialisation = "zero"', "set.model.width = 3", "width"),
        ('set.initialisation = "zero"', "set.epochs = 1", "zero changes nothing"),
        ('name = "zero"', 'name = "base"', "a name of its own"),
        ("seeds = [0, 1]", "seeds = [1, 1]", "twice"),
        ("seeds = [0, 1]", "seeds = []", "seeds"),
        ('recipe = "small.toml"', 'recipe = "smal.toml"', "no such file"),
    ],
)
def test_mistakes_in_a_study_are_said(source: Path, old: str, new: str, message: str) -> None:
    path = source.parent / "wrong.toml"
    assert old in source.read_text()
    path.write_text(source.read_text().replace(old, new))
    with pytest.raises(RecipeError, match=message):
        load_study(path)


def test_a_suite_without_curves_is_refused(source: Path, tmp_path: Path) -> None:
    path = source.parent / "maps.toml"
    path.write_text(re.sub(r"suites = .*", 'suites = ["shift-map"]', source.read_text()))
    with pytest.raises(InputError, match="has no curve"):
        ablate(load_study(path), path, tmp_path / "s", device="cpu")


def made_up(effect: float, spread: float, *, seeds: int = 5, n: int = 400) -> dict[str, list[Cell]]:
    """Return cells of a base that reads 90 % and a variant that reads more or less, each seed by chance as well."""
    rng = np.random.default_rng(3)
    cells: dict[str, list[Cell]] = {"base": [], "other": []}
    for seed in range(seeds):
        level = rng.random(n)
        for name, share in (("base", 0.8), ("other", 0.8 + effect + spread * rng.standard_normal())):
            right = level < share
            facts = {"variant": name, "seed": seed, "areas": {"shift": float(right.mean())}, "device": "cpu", "n": n}
            facts |= {"accuracy": float(right.mean()), "ece": 0.02, "ece_perturbed": 0.1, "sweeps": SWEEPS}
            cells[name].append(Cell(facts, right, {"shift": right.astype(float)}))
    return cells


SWEEPS = [{"suite": "shift", "sweep": "right", "unit": "px", "values": [0, 1], "accuracy": [0.9, 0.5]}]
TWO = Study.model_validate(
    {
        "title": "x",
        "recipe": "fc",
        "seeds": [0, 1, 2, 3, 4],
        "variant": [{"name": "other", "title": "another width", "property": "width", "set": {"epochs": 3}}],
    }
)


@pytest.mark.parametrize(
    ("effect", "spread", "words"),
    [
        (0.1, 0.0, "For robustness width matters, most first, by mean area: another width (+"),
        (0.0, 0.0, "No clear effect on either, with as many seeds: another width."),
        (
            0.04,
            0.15,
            "No change has a clear effect on robustness.",
        ),  # digits alone would say otherwise: seeds differ more
    ],
)
def test_what_matters_is_said_by_rules(effect: float, spread: float, words: str) -> None:
    cells = made_up(effect, spread)
    text = html.unescape(render_study(TWO, cells, effects_table(cells)))
    assert words in text


def test_effects_are_paired_by_seed_and_corrected() -> None:
    cells = made_up(0.1, 0.0)
    cells["other"] = cells["other"][1:]  # a seed without its partner does not count
    table = effects_table(cells)
    row = measured(table, "accuracy")["other"]
    own, base = (np.mean([cell.right for cell in several]) for several in (cells["other"], cells["base"][1:]))
    assert row["seeds"] == 4
    assert row["difference"] == pytest.approx(own - base)
    assert (table["p_holm"].dropna() >= table["p"].dropna()).all()


def test_critical_strengths_are_effects_too() -> None:
    """Seed by seed, away from neutral on either side, and the end of the sweep where nothing falls before it."""

    def side(name: str, critical: float | None, end: float) -> dict[str, Any]:
        return {"suite": "shift", "sweep": "x", "side": name, "unit": "px", "end": end} | {
            "critical": critical,
            "beyond": critical is None,
        }

    cells = made_up(0.0, 0.0, seeds=3)
    strengths = {
        "base": [(2.0, -2.0), (2.1, -2.1), (2.2, -2.0)],
        "other": [(3.0, -1.0), (3.1, -1.2), (None, -1.0)],
    }
    for name, pairs in strengths.items():
        cells[name] = [
            replace(cell, facts={**cell.facts, "critical": [side("above", up, 4.0), side("below", down, -4.0)]})
            for cell, (up, down) in zip(cells[name], pairs, strict=True)
        ]
    table = critical_effects(cells).set_index("side")
    assert table.loc["above", "farther"] == pytest.approx((1.0 + 1.0 + 1.8) / 3)
    assert table.loc["below", "farther"] == pytest.approx(-(1.0 + 0.9 + 1.0) / 3)
    assert table.loc["below", "value"] == pytest.approx(-3.2 / 3)
    assert table["beyond"].to_dict() == {"above": 1, "below": 0}
    assert table.loc["below", "p"] == pytest.approx(ttest_rel([-1, -1.2, -1], [-2, -2.1, -2]).pvalue)
    assert (table["p_holm"] >= table["p"]).all()
    text = html.unescape(render_study(TWO, cells, effects_table(cells)))
    said = "With these changes digits may be pushed clearly less far (in how many of 2 directions): another width (1)."
    assert said in text
    assert "(−0.97*; −1.11 to −0.82)" in text
    assert "3.05 px (1 of 3 beyond) (+1.27*; " in text.replace("\u00a0", " ")


def test_a_network_that_only_guesses_is_not_said_to_go_farther() -> None:
    side = {"variant": ["other"], "suite": ["s"], "sweep": ["x"], "side": ["above"], "n": [9], "seeds": [2]}
    farther = pd.DataFrame(side).assign(farther=2.0, p_holm=0.001)
    [said] = reach(TWO, farther, {"other": {"value": 0.9}})
    assert said.endswith("clearly farther (in how many of 1 directions): another width (1).")
    [said] = reach(TWO, farther, {"other": {"value": 0.11}})
    assert said.startswith("In no direction does a change that leaves most digits readable move ")


def test_critical_strengths_fit_on_paper() -> None:
    """At most five changes stand in a table, each beside the base."""
    cells = made_up(0.0, 0.0, seeds=2)
    side = {"suite": "s", "sweep": "x", "side": "above", "unit": "×", "end": 1.6, "critical": 1.25, "beyond": False}
    names = [f"v{at}" for at in range(7)]
    several = {
        name: [replace(cell, facts={**cell.facts, "critical": [side]}) for cell in cells["base"]]
        for name in ("base", *names)
    }
    variants = [{"name": name, "title": name.upper(), "property": "p", "set": {"epochs": 3}} for name in names]
    study = Study.model_validate({"title": "x", "recipe": "fc", "seeds": [0, 1], "variant": variants})
    tables = critical_strengths(study, several, critical_effects(several), names)
    assert [len(table.head) for table in tables] == [7, 4]
    assert tables[1].head == ("sweep and side", "as the recipe says", "V5", "V6")
    assert tables[0].rows == (("s: x, above", "1.25×", *["1.25× (0.00; 0.00 to 0.00)"] * 5),)


def test_critical_strengths_vary_over_seeds_and_digits_together() -> None:
    """A critical strength and its influences are numbers of digits: their effect is that of any mean over digits."""
    rng = np.random.default_rng(5)
    cells = made_up(0.0, 0.0, seeds=3, n=50)
    side = {"suite": "shift", "sweep": "x", "side": "below", "unit": "px", "end": -4.0, "beyond": False}
    for at, several in enumerate(cells.values()):
        for seed, cell in enumerate(several):
            influences = rng.normal(size=(1, 50))
            strength = {**side, "critical": -2.0 - 0.4 * at - 0.02 * seed}
            several[seed] = replace(cell, facts={**cell.facts, "critical": [strength]}, influences=influences)
    [row] = critical_effects(cells).to_dict("records")
    numbers = {
        name: np.stack([-cell.facts["critical"][0]["critical"] + cell.influences[0] for cell in several])
        for name, several in cells.items()
    }
    effect = crossed_effect(numbers["other"] - numbers["base"])
    assert (row["n"], row["seeds"]) == (50, 3)
    assert [row[key] for key in ("low", "high", "p")] == pytest.approx([effect.low, effect.high, effect.p])
    text = html.unescape(render_study(TWO, cells, effects_table(cells)))
    assert "95 % interval over seeds and digits together" in text
    # A cell that was made before influences were kept: over the seeds alone, and the page says so.
    cells["other"][1] = replace(cells["other"][1], influences=np.zeros((0, 0)))
    [alone] = critical_effects(cells).to_dict("records")
    assert (alone["n"], alone["farther"]) == (0, pytest.approx(0.4))
    assert "95 % interval over the seeds;" in html.unescape(render_study(TWO, cells, effects_table(cells)))


def test_critical_strengths_of_one_seed_vary_over_digits_alone() -> None:
    """And the page says so, in its note and in its answers."""
    rng = np.random.default_rng(6)
    cells = made_up(0.0, 0.0, seeds=1, n=50)
    side = {"suite": "shift", "sweep": "x", "side": "above", "unit": "px", "end": 4.0, "beyond": False, "critical": 2.0}
    for several in cells.values():
        several[0] = replace(
            several[0], facts={**several[0].facts, "critical": [side]}, influences=rng.normal(size=(1, 50))
        )
    farther = critical_effects(cells)
    [row] = farther.to_dict("records")
    moved = cells["other"][0].influences[0] - cells["base"][0].influences[0]
    half = student.ppf(0.975, 49) * moved.std(ddof=1) / 50**0.5
    assert row["high"] - row["low"] == pytest.approx(2 * half)
    assert "95 % interval over other digits alone, of one seed; *" in critical_words(farther)
    [said] = reach(TWO, farther, {"other": {"value": 0.9}})
    assert said.endswith(" clearly, over other digits alone, of one seed.")


def test_influences_are_kept_in_a_cell_and_may_be_missing(folder: StudyFolder, source: Path, tmp_path: Path) -> None:
    cell = cells_of(folder, load_study(source))["base"][0]
    assert cell.influences.shape == (len(cell.facts["critical"]), 60)
    np.testing.assert_allclose(cell.influences.mean(1), 0, atol=1e-5)
    assert cell.influences.any()
    table = pd.read_csv(folder.path / "critical.csv")
    assert (table["n"] == 60).all()
    with np.load(folder.path / "cells" / "base-0.npz") as arrays:
        before = {name: arrays[name] for name in ("right", "areas")}  # as cells were before
    np.savez_compressed(tmp_path / "cell.npz", **before)
    facts = dict(cell.facts) | {"arrays_sha256": sha256_bytes((tmp_path / "cell.npz").read_bytes())}
    (tmp_path / "cell.json").write_bytes(SEAL.write(facts))
    read = read_cell(tmp_path / "cell")
    assert read is not None
    assert read.influences.size == 0


def test_cells_without_critical_strengths_still_read() -> None:
    cells = made_up(0.1, 0.0)
    assert critical_effects(cells).empty
    assert "Critical strengths" in render_study(TWO, cells, effects_table(cells))


def test_crossed_effects_cover_what_they_promise() -> None:
    """The interval holds the true mean in about 95 % of draws where both seeds and digits vary."""
    rng = np.random.default_rng(0)
    for seed_sd, digit_sd in ((0.05, 0.3), (0.002, 0.5), (0.1, 0.01)):
        held = 0
        for _ in range(400):
            values = 0.02 + seed_sd * rng.standard_normal((5, 1)) + digit_sd * rng.standard_normal((1, 60))
            effect = crossed_effect(values + 0.2 * rng.standard_normal((5, 60)))
            held += effect.low <= 0.02 <= effect.high
        assert 0.91 <= held / 400 <= 1.0


def test_effects_of_few_seeds() -> None:
    one = crossed_effect(np.array([[1.0, 0.0, 1.0, 0.0]]))
    assert one.low < 0.5 < one.high
    assert np.isnan(seed_effect(np.array([0.1])).p)
    two = seed_effect(np.array([0.1, 0.3]))
    assert two.mean == pytest.approx(0.2)
    assert two.high - two.mean == pytest.approx(12.706 * 0.1, rel=1e-3)  # Student's t with one degree of freedom


def test_a_training_that_diverges_is_a_cell_too(tmp_path: Path) -> None:
    nothing = np.zeros(8)
    write_cell(tmp_path / "cell", Cell({"n": 8, "seed": 0, "areas": {"shift": 0.0}}, nothing > 0, {"shift": nothing}))
    cell = read_cell(tmp_path / "cell")
    assert cell is not None
    assert not cell.right.any()
