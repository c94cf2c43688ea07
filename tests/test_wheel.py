"""The wheel: one import name, suites and checkpoints inside, and it runs from an empty folder."""

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the tracked tree, without a network."""
    source = tmp_path_factory.mktemp("source")
    for name in ("robustmnist", "perturbations", "checkpoints"):
        for path in (CHECKOUT / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                target = source / path.relative_to(CHECKOUT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((CHECKOUT / name).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(out), str(source)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_has_one_import_name_and_all_that_ships(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"robustmnist"}
    patterns = {"perturbations": ("*.toml", "*.csv"), "checkpoints": ("*.safetensors", "*.json")}
    patterns["checkpoints/planted"] = (*patterns["checkpoints"], "*.toml")
    for folder, pattern in ((folder, pattern) for folder, several in patterns.items() for pattern in several):
        shipped = {path.name for path in (CHECKOUT / folder).glob(pattern)}
        assert shipped
        assert {f"robustmnist/_shipped/{folder}/{name}" for name in shipped} <= set(names)
    modules = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "robustmnist").rglob("*.py")}
    assert modules <= set(names), "a package is missing from setup.cfg"
    templates = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "robustmnist").rglob("*")
        if path.suffix in (".jinja", ".css", ".pyi")
    }
    assert templates <= set(names)


def test_the_wheel_runs_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    empty = tmp_path / "empty"
    empty.mkdir()
    # -P and the path first: the checkout's own package must not be the one that answers.
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import robustmnist; "
        f"assert robustmnist.__file__.startswith({str(site)!r}); from robustmnist.cli import main; main()"
    )
    for command, words in (("suites", "rotation"), ("checkpoints", "cnn")):
        done = subprocess.run([sys.executable, "-P", "-c", code, command], cwd=empty, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert words in done.stdout
    assert list(empty.iterdir()) == []


def test_setup_cfg_lists_every_package() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(CHECKOUT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    found = {
        ".".join(path.parent.relative_to(CHECKOUT).parts) for path in (CHECKOUT / "robustmnist").rglob("__init__.py")
    }
    folders = ("checkpoints", "checkpoints.planted", "perturbations")
    assert listed - found == {f"robustmnist._shipped.{folder}" for folder in folders}
    assert found <= listed
