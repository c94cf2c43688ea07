"""Checkpoints: what is saved comes back; what is damaged is named in one line; what ships reads as its card says."""

import contextlib
import json
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from robustmnist.errors import CheckpointError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.card_file import card_path, list_checkpoints, planted_cards, read_card, write_card
from robustmnist.models.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from robustmnist.models.inference.deployed import logits
from robustmnist.results import wilson
from robustmnist.statistics.temperature import COLDEST
from robustmnist.system.files import sha256_bytes
from robustmnist.training.digits import load_digits
from robustmnist.training.loop import measure
from robustmnist.training.read import check_recipe, shipped_recipes
from robustmnist.training.run_folder import recipe_toml
from robustmnist.training.session import temperature_of

SMALL = {"model": "fc-small", "widths": [4]}
FACTS: dict[str, Any] = {
    "name": "tiny",
    "description": "For tests.",
    "test_accuracy": None,
    "validation_accuracy": 0.5,
    "precision": "float16",
    "recipe": {"epochs": 1},
    "data": {"name": "digits", "training": 100},
    "versions": {"torch": "2"},
    "seed": 7,
    "epochs": 1,
    "best_epoch": 1,
    "training_seconds": 0.5,
    "device": "cpu",
}
# Four times the largest gap between first and second logit that another kernel's rounding has been seen to turn.
NEAR_TIE = 1e-4


def saved(folder: Path, architecture: dict[str, Any] = SMALL, **facts: Any) -> Path:
    """Save a random model as ``folder/tiny`` and return that path."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = build_model(architecture)
    save_checkpoint(folder / "tiny", model, architecture=architecture, **FACTS | facts)
    return folder / "tiny"


def rehash(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a card as a forger would: its own hash fits again afterwards."""
    content = json.loads(path.read_text())
    del content["card_sha256"]
    change(content)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    path.write_text(json.dumps(content | {"card_sha256": sha256_bytes(canonical)}))


def replace_weights(path: Path, data: bytes) -> None:
    """Put `data` in place of the weights, and its hash on the card."""
    path.with_suffix(".safetensors").write_bytes(data)
    rehash(path.with_suffix(".json"), lambda card: card.update(sha256=sha256_bytes(data)))


def one_line(path: Path | str) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("model", ["fc", "fc-small", "cnn", "lenet5"])
@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_round_trip(tmp_path: Path, digits28: Tensor, model: str, precision: str) -> None:
    architecture = {"model": model}
    path = saved(tmp_path, architecture, precision=precision)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        original = build_model(architecture).eval()
    checkpoint = load_checkpoint(path)
    for name, value in original.state_dict().items():
        stored = checkpoint.model.state_dict()[name]
        rounded = value.half().float() if precision == "float16" and value.ndim > 1 else value
        assert torch.equal(stored, rounded), name
    assert not checkpoint.model.training
    assert torch.equal(checkpoint(digits28), logits(checkpoint.model, digits28))
    assert checkpoint.card.parameters == sum(value.numel() for value in original.parameters())
    assert checkpoint.card.seed == 7
    assert read_card(checkpoint.path) == checkpoint.card


def test_saving_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    first, second = saved(tmp_path / "a"), saved(tmp_path / "b")
    for ending in (".safetensors", ".json"):
        assert first.with_suffix(ending).read_bytes() == second.with_suffix(ending).read_bytes()


@pytest.mark.parametrize("ending", ["", ".json", ".safetensors"])
def test_paths(tmp_path: Path, ending: str) -> None:
    path = saved(tmp_path)
    assert load_checkpoint(f"{path}{ending}").path == path.with_suffix(".json")


def test_a_dot_in_the_name(tmp_path: Path, digits28: Tensor) -> None:
    path = saved(tmp_path)
    for ending in (".safetensors", ".json"):
        shutil.copy(path.with_suffix(ending), tmp_path / f"tiny.v1.5{ending}")
    assert load_checkpoint(tmp_path / "tiny.v1.5")(digits28).shape == (64, 10)


