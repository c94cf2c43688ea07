"""Evaluation: the same logits however the work is cut up, and what happens when something goes wrong."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.folder_content import content
from support.synthetic import make_suite, make_sweep
from torch import Tensor, nn

from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import CheckpointError, DataError, ImagesError, RobustMnistError, RunError, SuiteError
from robustmnist.evaluation import compute, evaluate, plan, shard
from robustmnist.evaluation.records import record_of
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.models.inference.deployed import deployed
from robustmnist.overview.gather import gather
from robustmnist.perturb import prepare
from robustmnist.predictions import Predictions, Shown, read_predictions
from robustmnist.report import write_report
from robustmnist.report.provenance.section import provenance
from robustmnist.results import headline, mistakes, summarise
from robustmnist.suites import Setting, Suite

KILLS = 4  # PYTHONPATH=tests python -m support.kill_and_resume 200 FOLDER does more

SUITE = make_suite(
    "mixed",
    make_sweep("right", values=(0, 1.5, 3)),
    make_sweep("turn", "rotation", "angle", "°", (-30, 0, 30)),
    make_sweep("radius", values=(0, 2), over={"direction": ("right", "left")}),
    make_sweep("noise", "gaussian-noise", "sigma", "sd of ink", (0, 0.3, 0.6), draws=2),
)


class Tiny(nn.Module):
    """A classifier with a convolution, small enough for a test."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 2, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep to one thread: with so little to do, two wait for each other more than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(60)


@pytest.fixture(scope="module")
def models() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {"linear": nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), "tiny": Tiny()}


@pytest.fixture(scope="module")
def reference(models: dict[str, nn.Module], digits: Dataset) -> Predictions:
    return evaluate(models, digits, SUITE, device="cpu")


def assert_same(one: Predictions, other: Predictions, rows: Tensor | slice = slice(None)) -> None:
    """Assert that `one` has, bit for bit, the logits that `other` has in these rows."""
    np.testing.assert_array_equal(one.clean, other.clean[:, rows])
    assert one.logits.keys() == other.logits.keys()
    for key, table in one.logits.items():
        np.testing.assert_array_equal(table, other.logits[key][:, :, :, rows])


# --- the numbers -----------------------------------------------------------------------------------------------


def test_logits_are_those_of_the_perturbed_images(
    reference: Predictions, models: dict[str, nn.Module], digits: Dataset
) -> None:
    for sweep in SUITE.sweeps:
        for r, variant in enumerate(sweep.variants):
            perturbed = prepare(sweep.perturbation, digits.images, ids=digits.ids, seed=SUITE.seed, draw=variant.draw)
            for v, value in enumerate(sweep.values):
                images = perturbed(**variant.fixed, **{sweep.parameter: value})
                for m, model in enumerate(models.values()):
                    table = reference.logits["mixed", sweep.name]
                    np.testing.assert_array_equal(table[m, v, r], deployed(model)(images).numpy())


def test_neutral_is_clean_bit_for_bit(reference: Predictions) -> None:
    for sweep in SUITE.sweeps:
        at = sweep.values.index(sweep.neutral)
        for r in range(len(sweep.variants)):
            np.testing.assert_array_equal(reference.logits["mixed", sweep.name][:, at, r], reference.clean)


@pytest.mark.parametrize("rows", [13, 59])
@pytest.mark.parametrize("part", ["shards", "pieces"])
def test_the_cut_does_not_matter(
    reference: Predictions,
    models: dict[str, nn.Module],
    digits: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
    part: str,
) -> None:
    if part == "shards":
        monkeypatch.setattr(plan, "SHARD", rows)
    else:
        monkeypatch.setattr(shard, "CPU_PIECE", rows)
    assert_same(evaluate(models, digits, SUITE, device="cpu"), reference)


def test_one_image_at_a_time_is_the_same(
    reference: Predictions, models: dict[str, nn.Module], digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "SHARD", 1)
    assert_same(evaluate(models, digits.head(5), SUITE, device="cpu"), reference, slice(5))


def test_the_order_of_samples_does_not_matter(
    reference: Predictions, models: dict[str, nn.Module], digits: Dataset
) -> None:
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(1))
    found = evaluate(models, digits.select(digits.ids[order]), SUITE, device="cpu")
    assert found.ids.tolist() == order.tolist()
    assert_same(found, reference, order)


