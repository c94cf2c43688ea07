"""Every command of README does what it says, as it stands there and in its order, in a fresh clone of the checkout.

Long work is made short by words that are added, never by words that are taken away: a slip in README fails here.
"""

import os
import re
import shlex
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
SHELL = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
JOBS = [
    re.findall(r"^ +- (?:run: )?((?:pip|robustmnist) .*)$", block, re.M)
    for block in re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
]
(GATE_FILE,) = (block for block in re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL) if "gate.toml" in block)
FEW = "--limit 40"
SHORT = "--epochs 1 --set data.limit=700 --set data.validation=100"
DRY = ("make evaluate", "make test", "make check", "make test-thorough")  # these are asked what they would do


def shorter(line: str) -> str:
    """Return a line of README with words at its end that make its work short; the last of an option counts."""
    command, *words = shlex.split(line)
    if line in DRY:
        return f"{line} --dry-run"
    if command != "robustmnist" or "--help" in words:
        return line
    if words[0] == "train":
        return line if "--resume" in words else f"{line} {SHORT}"
    if "--sample" in words:  # of the whole data set, and short
        return line
    if words[0] in ("evaluate", "perturb", "measure", "explain", "generalise") or words[:2] == ["compare", "fc"]:
        return f"{line} {FEW}"
    return line


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone whose environment is the running one's packages, as `make evaluate` would have left it."""
    folder = tmp_path_factory.mktemp("readme") / "robustmnist"
    subprocess.run(["git", "clone", "--quiet", "--local", CHECKOUT, folder], check=True)
    for name in subprocess.run(
        ["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.splitlines():
        if (CHECKOUT / name).is_file():  # as it is now, committed or not
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(CHECKOUT / name, folder / name)
    venv.create(folder / ".venv", with_pip=False)
    (packages,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (packages / "installed.pth").write_text("\n".join([str(folder), *site.getsitepackages(), *sys.path[1:]]))
    script = folder / ".venv" / "bin" / "robustmnist"
    script.write_text(f"#!{folder}/.venv/bin/python\nfrom robustmnist.cli import main\nmain()\n")
    script.chmod(0o755)
    for stamp in ("installed", "installed-test"):
        (folder / ".venv" / stamp).touch()
    return folder


def shell(clone: Path, line: str, data: Path | None) -> subprocess.CompletedProcess[str]:
    """Run a line as a newcomer's shell does, with nothing on the path but the system."""
    given = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(clone.parent), "OMP_NUM_THREADS": "1"}
    if data is not None:
        given["ROBUSTMNIST_DATA"] = str(data)
    return subprocess.run(["bash", "-c", line], cwd=clone, env=given, capture_output=True, text=True)


@pytest.fixture(scope="module")
def data() -> Path | None:
    """Return the folder with MNIST, None where there is none."""
    named = os.environ.get("ROBUSTMNIST_DATA")
    for folder in (Path(named) if named else None, CHECKOUT.parent / "shared" / "data"):
        if folder is not None and list(folder.rglob("t10k-images-idx3-ubyte*")):
            return folder
    return None


def without_mnist(line: str) -> str:
    """Return a line that takes the embedded digits, as `auto` does without a network."""
    asked = line.replace("--dataset mnist --part train", "--dataset digits").replace("--dataset mnist", "")
    words = shlex.split(asked)
    takes = words[1:2] and words[1] in ("train", "evaluate", "perturb", "measure", "explain", "compare")
    takes = takes and "--resume" not in words and "--dataset" not in words and not asked.startswith("robustmnist comp")
    return f"{asked} --dataset digits" if takes or "compare fc" in asked else asked


@pytest.mark.slow
def test_every_command_in_its_order(clone: Path, data: Path | None) -> None:
    activated = ""
    assert "not found" in shell(clone, "robustmnist --help", data).stderr
    for line in SHELL:
        if line.startswith("make") and line not in DRY and line != "make help":
            continue
        if line.startswith(". "):
            activated = f"{line} && "
        asked = shorter(line) if data is not None else without_mnist(shorter(line))
        done = shell(clone, f"{activated}{asked}", data)
        # A gate answers with 1 where so few digits are read worse than README's 10,000, and so do checks of a training.
        allowed = (0, 1) if line.startswith("robustmnist gate") or "--sanity" in line else (0,)
        assert done.returncode in allowed, f"{line}\n{asked}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    for made in ("study/report.html", "both.html", "turned/rotation/angle/30/manifest.json", "my-fc/best.safetensors"):
        assert (clone / "runs" / made).is_file(), made


@pytest.mark.slow
def test_what_make_evaluate_does(clone: Path, data: Path | None) -> None:
    (line,) = [line for line in shell(clone, "make --dry-run evaluate", data).stdout.splitlines() if "evaluate" in line]
    assert "pip install" not in line
    done = shell(clone, f"{line} {FEW}" if data is not None else f"{line} {FEW} --dataset digits", data)
    assert done.returncode == 0, done.stderr
    assert list((clone / "runs").glob("evaluate-shift-*/report.html"))


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS, ids=["GitHub", "GitLab"])
def test_the_jobs_of_continuous_integration(job: list[str], clone: Path, data: Path | None, tmp_path: Path) -> None:
    """They run in a repository of the user's own, which holds a checkpoint, the conditions and the wheel."""
    (tmp_path / "models").mkdir()
    for ending in ("json", "safetensors"):
        shutil.copyfile(clone / "checkpoints" / f"fc-small.{ending}", tmp_path / "models" / f"reader.{ending}")
    (tmp_path / "gate.toml").write_text(GATE_FILE, encoding="utf-8")
    install, evaluate, gate = job
    assert install == "pip install wheels/robustmnist-*.whl"
    assert "`pip wheel --no-deps -w wheels .`" in README
    evaluate = shorter(evaluate) if data is not None else without_mnist(shorter(evaluate))
    for line, allowed in ((evaluate, (0,)), (gate, (0, 1))):
        done = shell(tmp_path, f". {clone}/.venv/bin/activate && {line}", data)
        assert done.returncode in allowed, f"{line}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "runs" / "new" / "report.html").is_file()
    assert (tmp_path / "gate.xml").is_file() == ("--junit gate.xml" in gate)


def test_no_command_is_without_its_words() -> None:
    assert ". .venv/bin/activate" in SHELL
    assert all(shorter(line).startswith(line) for line in SHELL)
