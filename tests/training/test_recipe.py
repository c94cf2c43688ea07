"""Recipes: what they may say, overrides, and that a written recipe reads back as itself."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from support import small_training

from robustmnist.errors import RecipeError
from robustmnist.training.read import check_recipe, load_recipe, shipped_recipes
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import recipe_toml

MINIMAL: dict[str, Any] = {"name": "mine", "model": {"name": "fc"}}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text('epochs = 3\n[model]\nname = "fc"\nwidths = [32]\n[optimizer]\nlr = 0.01\n')
    return path


def test_a_file_and_its_defaults(mine: Path) -> None:
    recipe = load_recipe(mine)
    assert (recipe.name, recipe.epochs, recipe.optimizer.lr) == ("mine", 3, 0.01)
    assert (recipe.data.validation, recipe.precision, recipe.seed) == (5000, "auto", 0)
    assert recipe.architecture == {
        "model": "fc",
        "widths": [32],
        "dropout": 0.0,
        "input_dropout": 0.0,
        "batch_norm": False,
        "activation": "relu",
    }
    assert not recipe.augment.active


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("optimizer.lr=0.5", ("optimizer", "lr"), 0.5),
        ("optimizer.lr=1", ("optimizer", "lr"), 1.0),
        ("optimizer.name=sgd", ("optimizer", "name"), "sgd"),
        ('optimizer.name = "sgd"', ("optimizer", "name"), "sgd"),
        ("optimizer.betas=[0.8, 0.9]", ("optimizer", "betas"), (0.8, 0.9)),
        ("epochs=7", ("epochs",), 7),
        ("augment.shift=2", ("augment", "shift"), 2.0),
        ("model.widths=[8, 4]", ("model", "widths"), [8, 4]),
        ("title=a title = with signs", ("title",), "a title = with signs"),
    ],
)
def test_overrides(mine: Path, override: str, path: tuple[str, ...], value: object) -> None:
    found: Any = load_recipe(mine, overrides=["epochs=5", override])
    for part in path:
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found == value


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lrr=1", "optimizer.lrr: unknown key, did you mean 'lr'?"),
        ("optimiser.lr=1", "optimiser: unknown key, did you mean 'optimizer'?"),
        ("optimizer.lr=fast", "optimizer.lr: should be a valid number, not 'fast'"),
        ("optimizer.lr=0", "optimizer.lr: should be greater than 0"),
        ("optimizer.lr=nan", "optimizer.lr: should be a finite number"),
        ("epochs=2.5", "epochs: should be a valid integer"),
        ("epochs=true", "epochs: should be a valid integer"),
        ("optimizer.name=adamm", "optimizer.name: should be 'adam', 'adamw' or 'sgd'"),
        ("schedule.name=linear", "schedule.name: should be"),
        ("model.name=fcc", "no model is called 'fcc', did you mean 'fc'?"),
        ("model.width=[3]", "width: unknown key, did you mean 'widths'?"),
        ("epochs.lr=1", "'epochs' is a value, not a table"),
        ("epochs", "is not key=value"),
        ("=3", "is not key=value"),
        ("a..b=3", "is not key=value"),
        ("name=../elsewhere", "name: "),
    ],
)
def test_bad_overrides(mine: Path, override: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(mine, overrides=[override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_mistake_is_named_at_once(mine: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(mine, overrides=["epochs=0", "optimizer.lr=-1", "seed=-1"])
    assert len(str(caught.value).splitlines()) == 3


def test_unknown_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no recipe is called that"):
        load_recipe(tmp_path / "none.toml")
    if "lenet5" in shipped_recipes():
        with pytest.raises(RecipeError, match="did you mean 'lenet5'"):
            load_recipe("lenet")
    (tmp_path / "broken.toml").write_text("epochs = = 3")
    with pytest.raises(RecipeError, match="is not TOML"):
        load_recipe(tmp_path / "broken.toml")
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(RecipeError, match="model: is missing"):
        load_recipe(tmp_path / "empty.toml")


@pytest.mark.parametrize("text", ["", "plain", 'quotes " and \\ and\nlines\t', "digit é ５ 😀", "\x7f\x00\x1f"])
def test_a_written_recipe_reads_back(text: str) -> None:
    given = MINIMAL | {"title": text, "optimizer": {"lr": 1e-05, "betas": [0.5, 0.25]}, "average": {"decay": 0.999}}
    recipe = check_recipe(given, where="test")
    assert check_recipe(tomllib.loads(recipe_toml(recipe)), where="test") == recipe


@pytest.mark.parametrize("path", shipped_recipes().values(), ids=shipped_recipes().keys())
def test_shipped_recipes(path: Path) -> None:
    recipe = load_recipe(path.stem)
    assert isinstance(recipe, Recipe)
    assert path.read_text().startswith("# ")
    assert recipe.title
    assert recipe.description.endswith(".")
    assert recipe.data.validation == 5000
    # Who only has a CPU and who has a GPU train the same recipe to the same precision.
    assert recipe.precision == "float32"
    assert recipe.augment.active == (path.stem == "cnn-augmented")
    assert check_recipe(tomllib.loads(recipe_toml(recipe)), where="test") == recipe


def test_recipes_without_later_values_are_what_they_were() -> None:
    plain = small_training.recipe().as_dict()
    assert "initialisation" not in plain
    assert "noise" not in plain["augment"]
    other = small_training.recipe(initialisation="xavier", augment={"noise": 0.5}).as_dict()
    assert (other["initialisation"], other["augment"]["noise"]) == ("xavier", 0.5)
    with pytest.raises(RecipeError, match="initialisation"):
        small_training.recipe(initialisation="Xavier")
