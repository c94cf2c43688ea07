"""``robustmnist explain`` from end to end, on embedded digits and untrained checkpoints."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from robustmnist.cli import cli, names
from robustmnist.data import load_dataset
from robustmnist.errors import InputError, RobustMnistError
from robustmnist.explanation import METHODS, explain
from robustmnist.explanation.change import change_map
from robustmnist.explanation.choice import confident_mistakes, first_of_each_class, rows_of
from robustmnist.explanation.condition import choose_condition
from robustmnist.explanation.measuring import measure_checkpoints
from robustmnist.explanation.subject import subject_of
from robustmnist.explanation.target import choose_target
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from robustmnist.perturb import rotation
from robustmnist.suites import load_suite

SUITE = """
title = "Mine"
question = "How far?"
source = "here"
seed = 5
[[sweep]]
name = "turn"
title = "Turn"
perturbation = "rotation"
parameter = "angle"
unit = "°"
values = [0, 30]
[[sweep]]
name = "grain"
title = "Grain"
perturbation = "gaussian-noise"
parameter = "sigma"
unit = "sd of ink"
values = [0, 0.5]
draws = 2
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread: the nets are so small that threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small convolutional checkpoint, a dense one, and a suite."""
    folder = tmp_path_factory.mktemp("explain")
    kinds = {"tiny-cnn": {"model": "cnn", "channels": [2, 3], "hidden": [8]}, "tiny-fc": {"model": "fc", "widths": [8]}}
    for name, architecture in kinds.items():
        torch.manual_seed(3)
        save_checkpoint(
            folder / name, build_model(architecture), name=name, architecture=architecture, precision="float32",
            test_accuracy=None, validation_accuracy=None, recipe={}, data={}, versions={}, seed=3, epochs=0,
            best_epoch=0, training_seconds=0.0, device="cpu",
        )  # fmt: skip
    (folder / "mine.toml").write_text(SUITE, encoding="utf-8")
    return folder


def run(*words: object) -> Result:
    given = ["--dataset", "digits", "--first", "60", "--device", "cpu", "--verdicts", "3"]
    arguments = ["explain", *given, *map(str, words)]  # of an option that is given twice the last counts
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def one_line(result: Result) -> str:
    """Return the message of bad input, as `main` prints it with exit code 2."""
    assert isinstance(result.exception, InputError), result.exception
    assert isinstance(result.exception, RobustMnistError)
    assert result.exception.exit_code == 2
    message = str(result.exception)
    assert "\n" not in message
    return message


def test_everything_is_written_and_agrees_with_the_library(here: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("-c", here / "tiny-cnn", "--suite", here / "mine.toml", "--value", "17.5", "--sample", 4, "--sample", 1,
               "--sample", 4, "-m", "saliency", "-m", "grad-cam", "--sheets", "-o", out)  # fmt: skip
    assert done.exception is None, done.exception
    names = {"explain.html", "explain.json", "maps.npz"}
    names |= {"explain-tiny-cnn-saliency.png", "explain-tiny-cnn-grad-cam.png"}
    assert {path.name for path in out.iterdir()} == names
    assert set(done.stdout.split()) == {str(out / name) for name in names}
    assert "its first sweep, 'turn'" in done.stderr
    assert "grain" in done.stderr

    record = json.loads((out / "explain.json").read_text(encoding="utf-8"))
    arrays = np.load(io.BytesIO((out / "maps.npz").read_bytes()))
    checkpoint, digits = load_checkpoint(here / "tiny-cnn"), load_dataset("digits").select([4, 1])
    turned = rotation(digits.images, angle=17.5)
    # Both views explain the same margin, whose rival is what was read of the perturbed digits.
    target = choose_target("margin", digits.labels, checkpoint(turned).clone())
    for view, images, clean in (("clean", digits.images, True), ("perturbed", turned, False)):
        wanted = explain(checkpoint, images, target, method="saliency")[:, 0].numpy()
        rows = (arrays["method"] == "saliency") & (np.isnan(arrays["value"]) == clean)
        assert np.array_equal(arrays["maps"][rows], wanted)
        assert np.array_equal(arrays["images"][np.isnan(arrays["image_values"]) == clean], images[:, 0].numpy())
        said = [sample[view]["predicted"] for sample in record["explanations"][0]["samples"]]
        assert said == checkpoint(images).argmax(dim=1).tolist()
    change = change_map(subject_of(checkpoint), digits.images, turned, target)
    assert np.array_equal(arrays["maps"][arrays["method"] == "change"], change.maps.numpy())
    assert target.rivals is not None
    assert [sample["target"]["rival"] for sample in record["explanations"][0]["samples"]] == target.rivals.tolist()
    assert record["condition"]["value"] == 17.5
    assert record["seed"] == 5
    assert list(record["explanations"][0]["methods"]) == ["saliency", "grad-cam"]
    assert record["dataset"]["name"] == "digits"
    page = (out / "explain.html").read_text(encoding="utf-8")
    assert "--sample 4 --sample 1" in page
    assert "--value 17.5" in page
    assert "--dataset digits" in page
    assert str(out) not in page


def test_what_the_networks_have_learnt_goes_with_it(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = run("-c", here / "tiny-cnn", "-m", "saliency", "--mistakes", 2, "--suite", here / "mine.toml", "--value", 20,
               "--inside", "-o", tmp_path / "out")  # fmt: skip
    assert done.exception is None, done.exception
    (entry,) = json.loads((tmp_path / "out" / "explain.json").read_text(encoding="utf-8"))["learnt"]
    data = load_dataset("digits").head(60)
    read = load_checkpoint(here / "tiny-cnn")(data.images).argmax(1)
    clean = [group["mistakes"] for group in entry["groups"] if group["under"] == "clean"]
    assert sum(clean) == int((read != data.labels).sum())
    # In every sweep of the suite those that are read right when clean: of this network hardly one fails later.
    assert {group["under"] for group in entry["groups"]} <= {"clean", "mine: turn", "mine: grain"}
    kept = [path.read_bytes() for path in sorted((tmp_path / "cache").rglob("*.npy"))]
    assert kept
    assert all(len(sample["nearest"]) == 5 for sample in entry["samples"])
    page = (tmp_path / "out" / "explain.html").read_text(encoding="utf-8")
    assert "What the networks have learnt" in page
    # From the kept features the same comes out.
    run("-c", here / "tiny-cnn", "-m", "saliency", "--mistakes", 2, "--suite", here / "mine.toml", "--value", 20,
        "--inside", "-o", tmp_path / "again")  # fmt: skip
    assert (tmp_path / "again" / "explain.html").read_text(encoding="utf-8") == page


def maps_of(folder: Path, method: str) -> np.ndarray:
    arrays = np.load(folder / "maps.npz")
    found: np.ndarray = arrays["maps"][arrays["method"] == method]
    return found


def test_the_layer_of_grad_cam_can_be_named(here: Path, tmp_path: Path) -> None:
    for name, words in (("last", []), ("first", ["--layer", "features.0"])):
        done = run("-c", here / "tiny-cnn", "--sample", 4, "-m", "saliency", "-m", "grad-cam", *words,
                   "-o", tmp_path / name)  # fmt: skip
        assert done.exception is None, done.exception
    assert not np.array_equal(*(maps_of(tmp_path / name, "grad-cam") for name in ("last", "first")))
    (entry,) = json.loads((tmp_path / "first" / "explain.json").read_text(encoding="utf-8"))["explanations"]
    assert "layer" not in entry["methods"]["saliency"]["settings"]
    assert entry["methods"]["grad-cam"]["settings"]["layer"] == "features.0, rectified"
    page = (tmp_path / "first" / "explain.html").read_text(encoding="utf-8")
    assert "layer features.0, rectified" in page
    assert "--layer features.0" in page


def test_a_method_that_cannot_explain_a_checkpoint_is_left_out_there(here: Path, tmp_path: Path) -> None:
    done = run("-c", here / "tiny-fc", "-c", here / "tiny-cnn", "-m", "grad-cam", "--sample", 0, "-o", tmp_path / "out")
    assert done.exception is None, done.exception
    assert "tiny-fc: without grad-cam: has no convolution" in done.stderr
    record = json.loads((tmp_path / "out" / "explain.json").read_text(encoding="utf-8"))
    assert [list(entry["methods"]) for entry in record["explanations"]] == [[], ["grad-cam"]]
    assert "grad-cam" in record["explanations"][0]["skipped"]


def test_blank_paper_can_be_compared_with_training_digits(here: Path, tmp_path: Path) -> None:
    words = ("-c", here / "tiny-fc", "-m", "expected-gradients", "--sample", 0)
    for folder in ("a", "b"):
        done = run(*words, "-o", tmp_path / folder)
        assert done.exception is None, done.exception
    a, b = (maps_of(tmp_path / folder, "expected-gradients") for folder in "ab")
    assert np.array_equal(a, b)
    assert a[0][load_dataset("digits").select([0]).images[0, 0].numpy() == 0].any()


def test_the_same_command_writes_the_same_bytes(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        done = run("-c", here / "tiny-fc", "-m", "input-x-gradient", "-o", "out")
        assert done.exception is None, done.exception
        found.append({path.name: path.read_bytes() for path in Path("out").iterdir()})
    assert found[0] == found[1]
    record = json.loads(found[0]["explain.json"])
    assert [sample["label"] for sample in record["explanations"][0]["samples"]] == list(range(10))
    assert record["condition"] is None


def test_mistakes_are_those_that_any_checkpoint_makes_of_the_perturbed_digits(here: Path, tmp_path: Path) -> None:
    done = run("-c", here / "tiny-cnn", "-c", here / "tiny-fc", "--suite", here / "mine.toml", "--sweep", "grain",
               "--value", 0.3, "--mistakes", 2, "-m", "saliency", "--target", "true", "-o", tmp_path)  # fmt: skip
    assert done.exception is None, done.exception
    assert "first variant, draw 0" in done.stderr
    record = json.loads((tmp_path / "explain.json").read_text(encoding="utf-8"))
    data = load_dataset("digits").head(60)
    noisy = choose_condition(load_suite(here / "mine.toml"), 0.3, sweep="grain", seed=5).apply(data)
    logits = np.stack([load_checkpoint(here / name)(noisy).numpy() for name in ("tiny-cnn", "tiny-fc")])
    rows = confident_mistakes(logits, data.labels.numpy(), 2)
    samples = [entry["samples"] for entry in record["explanations"]]
    assert all([sample["id"] for sample in each] == data.ids[rows].tolist() for each in samples)
    for pair in zip(*samples, strict=True):
        assert any(sample["perturbed"]["predicted"] != sample["label"] for sample in pair)
        assert all(sample["target"] == {"class": sample["label"], "rival": None} for sample in pair)


def test_a_given_seed_goes_before_the_suites(here: Path, tmp_path: Path) -> None:
    words = ("-c", here / "tiny-fc", "--suite", here / "mine.toml", "--sweep", "grain", "--value", 0.3)
    for seed, folder in (((), "a"), (("--seed", 5), "b"), (("--seed", 6), "c")):
        done = run(*words, "--sample", 0, "-m", "saliency", *seed, "-o", tmp_path / folder)
        assert done.exception is None, done.exception
    a, b, c = (np.load(tmp_path / folder / "maps.npz")["images"][1] for folder in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--suite", "shift"], "--suite: needs a strength; give --value"),
        (["--value", 3], "--value: needs a suite; give --suite"),
        (["--sweep", "right"], "--sweep: needs a suite; give --suite"),
        (["--sample", 1, "--mistakes", 2], "--mistakes: cannot be combined with --sample"),
        (["--suite", "MINE", "--value", 400], "400 is not a value of angle in sweep 'turn'; give -360 to 360 °"),
        (["--suite", "MINE", "--value", "nan"], "nan is not a value of angle"),
        (["--suite", "MINE", "--sweep", "grian", "--value", 1], "has no sweep 'grian', did you mean 'grain'?"),
        (["--suite", "shfit", "--value", 1], "did you mean 'shift'"),
        (["--suite", "all", "--value", 3], "'all' stands for several suites, and one is needed; use one of shift,"),
        (["--suite", "shift", "--suite", "MINE", "--value", 3], "--suite: takes one suite"),
        (["--sample", 60], "there is no sample 60; use 0 to 59"),
        (["--sample", -1], "there is no sample -1; use 0 to 59"),
        (["-m", "gradcam"], "'gradcam' is not an attribution method, did you mean 'grad-cam'?"),
        (["-m", "grad-cam"], "tiny-fc: has no convolution"),
        (["--layer", "features.0"], "--layer: only grad-cam reads a layer; give --method grad-cam"),
        (["-m", "grad-cam", "--layer", "classifer.0"], "has no layer 'classifer.0', did you mean 'classifier.0'"),
        (["--target", "best"], "--target: 'best' is nothing to explain; use margin, predicted, true, 0"),
        (["-c", "no-such-thing"], "no-such-thing"),
        (["--device", "tpu"], "'tpu' is not a device"),
        (["--dataset", "letters"], "letters"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_leaves_nothing(here: Path, tmp_path: Path, words: list[object], said: str) -> None:
    stand_ins = {"MINE": here / "mine.toml"}
    out = tmp_path / "out"
    done = run("-c", here / "tiny-fc", *(stand_ins.get(str(word), word) for word in words), "-o", out)
    assert said in one_line(done)
    assert not out.exists()


def test_two_checkpoints_of_one_name_are_called_what_was_typed(here: Path, tmp_path: Path) -> None:
    for ending in ("safetensors", "json"):
        (tmp_path / f"copy.{ending}").write_bytes((here / f"tiny-fc.{ending}").read_bytes())
    done = run("-c", here / "tiny-fc", "-c", tmp_path / "copy", "-m", "saliency", "--sample", 0, "--sheets",
               "-o", tmp_path / "out")  # fmt: skip
    assert done.exception is None, done.exception
    record = json.loads((tmp_path / "out" / "explain.json").read_text(encoding="utf-8"))
    assert [one["checkpoint"] for one in record["explanations"]] == [str(here / "tiny-fc"), str(tmp_path / "copy")]
    assert len(list((tmp_path / "out").glob("*.png"))) == len({*done.stdout.split()}) - 3 == 2


def test_a_file_for_a_folder_is_refused_before_anything_is_computed(here: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert "is a file; give a folder to -o" in one_line(run("-c", here / "tiny-fc", "-o", taken))
    assert "cannot be written" in one_line(run("-c", here / "tiny-fc", "-m", "saliency", "-o", taken / "inside"))
    assert taken.read_text() == "mine"


def test_every_method_has_its_verdict_or_is_said_to_have_none(here: Path, tmp_path: Path) -> None:
    words = ["-c", here / "tiny-cnn", "-m", "saliency", "-m", "grad-cam", "--sample", 3]
    done = run(*words, "--verdicts", 30, "-o", tmp_path / "with")
    assert done.exception is None, done.exception
    data = load_dataset("digits").head(60).sample(30)
    checkpoint = load_checkpoint(here / "tiny-cnn")
    (measured,) = measure_checkpoints({"c": checkpoint}, data, methods=("saliency", "grad-cam"), names=("srg",))
    record = json.loads((tmp_path / "with" / "explain.json").read_text(encoding="utf-8"))
    page = (tmp_path / "with" / "explain.html").read_text(encoding="utf-8")
    for verdict in measured.verdicts():
        said = record["explanations"][0]["methods"][verdict.method]
        assert (said["verdict"], said["believed"]) == (verdict.sentence, verdict.believed)
        assert said["judged_on"] == 30
        assert verdict.sentence in page
    assert page.count(">no reason</b>") == sum(not verdict.believed for verdict in measured.verdicts())
    assert "Measured on 30 clean digits" in page

    run(*words, "--verdicts", 0, "-o", tmp_path / "without")
    record = json.loads((tmp_path / "without" / "explain.json").read_text(encoding="utf-8"))
    page = (tmp_path / "without" / "explain.html").read_text(encoding="utf-8")
    for said in record["explanations"][0]["methods"].values():
        assert said["believed"] is None
        assert said["verdict"].startswith("not measured")
    assert page.count("not measured: give --verdicts") == 2
    assert "Measured on" not in page


def test_parts_that_are_left_out_may_be_pieces_of_strokes(here: Path, tmp_path: Path) -> None:
    words = ["-c", here / "tiny-fc", "-m", "shapley", "-m", "saliency", "--sample", 3]
    done = run(*words, "--pieces", "stroke", "-o", tmp_path)
    assert done.exception is None, done.exception
    methods = json.loads((tmp_path / "explain.json").read_text(encoding="utf-8"))["explanations"][0]["methods"]
    assert list(methods) == ["shapley-of-strokes", "saliency"]
    page = (tmp_path / "explain.html").read_text(encoding="utf-8")
    assert re.search(r"Shapley values of strokes: the [a-z ]+ stroke [+−]", page)
    assert "leaves out pieces" in one_line(run("-c", here / "tiny-fc", "--pieces", "stroke"))


def test_help_names_every_method() -> None:
    assert set(names.METHODS) == set(METHODS)
    assert run("--help").stdout.count("robustmnist explain ") >= 2


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_mistakes_are_ranked_where_probabilities_saturate_and_invalid_rows_never() -> None:
    logits = np.zeros((6, 10), np.float32)
    logits[[0, 1, 2, 3, 4, 5], [1, 1, 1, 1, 1, 0]] = [50, 90, 70, np.nan, 90, 99]
    labels = np.array([0, 0, 0, 0, 0, 0])
    assert confident_mistakes(logits, labels, 10).tolist() == [1, 4, 2, 0]
    # Of several checkpoints an image counts as the most confident one reads it; each confusion comes first once.
    other = np.zeros((6, 10), np.float32)
    other[[0, 4], [2, 3]] = [60, 40]
    assert confident_mistakes(np.stack([logits, other]), labels, 10).tolist() == [1, 0, 4, 2]
    assert confident_mistakes(logits, labels, 2).tolist() == [1, 4]
    assert confident_mistakes(logits[5:], labels[5:], 2).tolist() == []


def test_a_checkpoint_without_mistakes_is_said(here: Path) -> None:
    from robustmnist.explanation.choice import choose_digits

    data = load_dataset("digits").head(12)

    def perfect(images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(data.labels, 10).float()

    turned = choose_condition(load_suite(here / "mine.toml"), 30)
    for condition, remedy in ((None, "take more digits, or give --suite and --value"), (turned, "give a --value f")):
        said: list[str] = []
        with pytest.raises(InputError, match=f"there is no mistake to explain; {remedy}"):
            choose_digits(data, {"perfect": perfect}, condition, mistakes=3, notify=said.append)  # type: ignore[dict-item]
        assert said == []


def test_rows_are_found_by_id_and_by_class() -> None:
    ids, labels = np.array([7, 3, 9]), np.array([2, 0, 2])
    assert rows_of(ids, [9, 7, 9]).tolist() == [2, 0]
    assert first_of_each_class(labels).tolist() == [1, 0]
