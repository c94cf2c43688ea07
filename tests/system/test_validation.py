"""TOML files: every mistake at once, one line each, and nothing that hangs."""

import os
import random
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from robustmnist.errors import InputError, RecipeError
from robustmnist.system.validation import (
    Table,
    did_you_mean,
    listed,
    mistakes_in,
    parse_toml,
    read_toml,
    shorten,
    validate_table,
)


class Inner(Table):
    rate: Annotated[float, Field(gt=0)]
    steps: int = 1


class Outer(Table):
    name: str
    inner: Inner
    more: list[Inner] = Field(default_factory=list)
    rates: Annotated[list[float], Field(min_length=2, max_length=3)] = Field(default_factory=list)
    word: Annotated[str, Field(min_length=2, max_length=3)] = "ab"
    free: dict[str, int] = Field(default_factory=dict)


GOOD = 'name = "a"\n[inner]\nrate = 1\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.toml"


def test_a_good_file_is_read(path: Path) -> None:
    path.write_text(GOOD)
    read = read_toml(path, Outer, RecipeError)
    assert read.inner.rate == 1.0
    assert mistakes_in(parse_toml(path, RecipeError), Outer) == []


def test_every_mistake_is_a_line(path: Path) -> None:
    path.write_text('nam = "a"\n[inner]\nrate = -1\nsteps = "2"\n[[more]]\nrate = 2\nstep = 3\n')
    with pytest.raises(RecipeError) as caught:
        read_toml(path, Outer, RecipeError)
    assert str(caught.value).split("\n") == [
        f"{path}: name: is missing",
        f"{path}: inner.rate: should be greater than 0, not -1",
        f"{path}: inner.steps: should be a valid integer, not '2'",
        f"{path}: more.0.step: unknown key, did you mean 'steps'? (known: rate, steps)",
        f"{path}: nam: unknown key, did you mean 'name'? (known: free, inner, more, name, rates, word)",
    ]


def test_long_and_broken_values_stay_on_one_line() -> None:
    lines = mistakes_in({"name": 1, "inner": {"rate": "x\n" * 500}, "k\ne" * 100: 1}, Outer)
    assert len(lines) == 3
    assert all("\n" not in line and len(line) < 250 for line in lines)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"inner": 2}, "inner: should be a table, not 2"),
        ({"free": "x"}, "free: should be a table, not 'x'"),
        ({"more": [1]}, "more.0: should be a table, not 1"),
        ({"rates": [1]}, "rates: should have at least 2 entries"),
        ({"rates": [1, 2, 3, 4]}, "rates: should have at most 3 entries"),
        ({"rates": [1, "2"]}, "rates.1: should be a valid number, not '2'"),  # and not that there is one entry only
        ({"word": "{a}b"}, "word: should have at most 3 characters, not '{a}b'"),
        ({"word": "a"}, "word: should have at least 2 characters, not 'a'"),
    ],
)
def test_mistakes_are_said_in_words_of_toml(table: dict[str, object], said: str) -> None:
    assert mistakes_in({"name": "a", "inner": {"rate": 1.0}} | table, Outer) == [said]


def test_of_many_mistakes_some_are_told_and_the_rest_counted() -> None:
    table = {"name": "a", "inner": {"rate": 1.0}, "more": [{"rate": -1.0}] * 1000}
    with pytest.raises(InputError) as caught:
        validate_table(table, Outer, InputError, where="file")
    lines = str(caught.value).split("\n")
    assert lines[9:] == ["file: more.9.rate: should be greater than 0, not -1.0", "file: and 990 more mistakes"]
    assert listed(["a"] * 11)[-1] == "and 1 more mistake"
    assert listed(["a"] * 10) == ["a"] * 10


def test_validate_table_names_where() -> None:
    with pytest.raises(InputError, match=r"^--set: name: is missing"):
        validate_table({"inner": {"rate": 1.0}}, Outer, InputError, where="--set")


def test_what_cannot_be_read_is_said(path: Path, tmp_path: Path) -> None:
    for wrong, message in (
        (path, "cannot be read"),
        (tmp_path, "is not a file"),
        (Path("a\0b.toml"), "cannot be read"),
        (Path("/dev/zero"), "is not a file"),
    ):
        with pytest.raises(RecipeError, match=message):
            parse_toml(wrong, RecipeError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(RecipeError, match="is not a file"):
        parse_toml(path, RecipeError)


def test_damaged_files_raise_one_error_and_nothing_else(path: Path) -> None:
    generator, good = random.Random(0), (GOOD + "[[more]]\nrate = 1e3\nsteps = 0x10\n").encode()
    messages = []
    for _ in range(300):
        damaged = bytearray(good)
        for _ in range(generator.randint(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read_toml(path, Outer, RecipeError)
        except RecipeError as error:
            messages.append(str(error))
    assert len(messages) > 150
    assert all(message.startswith(f"{path}: ") for message in messages)


def test_small_things() -> None:
    assert did_you_mean("shft", ["shift", "scale"]) == ", did you mean 'shift'?"
    assert did_you_mean("xyz", ["shift"]) == ""
    assert shorten("a" * 100) == "'" + "a" * 59 + "…"
    assert shorten(3) == "3"
