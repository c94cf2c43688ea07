"""Tables on a terminal and in a pipe: whole names, no control characters, as wide as the screen."""

import sys

import click
import pytest

from robustmnist.terminal.table import print_table

ROWS = [["a", "with [brackets]", "1"], ["longer", "", "22"]]


def test_tables_are_columns_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "title", "n"], ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "name    title            n",
        "a       with [brackets]  1",
        "longer                   22",
    ]


def test_tables_are_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(["name", "[title]", "n"], ROWS)
    drawn = capsys.readouterr().out
    assert all(cell in drawn for cell in ("with [brackets]", "[title]", "longer"))
    assert len(drawn.splitlines()) > 3


WIDE = [
    ["cnn-augmented", "a sentence of many words that is far longer than all that it stands beside", "shift-towards"]
]


@pytest.mark.parametrize("columns", ["80", "40", "20"])
def test_what_may_be_typed_is_whole_however_narrow_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(["checkpoint", "title", "name"], WIDE * 2)
    drawn = capsys.readouterr().out
    assert "…" not in drawn
    assert all(drawn.count(word) == 2 for word in " ".join(WIDE[0]).split() if len(word) > 4)
    assert max(len(click.unstyle(line)) for line in drawn.splitlines()) <= max(40, int(columns))
    assert ("│" in drawn) == (columns == "80")


@pytest.mark.parametrize("terminal", [False, True])
def test_what_a_terminal_obeys_is_escaped(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    print_table(["name"], [["red \x1b[31m"], ["two\nlines"], ["turned \u202e"], ["a\u00a0° × é"]])
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("red \\x1b[31m", "two\\nlines", "turned \\u202e", "a\u00a0° × é"))


def test_a_table_of_nothing_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n"], [])
    assert capsys.readouterr().out == "name  n\n"