def test_unknown_names_and_missing_halves(tmp_path: Path) -> None:
    if shipped_recipes().keys() & {"fc-small"}:
        assert "did you mean 'fc-small'?" in one_line("fc-smal")
    assert "no checkpoint is called that" in one_line(tmp_path / "nothing.safetensors")
    assert "'': no checkpoint is called that" in one_line("")
    assert "no checkpoint is called that" in one_line(tmp_path)
    path = saved(tmp_path)
    path.with_suffix(".json").rename(tmp_path / "card")
    for name in (path, f"{path}.safetensors", f"{path}.json"):
        assert "tiny.safetensors: its card tiny.json is missing; keep the card beside" in one_line(name)
    (tmp_path / "tiny.pt").write_bytes(b"weights of some other program")
    assert "tiny.pt: is not a checkpoint; give a .safetensors file" in one_line(tmp_path / "tiny.pt")
    (tmp_path / "card").rename(path.with_suffix(".json"))
    path.with_suffix(".safetensors").unlink()
    assert "cannot be read" in one_line(path)


def test_the_folder_of_a_training_run_is_told_from_its_best_checkpoint(tmp_path: Path) -> None:
    run = tmp_path / "mine"
    path = saved(run)
    for ending in (".json", ".safetensors"):
        path.with_suffix(ending).rename((run / "best").with_suffix(ending))
    assert one_line(run) == f"{run}: is the folder of a training run; use {run / 'best'}"
    assert load_checkpoint(run / "best").name == "tiny"


def test_names_that_no_system_takes_are_one_line(tmp_path: Path) -> None:
    assert "cannot be looked at (File name too long); name another path" in one_line(tmp_path / ("x" * 300))
    assert "cannot be looked at (embedded null byte)" in one_line("a\0b")


def test_weights_of_another_checkpoint(tmp_path: Path) -> None:
    path, other = saved(tmp_path / "a"), saved(tmp_path / "b", {"model": "fc-small", "widths": [5]})
    shutil.copy(other.with_suffix(".safetensors"), path.with_suffix(".safetensors"))
    assert "their sha256 does not match; restore the file" in one_line(path)
    replace_weights(path, other.with_suffix(".safetensors").read_bytes())
    assert "classifier.0.weight is F16 [5, 784], not F16 or F32 [4, 784]" in one_line(path)
    rehash(path.with_suffix(".json"), lambda card: card["architecture"].update(widths=[5]))
    assert "other parameters than the model has" in one_line(path)


