"""The charts of maps followed over a sweep, from the record."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from reports.explanation_record import Record, number
from robustmnist.explanation.output.curve_chart import Line, Panel, panel_chart

__all__ = ["Chart", "charts"]

TITLES = {
    ("aligned", "all"): "Turned back",
    ("raw", "all"): "Pixel by pixel",
    ("aligned", "kept"): "Where the prediction stays",
    ("aligned", "flipped"): "Where the prediction flips",
}
STAY = "Share of predictions that stay"


@dataclass(frozen=True)
class Chart:
    """A chart with its title."""

    title: str
    figure: Markup


def charts(piece: Record) -> Iterator[Chart]:
    """Yield the similarity of all, kept and flipped digits over a sweep, beside the share of predictions that stay."""
    kind, names = piece["kind"], list(piece["curves"])
    kinds = [(kind, "all"), *([("raw", "all")] if kind != "raw" else []), (kind, "kept"), (kind, "flipped")]
    values = tuple(piece["values"])
    axis = piece["parameter"] if piece["unit"] == piece["parameter"] else f"{piece['parameter']}, {piece['unit']}"
    for key in kinds:
        lines = [line for index, name in enumerate(names) for line in _lines(piece["curves"][name], index, key)]
        title = TITLES.get(key, TITLES["aligned", key[1]])
        label = f"{piece['title']}, {title.lower()}: cosine with the clean map, by checkpoint"
        yield Chart(title, panel_chart(Panel(values, axis, tuple(lines), label)))
    kept = tuple(Line(index, tuple(piece["curves"][name]["kept"])) for index, name in enumerate(names))
    label = f"{piece['title']}: share of predictions that stay, by checkpoint"
    yield Chart(STAY, panel_chart(Panel(values, axis, kept, label)))


def _lines(curves: Record, index: int, key: tuple[str, str]) -> Iterator[Line]:
    curve, floor = (curves[f"cosine {name}"] for name in (f"{key[0]} {key[1]}", "floor all"))
    mean, low, high = (tuple(number(point[end]) for point in curve) for end in ("mean", "low", "high"))
    yield Line(index, mean, low, high)
    yield Line(index, tuple(number(point["mean"]) for point in floor), thin=True)
