"""JSON that carries its own hash."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from robustmnist.system.sealed_json import BrokenSealError, Seal, hash_of_content

SEALS = (Seal("sha256"), Seal("own", indent=2, digest=hash_of_content))
TABLE = {"name": "é\udcff", "values": [1, 2.5, None], "inner": {"b": 1, "a": True}}


@pytest.mark.parametrize("seal", SEALS)
def test_a_table_is_read_back_with_its_hash_last(seal: Seal) -> None:
    read = seal.read(seal.write(TABLE))
    assert list(read) == [*TABLE, seal.key]
    assert {**TABLE, seal.key: read[seal.key]} == read
    assert seal.write(read) == seal.write(TABLE)


@pytest.mark.parametrize("seal", SEALS)
@pytest.mark.parametrize("change", [{"name": "f"}, {"new": 1}, {"inner": {"b": 1, "a": False}}])
def test_a_changed_value_breaks_the_seal(seal: Seal, change: dict[str, Any]) -> None:
    changed = json.loads(seal.write(TABLE)) | change
    with pytest.raises(BrokenSealError):
        seal.read(json.dumps(changed).encode())


def test_a_missing_hash_breaks_the_seal() -> None:
    with pytest.raises(BrokenSealError):
        SEALS[0].read(json.dumps(TABLE).encode())


def test_a_hash_of_content_takes_any_order_and_layout() -> None:
    shuffled = dict(reversed(json.loads(SEALS[1].write(TABLE)).items()))
    assert SEALS[1].read(json.dumps(shuffled).encode()) == shuffled


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda good: good[:-5], "Unterminated"),
        (lambda good: b"[]", "it is not a table"),
        (lambda good: good.replace(b"2.5", b"NaN"), "NaN is not a number of JSON"),
        (lambda good: good.replace(b'"values"', b'"name"'), "a key stands there twice"),
        (lambda good: good.replace(b"2.5", str(2**70).encode()), "more than 64 bits"),
        (lambda good: b"\xff" + good, "codec can't decode"),
    ],
)
def test_what_is_not_json_of_ours_is_a_value_error(damage: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SEALS[0].read(damage(SEALS[0].write(TABLE)))
