"""The tables of the published page on explanations."""

from collections.abc import Iterator

from reports.explanation_record import (
    Record,
    believed,
    gain,
    mean_text,
    median,
    number,
    ordered,
    pieces,
    score,
    setting,
    title,
)
from reports.explanation_words import pair_words
from robustmnist.explanation.metrics.candidate import CONTROLS
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.explanation.output.curve_words import at
from robustmnist.explanation.verdict import short
from robustmnist.page.records import Table
from robustmnist.wording.numbers import count, percent

__all__ = ["belief_tables", "grid_table", "half_life_table", "measure_tables", "pair_table", "truth_tables"]


def belief_tables(record: Record) -> Iterator[Table]:
    """Yield the gain of each method over the image, and SRG itself."""
    piece = dict(pieces(record, "verdicts"))
    methods = list(dict.fromkeys(method for verdicts in piece.values() for method in verdicts["over"]))
    head = ("map", *(f"{name}, n = {count(verdicts['n'])}" for name, verdicts in piece.items()))

    def cell(over: Record | None) -> str:
        return "–" if over is None else f"{gain(over['image'])}{' believed' if believed(over) else ''}"

    yield Table(
        "SRG of a map minus SRG of the image itself, paired over the digits, with 95 % intervals",
        head,
        tuple(
            (title(method), *(cell(verdicts["over"].get(method)) for verdicts in piece.values())) for method in methods
        ),
    )
    yield Table(
        "SRG of each map, with 95 % intervals; controls last",
        head,
        tuple(
            (title(method), *(score(verdicts["means"].get(method)) for verdicts in piece.values()))
            for method in (*methods, *CONTROLS)
        ),
    )


def truth_tables(record: Record) -> Iterator[Table]:
    """Yield how much of a planted mark maps find, as planted and perturbed, and each measure's agreement with that."""
    planted = {f"planted-{name}": piece for name, piece in pieces(record, "planted")}
    methods = ordered(method for truth in planted.values() for method in truth["found"]["clean"]["rank"])
    head = ("map", *(f"{name}, n = {count(truth['n'])}" for name, truth in planted.items()))
    for column, words in (
        ("rank", "Share of the mark among a map’s nine highest pixels"),
        ("mass", "Share of a map’s absolute values in the mark"),
    ):
        rows = tuple(
            (title(method), *(score(truth["found"]["clean"][column].get(method)) for truth in planted.values()))
            for method in methods
        )
        yield Table(f"{words}, with 95 % intervals; controls last", head, rows)
    for name, truth in planted.items():
        settings = list(truth["found"])
        rows = tuple(
            (
                title(method),
                *(score(truth["found"][key]["rank_read"].get(method), count_undefined=False) for key in settings),
            )
            for method in methods
        )
        yield Table(
            f"{name}: share of the mark among the nine highest pixels, perturbed, over digits whose mark is still read",
            ("map", *(f"{setting(key)}: {percent(truth['found'][key]['read'], 0)} read" for key in settings)),
            rows,
        )
    known = [name for name in MEASURES if any(name in truth["tau"] for truth in planted.values())]
    yield Table(
        "Kendall’s τ of each measure’s ranking of the maps with the true one; 1 is the same ranking",
        ("measure", *(f"{name}, n = {count(truth['ranked_n'])}" for name, truth in planted.items())),
        tuple(
            (MEASURES[name].title, *(short(number(truth["tau"].get(name)), True) for truth in planted.values()))
            for name in known
        ),
    )


def half_life_table(piece: Record) -> Table:
    """Return where maps break beside where digits are misread."""
    head = ("checkpoint", "side", "maps broken at", "digits misread at", "map first", "floor", "n", "undefined")
    rows = tuple(
        (
            row["checkpoint"],
            row["side"],
            at(median(row["explanation"]), row["unit"]),
            at(median(row["prediction"]), row["unit"]),
            percent(row["first"], 0),
            short(number(row["floor"])),
            str(row["n"]),
            str(row["undefined"]),
        )
        for row in piece["half_lives"]
    )
    return Table(f"{piece['title']}: medians over the digits, with 95 % intervals (Kaplan-Meier)", head, rows)


def pair_table(piece: Record) -> Table:
    """Return how much farther the maps of one checkpoint last than those of another."""
    sides = list(dict.fromkeys(pair["side"] for pair in piece["pairs"]))
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for pair in piece["pairs"]:
        cells.setdefault((pair["a"], pair["b"]), {})[pair["side"]] = pair_words(pair)
    return Table(
        f"{piece['title']}: how much farther the maps of the first checkpoint last than those of the second; "
        "mean over the digits, paired, with 95 % intervals; p by Holm over all rows",
        ("checkpoints", *(f"{side} neutral" for side in sides)),
        tuple((f"{a} and {b}", *(row.get(side, "–") for side in sides)) for (a, b), row in cells.items()),
    )


def measure_tables(record: Record) -> Iterator[Table]:
    """Yield every measure of each method, for a checkpoint at a time; what makes maps anew apart."""
    for name, piece in pieces(record, "measures"):
        for key, n in (("means", piece["n"]), ("slow", piece["slow_n"])):
            known = [measure for measure in MEASURES if measure in piece[key]]
            rows = tuple(
                (title(method), *(mean_text(piece[key][measure][method]) for measure in known))
                for method in piece[key][known[0]]
            )
            head = ("map", *(f"{MEASURES[measure].title} {MEASURES[measure].arrow}" for measure in known))
            yield Table(f"{name}, {count(n)} digits; ↑ high is good, ↓ low is good; controls last", head, rows)


def grid_table(piece: Record) -> Table:
    """Return how much of the evidence lies in the cell of its class."""
    methods = ordered(method for scores in piece.values() for method in scores)
    return Table(
        "Share of the positive evidence in the cell of the class, with 95 % intervals",
        ("map", *piece),
        tuple((title(method), *(score(scores.get(method)) for scores in piece.values())) for method in methods),
    )
