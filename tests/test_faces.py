"""What is offered where a name is completed: the names of the surface only, no modules and no imports of the file."""

import importlib
import inspect

import pytest

FACES = (
    "ablation",
    "adoption",
    "data",
    "evaluation",
    "explanation",
    "figures",
    "generalisation",
    "inspection.preflight",
    "measure",
    "models.contract",
    "models.export",
    "models.sources",
    "perturb",
    "perturbed_sets",
    "predictions",
    "report",
    "results",
    "suites",
    "training",
    "training.sanity",
)
MODULES = {"perturb": {"mnist_c"}}  # which is a part of that surface


@pytest.mark.parametrize("name", ["", *FACES])
def test_dir_offers_the_surface_only(name: str) -> None:
    face = importlib.import_module(f"robustmnist.{name}".rstrip("."))
    assert dir(face) == sorted(face.__all__)
    if name:  # the face of the package offers rooms: perturb, plot and results
        assert {each for each in dir(face) if inspect.ismodule(getattr(face, each))} == MODULES.get(name, set())
    homes = {each: getattr(inspect.unwrap(getattr(face, each)), "__module__", None) for each in dir(face)}
    assert {each: home for each, home in homes.items() if home and not home.startswith("robustmnist")} == {}
