"""What a recipe's augmentation may name, and the line for each mistake in it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.small_training import recipe

from robustmnist.ablation import load_study
from robustmnist.cli import cli
from robustmnist.errors import RecipeError
from robustmnist.suites import load_suite
from robustmnist.suites.trained_on import augmented_by, perturbed_by, trained_on_words
from robustmnist.training.augmentation.pool import pool_of
from robustmnist.training.read import load_recipe

SMALL = 'epochs = 1\nbatch_size = 32\n[model]\nname = "fc"\nwidths = [16]\n[data]\ndataset = "digits"\n'
SMALL += "validation = 0.1\nlimit = 200\n"


def lines(**augment: Any) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        pool_of(recipe(augment=augment))
    return str(caught.value).splitlines()


def test_names_of_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text((Path("perturbations") / "scale.toml").read_text())
    names = ["core", "blur.gaussian", str(tmp_path / "mine.toml")]
    found = pool_of(recipe(augment={"suites": names, "settings": 3}))
    assert [source.name for source in found.sources] == [
        "shift", "scale", "rotation", "thickness", "decentering", "noise", "blur.gaussian", "mine",
    ]  # fmt: skip
    assert found.settings == (3, 3)
    assert all(len(sha256) == 64 for sha256 in found.files.values())
    assert recipe(augment={"suites": "blur, noise"}).augment.suites == ["blur", "noise"]


def test_what_is_blind_is_left_out() -> None:
    noise = pool_of(recipe(augment={"suites": ["noise", "blur"], "blind": ["mnist-c"]}))
    assert "shot-noise" not in noise.perturbations  # one and the same function as mnist-c's
    assert {"gaussian-noise", "defocus"} <= set(noise.perturbations)
    assert lines(suites=["noise"], blind=["noise"]) == [
        "recipe 'small': augment.blind: leaves nothing of augment.suites"
    ]
    assert "no augment.suites to leave it out of" in lines(blind=["noise"])[0]
    single = [{"name": "gaussian-noise", "range": [0.0, 0.2]}]
    assert "gaussian-noise is in augment.blind too" in lines(perturbation=single, suites=["blur"], blind=["noise"])[0]


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        ({"suites": ["blurr"]}, "augment.suites.0: unknown suite 'blurr', did you mean 'blur'?"),
        (
            {"suites": ["blur", "blur.gausian"]},
            "augment.suites.1: blur: unknown sweep 'gausian', did you mean 'gaussian'",
        ),
        ({"suites": ["none.toml"]}, "augment.suites.0: none.toml: cannot be read (No such file"),
        ({"suites": ["blur"], "settings": 2}, "augment.settings: 2 of 1 suite"),
        ({"perturbation": [{"name": "gausian-blur"}]}, "perturbation.0.name: unknown perturbation 'gausian-blur', did"),
        ({"perturbation": [{"name": "gaussian-blur"}]}, "augment.perturbation.0.range: is missing, of sigma"),
        (
            {"perturbation": [{"name": "gaussian-blur", "range": [-1.0, 2.0]}]},
            "augment.perturbation.0.range.0: sigma goes from 0 to",
        ),
        (
            {"perturbation": [{"name": "shift-towards", "range": [0.0, 2.0], "over": {"direction": ["north"]}}]},
            "augment.perturbation.0.over.direction.0: unknown direction 'north'",
        ),
        (
            {"perturbation": [{"name": "blur.gaussian", "range": [0.0, 9.0]}]},
            "augment.perturbation.0.range: blur.gaussian goes from 0 to 3 px",
        ),
        (
            {"perturbation": [{"name": "gaussian-blur", "range": [0.0, 1.0], "parameter": "radius"}]},
            "augment.perturbation.0.parameter: unknown parameter of 'gaussian-blur' 'radius'",
        ),
    ],
)
def test_a_line_for_each_mistake(augment: dict[str, Any], message: str) -> None:
    (line,) = lines(**augment)
    assert message in line


def test_mistakes_of_a_table_and_several_at_once() -> None:
    for augment, message in (
        ({"settings": [2, 1]}, "augment: settings: 1 is below 2"),
        ({"perturbation": [{"name": "blur.gaussian", "range": [2.0, 1.0]}]}, "range: 1 is not above 2"),
        ({"suite": ["blur"]}, "augment.suite: unknown key, did you mean 'suites'?"),
        ({"suites_probability": 1.5}, "augment.suites_probability: should be less than or equal to 1"),
    ):
        with pytest.raises(RecipeError) as caught:
            recipe(augment=augment)
        assert message in str(caught.value)
    assert len(lines(suites=["blurr", "noize"], perturbation=[{"name": "x"}])) == 3


def test_trained_on() -> None:
    """Moves count, other conventions of the same count, and what was never met does not."""
    moved = perturbed_by({"augment": {"shift": 2.5, "rotation": 15.0}})
    assert {"shift-towards", "mnist-c-translate", "mnist-c-rotate", "random-pose"} <= moved
    assert "gaussian-noise" not in moved
    assert not perturbed_by({"augment": {"probability": 0.0, "shift": 2.5}})
    suites = [load_suite(name) for name in ("shift", "mnist-c", "blur")]
    said = trained_on_words("cnn", moved, suites)
    assert said == "cnn was trained on digits perturbed in the same ways as in shift and mnist-c (2 of 16 sweeps)"
    assert trained_on_words("cnn", frozenset(), suites) == ""
    assert augmented_by(load_recipe("cnn-augmented").as_dict()) == [
        "shift",
        "rotation",
        "scale",
        "stretch",
        "thickness",
    ]


@pytest.fixture(scope="module")
def blurred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a grid of two trainings, one of them on blurred digits."""
    folder = tmp_path_factory.mktemp("grid")
    (folder / "small.toml").write_text(SMALL)
    command = ["train", str(folder / "small.toml"), "--grid", "augment.suites=blur,noise.gaussian"]
    done = CliRunner().invoke(cli, [*command, "-o", str(folder / "runs")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder


def test_a_grid_and_what_is_said_of_it(blurred: Path) -> None:
    run = blurred / "runs" / "suites=blur,seed=0"
    table = CliRunner().invoke(cli, ["checkpoints", str(blurred / "runs")], catch_exceptions=False).output
    assert "noise.gaussian" in table
    said = CliRunner().invoke(cli, ["checkpoints", str(run / "best")], catch_exceptions=False).output
    assert "perturbed by blur" in said
    out = blurred / "evaluation"
    command = ["evaluate", "-c", str(run / "best"), "-s", "blur", "-s", "scale", "--dataset", "digits:test"]
    done = CliRunner().invoke(cli, [*command, "--limit", "20", "-o", str(out)], catch_exceptions=False)
    sentence = "small was trained on digits perturbed in the same ways as in blur"
    assert f"trained on: {sentence}" in done.output
    assert json.loads((out / "run.json").read_text())["trained_on"] == [sentence]
    assert sentence in (out / "report.html").read_text()


def test_a_wrong_name_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    command = ["train", str(tmp_path / "small.toml"), "-o", str(tmp_path / "run")]
    for extra in (["--set", "augment.suites=blurr"], ["--grid", "augment.suites=blur,blurr"]):
        with pytest.raises(RecipeError, match="unknown suite 'blurr'"):
            CliRunner().invoke(cli, [*command, *extra], catch_exceptions=False)
        assert not (tmp_path / "run").exists()


def test_a_study_checks_every_variant(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    study = tmp_path / "study.toml"
    text = 'title = "t"\nrecipe = "small.toml"\nseeds = [0]\nsuites = ["scale"]\ndataset = "digits:test"\n[[variant]]\n'
    text += 'name = "blurred"\ntitle = "on blurred digits"\nproperty = "augmentation"\n'
    study.write_text(text + 'set.augment.suites = ["blur"]\n')
    load_study(study)
    study.write_text(text + 'set.augment.suites = ["blurr"]\n')
    with pytest.raises(RecipeError, match=r"study.toml: blurred: .*augment.suites.0: unknown suite 'blurr'"):
        load_study(study)


def test_a_suite_with_code_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def fade(images, *, share):\n    return images * (1 - share)\n")
    (tmp_path / "fading.toml").write_text(
        'title = "Fading"\nquestion = "How pale?"\n[[sweep]]\nname = "fade"\ntitle = "Fade"\n'
        'perturbation = "mine.py:fade"\nparameter = "share"\nunit = "fraction"\nvalues = [0, 0.5]\n'
    )
    (tmp_path / "small.toml").write_text(SMALL)
    wanted = load_recipe(
        tmp_path / "small.toml", overrides=[f'augment.suites=["{(tmp_path / "fading.toml").as_posix()}"]']
    )
    with pytest.raises(RecipeError, match="--code"):
        pool_of(wanted)
    (source,) = pool_of(wanted, [f"{tmp_path / 'mine.py'}:fade"]).sources
    assert source.sweeps[0].own is not None
    assert dataclasses.asdict(source)["probability"] is None