def header_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def with_header(header: Any, body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


FORGERIES: dict[str, Callable[[dict[str, Any], bytes], bytes]] = {
    "empty": lambda header, body: b"",
    "short": lambda header, body: b"\x01\x00",
    "huge header": lambda header, body: struct.pack("<Q", 2**60) + b"{}",
    "no json": lambda header, body: with_header(b"{nonsense", body),
    "deep json": lambda header, body: with_header(b"[" * 100_000, body),
    "a list": lambda header, body: with_header([1], body),
    "a tensor missing": lambda header, body: with_header(dict(list(header.items())[1:]), body),
    "a tensor more": lambda header, body: with_header(header | {"x": next(iter(header.values()))}, body),
    "another dtype": lambda header, body: with_header(
        {name: entry | {"dtype": "F64"} for name, entry in header.items()}, body
    ),
    "a dtype that is no text": lambda header, body: with_header(
        {name: entry | {"dtype": [1]} for name, entry in header.items()}, body
    ),
    "a huge shape": lambda header, body: with_header(
        {name: entry | {"shape": [2**40, 2**40]} for name, entry in header.items()}, body
    ),
    "overlapping": lambda header, body: with_header(
        {
            name: entry | {"data_offsets": [0, entry["data_offsets"][1] - entry["data_offsets"][0]]}
            for name, entry in header.items()
        },
        body,
    ),
    "offsets that are no numbers": lambda header, body: with_header(
        {name: entry | {"data_offsets": ["0", None]} for name, entry in header.items()}, body
    ),
    "bytes at the end": lambda header, body: with_header(header, body + b"\x00\x00"),
    "bytes missing": lambda header, body: with_header(header, body[:-2]),
    "not a number": lambda header, body: with_header(header, body[:-4] + struct.pack("<f", float("nan"))),
    "infinite": lambda header, body: with_header(header, b"\x00\x7c" * (len(body) // 2)),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_weights(tmp_path: Path, forgery: str) -> None:
    """Every hash fits: only what the file says of itself gives it away."""
    path = saved(tmp_path)
    replace_weights(path, FORGERIES[forgery](*header_of(path.with_suffix(".safetensors").read_bytes())))
    assert str(path.with_suffix(".safetensors")) in one_line(path)


CARD_FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another model": lambda card: card.update(architecture={"model": "cnn"}),
    "no such model": lambda card: card.update(architecture={"model": "resnet"}),
    "bad architecture": lambda card: card.update(architecture=[]),
    "a field missing": lambda card: card.pop("seed"),
    "a field more": lambda card: card.update(colour="red"),
    "accuracy above 1": lambda card: card.update(validation_accuracy=1.5),
    "a short hash": lambda card: card.update(sha256="00"),
    "another format": lambda card: card.update(format=2),
}


@pytest.mark.parametrize("forgery", CARD_FORGERIES)
def test_forged_cards(tmp_path: Path, forgery: str) -> None:
    path = saved(tmp_path)
    rehash(path.with_suffix(".json"), CARD_FORGERIES[forgery])
    assert one_line(path).startswith(str(tmp_path))


TEST = {"dataset": "mnist", "part": "test", "n": 10, "correct": 9, "accuracy": 0.9, "low": 0.6, "high": 0.98}
OTHER_CONTRACTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "other classes": (lambda card: card["classes"].reverse(), "classes: is ['9', '8', "),
    "one class": (lambda card: card.update(classes=["a"]), "classes: is ['a'], but has to be ['0', '1', "),
    "other images": (
        lambda card: card["input"].update(shape=[3, 32, 32]),
        "input.shape: is [3, 32, 32], but has to be [1, 28, 28]",
    ),
    "another range": (lambda card: card["input"].update(range=[0, 255]), "but has to be [0.0, 1.0]"),
    "normalised before": (
        lambda card: card["input"].update(normalisation="outside"),
        "input.normalisation: should be 'inside the model', not 'outside'",
    ),
    "more than all": (
        lambda card: card.update(test_accuracy=TEST | {"correct": 11}),
        "test_accuracy: 11 are correct, but have to be at most the 10 that there are",
    ),
    "too cold": (lambda card: card.update(temperature=1e-320), "temperature: should be greater than or equal to 0.05"),
    "too hot": (lambda card: card.update(temperature=1e300), "temperature: should be less than or equal to 20"),
}


@pytest.mark.parametrize("contract", OTHER_CONTRACTS)
def test_what_the_program_does_not_give_is_refused(tmp_path: Path, contract: str) -> None:
    path = saved(tmp_path, test_accuracy=TEST, temperature=COLDEST)
    assert load_checkpoint(path).card.temperature == COLDEST
    change, words = OTHER_CONTRACTS[contract]
    rehash(path.with_suffix(".json"), change)
    assert words in one_line(path)


NO_CARDS = ["", "{}", "[]", "null", '{"a":1,"a":2}', '{"a": NaN}', "[" * 50_000, "1" * 10_000, "\ud800"]


@pytest.mark.parametrize("text", NO_CARDS, ids=range(len(NO_CARDS)))
def test_cards_that_are_none(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path)
    path.with_suffix(".json").write_bytes(text.encode(errors="surrogatepass"))
    one_line(path)


def test_a_card_survives_being_laid_out_again_but_no_edit(tmp_path: Path) -> None:
    path = saved(tmp_path).with_suffix(".json")
    card, content = read_card(path), json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items()))))
    assert read_card(path) == card
    path.write_text(json.dumps(content | {"description": "Better than it is."}))
    assert "its hash does not match" in one_line(path)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return `data` cut, grown, shuffled or overwritten somewhere; never unchanged."""
    kind, at = rng.randrange(5), rng.randrange(len(data))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]
    if kind == 2:
        return data[:at] + data[at + 1 + rng.randrange(40) :]
    if kind == 3:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 30)):
        place = rng.randrange(len(data))
        changed[place] = (changed[place] + rng.randrange(1, 256)) % 256
    return bytes(changed)


@pytest.mark.parametrize("forged", [False, True], ids=["damaged", "forged"])
def test_fuzzed_weights(tmp_path: Path, forged: bool) -> None:
    """Where the card's hash is made to fit, a load may pass, but only with weights that fit the model."""
    path, rng = saved(tmp_path), random.Random(0)
    file, data = path.with_suffix(".safetensors"), path.with_suffix(".safetensors").read_bytes()
    header = struct.unpack("<Q", data[:8])[0] + 8
    for _ in range(500):
        # Half of the damage goes into the header, the smaller and the more delicate part.
        damaged = mutate(data[:header], rng) + data[header:] if rng.random() < 0.5 else mutate(data, rng)
        if damaged == data:
            continue
        if forged:
            replace_weights(path, damaged)
        else:
            file.write_bytes(damaged)
        if forged:
            with contextlib.suppress(CheckpointError):
                load_checkpoint(path)
        else:
            one_line(path)