def test_the_first_samples_alone_are_the_same(
    reference: Predictions, models: dict[str, nn.Module], digits: Dataset
) -> None:
    assert_same(evaluate(models, digits.head(23), SUITE, device="cpu"), reference, slice(23))


def test_a_model_alone_answers_as_in_company(
    reference: Predictions, models: dict[str, nn.Module], digits: Dataset
) -> None:
    found = evaluate({"tiny": models["tiny"]}, digits, SUITE, device="cpu")
    for key, table in found.logits.items():
        np.testing.assert_array_equal(table[0], reference.logits[key][1])


def test_the_seed_moves_random_perturbations_only(
    reference: Predictions, models: dict[str, nn.Module], digits: Dataset
) -> None:
    found = evaluate(models, digits, SUITE, device="cpu", seed=1)
    assert found.manifest["seed"] == 1
    assert reference.manifest["seed"] == 0
    same = {key[1] for key, table in found.logits.items() if np.array_equal(table, reference.logits[key])}
    assert same == {"right", "turn", "radius"}
    own = evaluate(models, digits, replace(SUITE, seed=1), device="cpu")
    np.testing.assert_array_equal(own.logits["mixed", "noise"], found.logits["mixed", "noise"])


def test_nothing_handed_in_is_changed(models: dict[str, nn.Module], digits: Dataset) -> None:
    model = Tiny().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    images, generator = digits.images.clone(), torch.get_rng_state()
    evaluate({"tiny": model}, digits.head(5), SUITE, device="cpu")
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(digits.images, images)
    assert torch.equal(torch.get_rng_state(), generator)


def test_progress_counts_settings_and_images(models: dict[str, nn.Module], digits: Dataset) -> None:
    seen: list[tuple[int, int, int]] = []
    evaluate(models, digits, SUITE, device="cpu", on_progress=lambda *now: seen.append(now))
    assert seen[-1] == (2 * (3 + 3 + 2 + 3), 2 * (3 + 3 + 2 + 3), 60 * 2 * (1 + 2 + 2 + 2 + 4))
    assert seen == sorted(seen)


class Broken(nn.Module):
    """Answers NaN, to every image or to the first of each tile."""

    def __init__(self, *, everywhere: bool) -> None:
        super().__init__()
        self.everywhere = everywhere

    def forward(self, images: Tensor) -> Tensor:
        logits = images.flatten(1)[:, :10].clone()
        logits[slice(None) if self.everywhere else images.flatten(1).sum(1) > 100] = torch.nan
        return logits


def test_a_model_that_answers_nan_is_wrong_everywhere_and_never_sure(digits: Dataset) -> None:
    found = evaluate({"nan": Broken(everywhere=True)}, digits, SUITE, device="cpu")
    table = summarise(found)
    assert (table["accuracy"] == 0).all()
    assert (table["invalid"] == table["n"] * table["variants"]).all()
    assert mistakes(found, "nan", "mixed").empty
    assert (headline(found)["clean_accuracy"] == 0).all()


def test_some_nan_is_counted_row_by_row(digits: Dataset) -> None:
    found = evaluate({"some": Broken(everywhere=False)}, digits, SUITE, device="cpu")
    bad = int((digits.images.flatten(1).sum(1) > 100).sum())
    assert 0 < bad < len(digits)
    assert (summarise(found).query("neutral")["invalid"] == bad * summarise(found).query("neutral")["variants"]).all()


# --- memory ------------------------------------------------------------------------------------------------------


def small_memory(most: int, error: Callable[[], Exception]) -> type[shard.Shard]:
    """Return a `Shard` on a machine where no more than `most` images fit at once."""

    class Small(shard.Shard):
        def __init__(self, images: Tensor, ids: Tensor, answers: list[shard.Answer]) -> None:
            def limited(answer: shard.Answer) -> shard.Answer:
                def ask(images: Tensor) -> Tensor:
                    if len(images) > most:
                        raise error()
                    return answer(images)

                return ask

            super().__init__(images, ids, [limited(answer) for answer in answers])

    return Small


