"""Notebooks: what objects show there, the short forms that are typed there, and the tour in docs/."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import robustmnist as rm
from robustmnist.errors import RecipeError
from robustmnist.system.notebook import in_notebook, notebook_progress


class Tags(HTMLParser):
    """The tags and attributes of a piece of HTML, and whether all that is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def run() -> object:
    return rm.evaluate("fc-small", rm.load_dataset("digits").head(30), "rotation", device="cpu")


def test_every_object_shows_its_facts(run: object) -> None:
    digits = rm.load_dataset("digits")
    shown = {
        "1,797": digits,
        "How far may a digit turn, and which way, before it is misread?": rm.load_suite("rotation"),
        "109,386": rm.load_checkpoint("fc-small"),
        "30 of digits": run,
    }
    for words, thing in shown.items():
        html = thing._repr_html_()  # type: ignore[attr-defined]
        tags = Tags(html)
        assert words in html
        assert not tags.open
        assert "script" not in tags.seen
        assert 'src="http' not in html
    assert 'src="data:image/png;base64,' in digits._repr_html_()


def test_names_are_escaped() -> None:
    digits = rm.load_dataset("digits").head(3)
    odd = replace(digits, provenance=replace(digits.provenance, name="<script>alert(1)</script>\x1b"))
    html = odd._repr_html_()
    assert "<script>" not in html
    assert "\x1b" not in html


def test_outside_a_notebook_there_is_no_progress() -> None:
    assert not in_notebook()
    assert notebook_progress("Evaluating", "settings") is None


def test_a_recipe_is_trained_by_its_name(tmp_path: Path) -> None:
    few = {"data.limit": 200, "data.validation": 50, "data.dataset": "digits", "model.widths": [16]}
    run = rm.train("fc", epochs=1, settings=few, out=str(tmp_path / "run"), device="cpu", notify=print)
    assert run.recipe.epochs == 1
    assert run.recipe.architecture["widths"] == (16,) or list(run.recipe.architecture["widths"]) == [16]
    assert run.metrics["epochs"] == 1
    assert isinstance(run.recipe, rm.Recipe)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"optimizer.lrr": 1}, "did you mean 'lr'"), ({"epochs.x": 1}, "'epochs' is a value, not a table")],
)
def test_a_setting_that_is_none_is_named(settings: dict[str, object], words: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(words)):
        rm.train("fc", settings=settings)


def test_the_tour_runs_from_start_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((Path(__file__).parent.parent / "docs" / "tour.ipynb").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 8
    assert not any(cell["outputs"] for cell in cells)  # outputs would be of another machine and another version
    for cell in cells:
        exec(compile("".join(cell["source"]), "tour.ipynb", "exec"), names)
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "rotation.svg").is_file()