def test_fuzzed_cards(tmp_path: Path) -> None:
    path, rng = saved(tmp_path), random.Random(1)
    card = path.with_suffix(".json")
    data = card.read_bytes()
    content = json.loads(data)
    for _ in range(1000):
        damaged = mutate(data, rng)
        card.write_bytes(damaged)
        try:
            load_checkpoint(path)
        except CheckpointError:
            continue
        assert json.loads(damaged) == content  # a space more or less between two keys


def test_bit_flips(tmp_path: Path) -> None:
    path, rng = saved(tmp_path), random.Random(2)
    for ending in (".safetensors", ".json"):
        file = path.with_suffix(ending)
        data = file.read_bytes()
        for _ in range(250):
            at, bit = rng.randrange(len(data)), rng.randrange(8)
            file.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            try:
                load_checkpoint(path)
            except CheckpointError:
                continue
            # White space between two keys can turn into other white space; no value can turn unseen.
            assert ending == ".json"
            assert json.loads(file.read_bytes()) == json.loads(data)
        file.write_bytes(data)


def test_a_loaded_checkpoint_leaves_the_generator_alone(tmp_path: Path) -> None:
    path = saved(tmp_path)
    state = torch.get_rng_state()
    load_checkpoint(path)
    assert torch.equal(torch.get_rng_state(), state)


SHIPPED = list_checkpoints()


def test_what_ships() -> None:
    names = [card.name for card in SHIPPED]
    assert {"fc", "fc-small", "cnn", "cnn-augmented", "lenet5"} <= set(names)
    folder = card_path("fc").parent
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000_000
    assert {file.stem for file in folder.glob("*.safetensors")} == set(names)
    assert set(shipped_recipes()) == {*names, *planted_cards()}


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_a_shipped_card(card: Any) -> None:
    """It belongs to its file's name and recipe, names no machine's folder, and its interval is Wilson's."""
    assert card_path(card.name).stem == card.name
    assert card.recipe == check_recipe(card.recipe, where="card").as_dict()
    assert "/" not in json.dumps(card.data)
    test = card.test_accuracy
    assert test is not None
    assert (test.dataset, test.part, test.n) == ("mnist", "test", 10_000)
    assert test.accuracy == test.correct / test.n
    assert (test.low, test.high) == pytest.approx([float(end) for end in wilson(test.correct, test.n)])


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_a_shipped_recipe_is_the_one_on_the_card(card: Any) -> None:
    from robustmnist.training import load_recipe

    recipe = load_recipe(card.name)
    assert recipe.as_dict() == card.recipe
    # Batch norms serve the training and are folded on saving.
    assert recipe.architecture | {"batch_norm": False} == card.architecture | {"batch_norm": False}
    assert recipe_toml(recipe)


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_a_shipped_card_tells_the_truth(card: Any, mnist_test: tuple[np.ndarray, np.ndarray]) -> None:
    images = torch.from_numpy(mnist_test[0]).float().div(255)[:, None]
    labels = torch.from_numpy(mnist_test[1])
    result = load_checkpoint(card.name)(images)
    first, second = result.topk(2).values.unbind(1)
    near_ties = int(((first - second) < NEAR_TIE).sum())
    correct = int((result.argmax(1) == labels).sum())
    assert abs(correct - card.test_accuracy.correct) <= near_ties


def test_write_card_returns_what_it_was_given(tmp_path: Path) -> None:
    card = read_card(saved(tmp_path).with_suffix(".json"))
    write_card(tmp_path / "again.json", card)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "tiny.json").read_bytes()


def test_a_shipped_temperature_is_that_of_the_validation_digits(mnist_dir: Path) -> None:
    card = next(card for card in SHIPPED if card.name == "fc")
    recipe = check_recipe(card.recipe, where=Path("fc"))
    digits = load_digits(recipe, torch.device("cpu"), mnist_dir)
    found = temperature_of(load_checkpoint("fc"), digits)
    assert card.temperature is not None
    assert found == pytest.approx(card.temperature, abs=1e-4)
    assert all(one.temperature is not None and 0.3 < one.temperature < 1.5 for one in SHIPPED)


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.name)
def test_a_shipped_validation_accuracy_is_that_of_the_shipped_weights(card: Any, mnist_dir: Path) -> None:
    digits = load_digits(check_recipe(card.recipe, where=card.name), torch.device("cpu"), mnist_dir).validation
    correct, _ = measure(load_checkpoint(card.name).deployed, digits.images, digits.labels)
    assert len(digits) == card.data["validation"]
    assert card.validation_accuracy == correct / len(digits)