@pytest.mark.parametrize(
    "error",
    [
        lambda: torch.OutOfMemoryError("CUDA out of memory"),
        lambda: RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        MemoryError,
    ],
)
def test_out_of_memory_halves_the_piece_and_changes_no_number(
    reference: Predictions,
    models: dict[str, nn.Module],
    digits: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    error: Callable[[], Exception],
) -> None:
    monkeypatch.setattr(compute, "Shard", small_memory(8, error))
    assert_same(evaluate(models, digits, SUITE, device="cpu"), reference)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("most", [8, 5])
def test_threads_with_pieces_of_their_own_change_no_number(
    reference: Predictions,
    models: dict[str, nn.Module],
    digits: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    most: int,
) -> None:
    """Pieces of 8, and where they do not fit of 4, on a thread each from the perturbation to the logits."""
    where: set[int] = set()

    def answer(images: Tensor) -> Tensor:
        where.add(threading.get_ident())
        assert torch.get_num_threads() == 1
        return torch.zeros(len(images), 10)

    monkeypatch.setattr(shard, "CPU_PIECE", 8)
    monkeypatch.setattr(compute, "Shard", small_memory(most, MemoryError))
    torch.set_num_threads(threads)
    try:
        assert_same(evaluate(models, digits, SUITE, device="cpu"), reference)
        shard.Shard(digits.images, digits.ids, [answer]).clean()
    finally:
        torch.set_num_threads(1)
    assert 2 <= len(where) <= threads  # a fast one may take the share of another


def test_no_memory_at_all_is_said(
    models: dict[str, nn.Module], digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "Shard", small_memory(0, MemoryError))
    with pytest.raises(RobustMnistError, match="out of memory on a single image"):
        evaluate(models, digits, SUITE, device="cpu")


def test_other_failures_pass_through(models: dict[str, nn.Module], digits: Dataset) -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        evaluate({"wrong": nn.Sequential(nn.Flatten(), nn.Linear(7, 10))}, digits, SUITE, device="cpu")


# --- runs on disk ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(models: dict[str, nn.Module], digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "whole"
    evaluate(models, digits, SUITE, device="cpu", out=out)
    return out


def stop_after(units: int) -> Callable[[int, int, int], None]:
    """Return an `on_progress` that interrupts as Ctrl-C does."""
    calls = 0

    def interrupt(done: int, total: int, images: int) -> None:
        nonlocal calls
        calls += 1
        if calls == units:
            raise KeyboardInterrupt

    return interrupt


def test_disk_and_memory_agree(reference: Predictions, whole: Path) -> None:
    found = read_predictions(whole)
    assert_same(found, reference)
    assert {**found.manifest, **dict.fromkeys(("created", "duration_seconds", "images_per_second"))} == {
        **found.manifest,
        **reference.manifest,
        **{key: found.manifest[key] for key in ("files", "sha256")},
        **dict.fromkeys(("created", "duration_seconds", "images_per_second")),
    }
    assert found.digits is not None
    assert reference.digits is not None
    for kind in ("examples", "perturbed", "clean"):
        pictures, expected = getattr(found.digits, kind), getattr(reference.digits, kind)
        assert pictures.keys() == expected.keys()
        assert all(np.array_equal(picture, expected[key]) for key, picture in pictures.items())


def test_what_evaluate_returns_is_what_is_read_back(
    models: dict[str, nn.Module], digits: Dataset, tmp_path: Path
) -> None:
    returned = evaluate(models, digits.head(9), SUITE, device="cpu", out=tmp_path / "run")
    assert read_predictions(tmp_path / "run").manifest == returned.manifest


@pytest.mark.parametrize("units", [1, 2, 7, 16])
def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(
    models: dict[str, nn.Module], digits: Dataset, whole: Path, tmp_path: Path, units: int
) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=stop_after(units))
    calls: list[int] = []
    evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=lambda *now: calls.append(now[2]))
    assert len(calls) == len(plan.plan([SUITE], 60)) - units  # nothing is done twice
    assert content(out) == content(whole)


