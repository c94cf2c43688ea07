"""No test of what was learnt from: the parts of the embedded digits, and the record that a card keeps of a training."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from sklearn.datasets import load_digits as sklearn_digits
from support.small_training import recipe
from support.synthetic import make_suite, make_sweep

from robustmnist.cli import cli
from robustmnist.data import Dataset, load_dataset
from robustmnist.data.formats.idx import idx_bytes
from robustmnist.data.seen import check_unseen, overlap, seen_record, seen_words
from robustmnist.data.sources.idx_folder import IMAGES, LABELS
from robustmnist.errors import DataError
from robustmnist.evaluation import evaluate
from robustmnist.models.checkpoints.card import Card
from robustmnist.models.checkpoints.card_file import read_card, write_card
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.perturbed_sets import write_datasets
from robustmnist.training import RunFolder, train
from robustmnist.training.digits import Digits

SUITE = make_suite("shift", make_sweep(values=(0, 2)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(recipe(epochs=1), device="cpu", out=tmp_path_factory.mktemp("seen") / "run")


def edited(run: RunFolder, folder: Path, change: Callable[[Card], dict]) -> Path:
    """Return a copy of the best checkpoint whose card says something else of its data."""
    for path in (run.path / "best.json", run.path / "best.safetensors"):
        (folder / path.name).write_bytes(path.read_bytes())
    card = read_card(folder / "best.json")
    write_card(folder / "best.json", card.model_copy(update={"data": change(card)}))
    return folder / "best"


def test_the_parts_of_the_embedded_digits() -> None:
    whole, learn, test = (load_dataset(name) for name in ("digits", "digits:train", "digits:test"))
    assert sorted([*learn.ids.tolist(), *test.ids.tolist()]) == whole.ids.tolist()
    assert (len(learn), len(test)) == (1196, 601)
    assert torch.bincount(test.labels).min() > 40
    for part in (learn, test):
        assert torch.equal(part.images, whole.images[part.ids])
        assert torch.equal(part.labels, whole.labels[part.ids])
        assert part.provenance.sha256 == whole.provenance.sha256
    assert (test.provenance.name, test.provenance.part) == ("digits:test", "test")
    values = sklearn_digits().images.astype(np.uint8)
    assert not {one.tobytes() for one in values[learn.ids]} & {one.tobytes() for one in values[test.ids]}
    assert load_dataset("digits", part="train").ids.tolist() == learn.ids.tolist()
    with pytest.raises(DataError, match="did you mean 'digits:test'"):
        load_dataset("digits:tests")


def test_a_training_is_tested_on_digits_that_it_has_not_seen(trained: RunFolder) -> None:
    card = trained.card
    assert card.test_accuracy is not None
    assert (card.test_accuracy.dataset, card.test_accuracy.n) == ("digits:test", 601)
    whole, learn, test = (load_dataset(name) for name in ("digits", "digits:train", "digits:test"))
    assert overlap(card.data, whole).tolist() == learn.sample(400).ids.tolist()
    assert len(overlap(card.data, test)) == 0
    assert seen_words(card.data, whole) == "was trained on 400 of these 1,797 digits, or its epoch chosen by them"
    assert seen_words(card.data, learn.sample(50)) == "was trained on these 50 digits, or its epoch chosen by them"


def test_an_evaluation_refuses_what_was_trained_on(trained: RunFolder) -> None:
    models = {"mine": load_checkpoint(trained.best)}
    with pytest.raises(DataError, match=r"mine: was trained on 400 of these 1,797 .*; use --dataset digits:test"):
        evaluate(models, load_dataset("digits"), SUITE, device="cpu")
    assert len(evaluate(models, load_dataset("digits:test"), SUITE, device="cpu")) == 601
    free = set(load_dataset("digits").ids.tolist()) - set(load_dataset("digits:train").sample(400).ids.tolist())
    assert len(evaluate(models, load_dataset("digits").select(sorted(free)), SUITE, device="cpu")) == 1397


def test_perturbed_digits_are_the_digits_that_they_were(trained: RunFolder, tmp_path: Path) -> None:
    write_datasets(load_dataset("digits").sample(90), SUITE, tmp_path / "once", device="cpu")
    once = load_dataset(f"idx:{tmp_path}/once/shift/right/2")
    write_datasets(once, SUITE, tmp_path / "twice", device="cpu")
    twice = load_dataset(f"idx:{tmp_path}/twice/shift/right/2")
    wanted = overlap(trained.card.data, load_dataset("digits").sample(90)).tolist()
    assert 10 < len(wanted) < 80
    assert overlap(trained.card.data, once).tolist() == overlap(trained.card.data, twice).tolist() == wanted
    with pytest.raises(DataError, match=f"was trained on {len(wanted)} of these 90 digits.*use --dataset digits:test"):
        evaluate({"mine": load_checkpoint(trained.best)}, twice, SUITE, device="cpu")


def test_a_folder_without_parts(tmp_path: Path) -> None:
    """One pair of files, cut in two: rows of the one half are known from those of the other."""
    rng = np.random.default_rng(0)
    (tmp_path / IMAGES).write_bytes(idx_bytes(rng.integers(0, 256, (60, 28, 28), dtype=np.uint8)))
    (tmp_path / LABELS).write_bytes(idx_bytes((np.arange(60) % 10).astype(np.uint8)))
    whole = load_dataset(f"idx:{tmp_path}")
    halves = Digits(whole.select(range(40)), whole.select(range(40, 50)), whole.select(range(50, 60)))
    run = train(recipe(epochs=1), device="cpu", out=tmp_path / "run", digits=halves)
    assert run.card.data["ids"] == "0-49"
    with pytest.raises(DataError, match=r"trained on 50 of these 60 digits.*; use digits that it has not seen"):
        evaluate({"mine": load_checkpoint(run.best)}, whole, SUITE, device="cpu")
    assert len(evaluate({"mine": load_checkpoint(run.best)}, halves.test, SUITE, device="cpu")) == 10
    with pytest.raises(DataError, match="the test digits: was trained on 10 of these 20 digits"):
        train(recipe(), device="cpu", out=tmp_path / "no", digits=replace(halves, test=whole.select(range(40, 60))))
    assert not (tmp_path / "no").exists()


def test_other_images_with_the_same_labels_are_other_digits() -> None:
    digits = load_dataset("digits")
    record = seen_record(digits.head(20), digits.head(5)) | {"sha256": {"a-images": "1" * 64, "a-labels": "2" * 64}}

    def with_files(**files: str) -> Dataset:
        named = {key.replace("_", "-"): digest for key, digest in files.items()}
        return replace(digits, provenance=replace(digits.provenance, sha256=named))

    assert len(overlap(record, with_files(b_images="3" * 64, a_labels="2" * 64))) == 0
    assert len(overlap(record, with_files(b_images="1" * 64))) == 20


def test_the_seed_of_a_split_is_not_in_the_record() -> None:
    digits = load_dataset("digits:train").sample(100)
    one, other = (digits.ids[torch.randperm(100, generator=torch.Generator().manual_seed(seed))] for seed in (0, 1))
    records = [seen_record(digits.select(ids[:80]), digits.select(ids[80:])) for ids in (one, other)]
    assert records[0] == records[1]
    assert sum(records[0][key] for key in ("training", "validation")) == 100


def test_a_long_list_of_rows_is_packed_and_says_the_same() -> None:
    """Of a large table a fifth is left out by hash, here and there; its digits are no less unseen."""
    n = 2_000_000
    ids = np.flatnonzero(np.random.default_rng(0).random(n) < 0.8)
    blank = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    origin = replace(load_dataset("digits").provenance, name="csv:large.csv", sha256={"images": "1" * 64})

    def table(rows: np.ndarray) -> Dataset:
        images, labels = blank.expand(len(rows), 1, 28, 28), torch.zeros(len(rows), dtype=torch.int64)
        return Dataset.of_levels(images, labels, torch.from_numpy(rows), origin)

    record = seen_record(table(ids), table(ids[:1]))
    assert len(record["packed_ids"]) < 350_000
    asked = table(np.array([*range(2000), n - 1, n + 5, 10 * n]))
    assert overlap(record, asked).tolist() == sorted({*asked.ids.tolist()} & {*ids.tolist()})
    short = seen_record(table(ids[:50]), table(ids[:1]), most=5)
    assert overlap(short, asked).tolist() == overlap(seen_record(table(ids[:50]), table(ids[:1])), asked).tolist()
    for text in ("", "!", "eJw=", record["packed_ids"][:-40], 3, "eJwDAAAAAAE="):
        with pytest.raises(DataError, match="does not say on which digits it was trained"):
            overlap(record | {"packed_ids": text}, asked)


def test_a_card_of_an_earlier_version(trained: RunFolder, tmp_path: Path) -> None:
    old = {"name": "digits", "part": "test", "training": 1238, "validation": 200}
    files = load_dataset("digits").provenance.sha256
    path = edited(trained, tmp_path, lambda card: old | {"sha256": dict(files)})
    for name in ("digits", "digits:test"):
        with pytest.raises(DataError, match="of an earlier version, does not say on which; use --dataset mnist, or"):
            evaluate({"old": load_checkpoint(path)}, load_dataset(name), SUITE, device="cpu")


def test_a_damaged_record_is_one_line(trained: RunFolder, tmp_path: Path) -> None:
    for text in ("", "1-", "a", "9" * 5000, str(2**70), 3.5, None):
        path = edited(trained, tmp_path, lambda card, text=text: card.data | {"ids": text})
        with pytest.raises(DataError, match="the card's data: does not say on which digits it was trained"):
            evaluate({"old": load_checkpoint(path)}, load_dataset("digits"), SUITE, device="cpu")
    assert len(overlap({**trained.card.data, "ids": f"0-{2**62}"}, load_dataset("digits"))) == 1797
    assert len(overlap({}, load_dataset("digits"))) == 0


def test_shipped_checkpoints_have_seen_all_of_mnist_and_nothing_else(mnist_dir: Path) -> None:
    record = load_checkpoint("fc").card.data
    for part, words in (("test", ""), ("train", "was trained on these 60,000 digits, or its epoch chosen by them")):
        assert seen_words(record, load_dataset("mnist", part=part, data_dir=mnist_dir)) == words
    whole = load_dataset("mnist", part="train", data_dir=mnist_dir)
    assert seen_record(whole.select(range(5000, 60_000)), whole.head(5000)) == record
    assert seen_record(whole.head(5000), whole.head(100))["ids"] == "0-4999"
    check_unseen("fc", record, load_dataset("digits"))


def command(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.mark.parametrize("words", [["evaluate", "-c"], ["compare", "fc"]])
def test_the_commands_refuse_it(words: list[str], trained: RunFolder, tmp_path: Path) -> None:
    result = command(*words, trained.best, "-s", "shift", "--dataset", "digits", "--limit", 300, "-o", tmp_path / "run")
    assert isinstance(result.exception, DataError)
    assert "of these 300 digits, or its epoch chosen by them; use --dataset digits:test" in str(result.exception)
    assert not (tmp_path / "run").exists()


def test_explain_says_it(trained: RunFolder, tmp_path: Path) -> None:
    words = ["explain", "-c", trained.best, "-m", "saliency", "-o", tmp_path / "run"]
    result = command(*words, "--dataset", "digits", "--sample", 0)
    assert result.exit_code == 0
    assert "small: was trained on 400 of these 1,797 digits" in result.stderr
    assert "was trained on" not in command(*words, "--dataset", "digits:test").stderr