@pytest.mark.parametrize("under_way", [1, 3, 100])
def test_logits_that_are_still_under_way_arrive(
    models: dict[str, nn.Module],
    digits: Dataset,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    under_way: int,
) -> None:
    """As from a GPU, which is a unit ahead of what is written."""
    monkeypatch.setattr(compute, "UNDER_WAY", {"cpu": under_way})
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=stop_after(7))
    calls: list[tuple[int, ...]] = []
    evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=lambda *now: calls.append(now))
    assert len(calls) == len(plan.plan([SUITE], 60)) - 7
    assert calls[-1][0] == calls[-1][1]
    assert content(out) == content(whole)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_decides_as_a_processor_does(digits: Dataset) -> None:
    checkpoints = {name: load_checkpoint(name) for name in ("fc", "cnn")}
    one, other = (evaluate(checkpoints, digits, SUITE, device=where) for where in ("cpu", "cuda"))
    for key, logits in one.logits.items():
        np.testing.assert_allclose(logits, other.logits[key], rtol=0, atol=1e-4)
    counts = ["accuracy", "flip_rate", "invalid", "near_ties"]
    assert one.manifest["near_ties"] == other.manifest["near_ties"]
    assert summarise(one)[counts].equals(summarise(other)[counts])


def test_killed_runs_go_on_and_end_with_the_same_bytes(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "support.kill_and_resume", str(KILLS), str(tmp_path)]
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "all bytes equal" in done.stdout


@pytest.mark.parametrize("damage", ["torn", "garbage", "swapped", "flipped", "missing", "short", "part"])
def test_what_is_damaged_is_done_again(
    models: dict[str, nn.Module], digits: Dataset, whole: Path, tmp_path: Path, damage: str
) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=stop_after(12))
    journal, array = out / "journal.jsonl", out / "predictions" / "mixed.right.npy"
    lines = journal.read_bytes().splitlines(keepends=True)
    match damage:
        case "torn":
            journal.write_bytes(b"".join(lines)[:-30])
        case "garbage":
            journal.write_bytes(b"".join([*lines[:3], b"\xff\x00garbage\n", b"[[[]]]\n", *lines[3:]]))
        case "swapped":
            journal.write_bytes(b"".join([lines[0], *lines[:0:-1], lines[5]]))
        case "flipped":
            data = bytearray(array.read_bytes())
            data[-1] ^= 1
            array.write_bytes(data)
        case "missing":
            array.unlink()
        case "short":
            array.write_bytes(array.read_bytes()[:-1])
        case "part":
            (out / ".run.json.abc.part").write_text("half a mani")
    evaluate(models, digits, SUITE, device="cpu", out=out)
    assert content(out) == content(whole)


def test_a_finished_run_is_only_read(models: dict[str, nn.Module], digits: Dataset, whole: Path) -> None:
    before = content(whole)
    (whole / ".report.html.abc.part").write_text("<html")  # of a kill after the run
    found = evaluate(models, digits, SUITE, device="cpu", out=whole, on_progress=stop_after(1))
    assert len(found) == 60
    assert content(whole) == before


@pytest.mark.parametrize("damage", ["missing", "flipped"])
def test_the_summary_of_a_finished_run_is_written_again(
    models: dict[str, nn.Module], digits: Dataset, whole: Path, tmp_path: Path, damage: str
) -> None:
    out = Path(shutil.copytree(whole, tmp_path / "run"))
    path, before = out / "summary.csv", {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    path.unlink() if damage == "missing" else path.write_bytes(b"S" + path.read_bytes()[1:])
    found = evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=stop_after(1))
    assert {whole / path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert found.manifest == read_predictions(out).manifest


def test_a_summary_that_cannot_be_had_again_is_said(
    models: dict[str, nn.Module], digits: Dataset, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another pandas writes numbers otherwise."""
    out = Path(shutil.copytree(whole, tmp_path / "run"))
    (out / "summary.csv").unlink()
    monkeypatch.setattr("robustmnist.evaluation.finish.summary_csv", lambda table: "other,bytes\n")
    with pytest.raises(RunError, match=r"summary\.csv: is missing or was changed, .*; delete run\.json and run the"):
        evaluate(models, digits, SUITE, device="cpu", out=out)
    assert not (out / "summary.csv").exists()


def test_the_time_is_told_where_one_process_did_it_all(
    models: dict[str, nn.Module], digits: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=stop_after(3))
    resumed = evaluate(models, digits, SUITE, device="cpu", out=out).manifest
    assert resumed["duration_seconds"] is None
    assert resumed["images_per_second"] > 0  # of the last process alone it is a speed all the same
    (out / "run.json").unlink()
    again = evaluate(models, digits, SUITE, device="cpu", out=out)
    assert (again.manifest["duration_seconds"], again.manifest["images_per_second"]) == (None, None)
    facts = {fact.name: fact.value for fact in provenance(gather(again))}
    assert facts["duration"] == "unknown: several processes shared the work"
    assert evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "other").manifest["duration_seconds"] > 0


def test_a_path_that_is_no_utf8_goes_into_the_run_and_comes_back(
    models: dict[str, nn.Module], digits: Dataset, tmp_path: Path
) -> None:
    odd = os.fsdecode(b"idx:\xff")
    data = replace(digits.head(9), provenance=replace(digits.provenance, name=odd, source=odd, n=9))
    out, command = tmp_path / "run", f"robustmnist evaluate --dataset {odd}"
    with pytest.raises(KeyboardInterrupt):
        evaluate(models, data, SUITE, device="cpu", out=out, on_progress=stop_after(3), command=command)
    done = evaluate(models, data, SUITE, device="cpu", out=out, command=command).manifest
    assert (done["command"], done["dataset"]["source"]) == (command, odd)
    assert read_predictions(out).manifest == done
    assert "idx:" in write_report(read_predictions(out), out / "report.html").read_text()


def other_weights(models: dict[str, nn.Module]) -> dict[str, nn.Module]:
    return {**models, "tiny": Tiny()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, d, s: (m, d, s, 7), r"seed \(0 there, 7 asked for\)"),
        (
            lambda m, d, s: (m, d.head(59), s, None),
            r"data set \(digits, 60 images there, digits, 59 images asked for\)",
        ),
        (lambda m, d, s: (other_weights(m), d, s, None), r"checkpoints \(tiny: other weights\)"),
        (
            lambda m, d, s: ({"linear": m["linear"]}, d, s, None),
            r"checkpoints \(linear, tiny there, linear asked for\)",
        ),
        (lambda m, d, s: (m, d, replace(s, sweeps=s.sweeps[1:]), None), r"suites \(same names, other contents\)"),
        (lambda m, d, s: (m, d, replace(s, name="other"), None), r"suites \(mixed there, other asked for\)"),
        (lambda m, d, s: (m, replace(d, ids=d.ids + 1), s, None), "data set"),
        (lambda m, d, s: (m, replace(d, images=d.images / 2), s, None), "data set"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_another_run_is_refused(  # type: ignore[no-untyped-def]
    models, digits, whole, tmp_path, change, words, finished
) -> None:
    out = whole
    if not finished:
        out = tmp_path / "run"
        with pytest.raises(KeyboardInterrupt):
            evaluate(models, digits, SUITE, device="cpu", out=out, on_progress=stop_after(1))
    other, data, suite, seed = change(models, digits, SUITE)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=rf"holds another run, different in .*{words}.*; use another -o"):
        evaluate(other, data, suite, device="cpu", seed=seed, out=out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_folder_with_other_things_is_refused(models: dict[str, nn.Module], digits: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(RunError, match="is not empty and holds no run; use another -o"):
        evaluate(models, digits, SUITE, device="cpu", out=tmp_path)
    with pytest.raises(RunError, match="is not a folder; use another -o"):
        evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_journal_is_named(models: dict[str, nn.Module], digits: Dataset, tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"\x00\xff\n")
    with pytest.raises(RunError, match=r"journal\.jsonl: is damaged; delete the folder or use another -o"):
        evaluate(models, digits, SUITE, device="cpu", out=tmp_path)


def test_two_processes_do_not_share_a_folder(models: dict[str, nn.Module], digits: Dataset, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="another process is writing there"):
            evaluate(models, digits, SUITE, device="cpu", out=tmp_path)
    finally:
        os.close(handle)


def test_a_full_disk_is_said(
    models: dict[str, nn.Module], digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("robustmnist.evaluation.store.write_all", full)
    with pytest.raises(
        RobustMnistError, match=r"cannot be written \(No space left on device\); .* run the same command"
    ):
        evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "run")


# --- what is handed in ------------------------------------------------------------------------------------------------


def test_bad_arguments_are_named(models: dict[str, nn.Module], digits: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "run"

    def run(models: object = models, digits: Dataset = digits, suites: object = SUITE) -> None:
        evaluate(models, digits, suites, device="cpu", out=out)  # type: ignore[arg-type]

    with pytest.raises(CheckpointError, match="no checkpoint was given"):
        run({})
    with pytest.raises(CheckpointError, match="x: is a str; give a Checkpoint or a torch module"):
        run({"x": "cnn"})
    with pytest.raises(CheckpointError, match=r"'a\\n' is not a name"):
        run({"a\n": models["tiny"]})
    with pytest.raises(SuiteError, match="no suite was given"):
        run(suites=[])
    with pytest.raises(SuiteError, match="two suites have the same name"):
        run(suites=[SUITE, SUITE])
    with pytest.raises(SuiteError, match="'clean' stands for no suite"):
        run(suites=replace(SUITE, name="clean"))
    with pytest.raises(SuiteError, match=r"'\.\./x' is not a name"):
        run(suites=replace(SUITE, name="../x"))
    with pytest.raises(ImagesError, match=r"ink in \[0, 1\]"):
        run(digits=replace(digits, images=digits.images * 255))
    empty = replace(digits, images=digits.images[:0], labels=digits.labels[:0], ids=digits.ids[:0])
    with pytest.raises(DataError, match="holds no images"):
        run(digits=empty)
    assert not out.exists()


def test_the_pictures_are_the_digits_of_the_tables(reference: Predictions, digits: Dataset) -> None:
    assert reference.digits is not None
    table = mistakes(reference, "tiny", "mixed")
    assert len(table) > 0
    for line in table.itertuples():
        pair = reference.digits.pair(Shown(Setting("mixed", line.sweep, line.value), line.variant, line.row))
        assert pair is not None
        seen, twin = pair
        sweep = reference.sweep("mixed", line.sweep)
        variant = sweep.variants[line.variant]
        one = digits.select([line.id])
        image = prepare(sweep.perturbation, one.images, ids=one.ids, seed=0, draw=variant.draw)(
            **variant.fixed, **{sweep.parameter: line.value}
        )
        np.testing.assert_array_equal(seen, (image[0, 0] * 255).round().to(torch.uint8).numpy())
        np.testing.assert_array_equal(twin, (one.images[0, 0] * 255).round().to(torch.uint8).numpy())
    examples = reference.digits.examples["mixed", "turn"]
    assert examples.shape == (3, 10, 28, 28)
    first = [int((digits.labels == label).nonzero()[0]) for label in range(10)]
    np.testing.assert_array_equal(examples[1], (digits.images[first, 0] * 255).round().to(torch.uint8).numpy())


def test_the_summary_on_disk_is_the_summary(whole: Path) -> None:
    import pandas as pd

    table = pd.read_csv(whole / "summary.csv")
    pd.testing.assert_frame_equal(table, summarise(read_predictions(whole)), check_dtype=False, atol=1e-8)
    assert json.loads((whole / "run.json").read_text())["n"] == 60


def test_a_recipe_is_known_again_whatever_its_seed_and_name() -> None:
    shipped = load_checkpoint("fc")

    def training(**changes: Any) -> dict[str, Any]:
        card = shipped.card.model_copy(update=changes)
        told: dict[str, Any] = record_of("x", replace(shipped, card=card))["training"]
        return told

    plain, recipe, data = training(), shipped.card.recipe, shipped.card.data
    other = training(seed=7, name="mine", recipe={**recipe, "seed": 7, "name": "mine", "title": "Mine"})
    assert (plain["seed"], other["seed"]) == (0, 7)
    assert plain["recipe"] == other["recipe"]
    changed = [training(recipe={**recipe, "epochs": 15}), training(data={**data, "training": 54_000})]
    others = [record_of("x", load_checkpoint(name))["training"] for name in ("cnn", "cnn-augmented")]
    assert len({one["recipe"] for one in [plain, *changed, *others]}) == 5
    assert record_of("x", shipped.model)["training"] is None


def test_suites_are_taken_by_the_dozen(models: dict[str, nn.Module], digits: Dataset) -> None:
    other: Suite = replace(SUITE, name="other", sweeps=SUITE.sweeps[:1], seed=5)
    found = evaluate(models, digits.head(5), [SUITE, other], device="cpu")
    assert list(found.logits)[-1] == ("other", "right")
    assert found.manifest["seed"] == {"mixed": 0, "other": 5}
