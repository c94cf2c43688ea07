"""The chapter on explanations of README here, from the record of `reports.explanations`."""

from collections.abc import Iterator

from reports.chapters import with_chapter
from reports.explanation_record import Record, believed, followed, median, number, pieces, setting, title
from reports.explanation_words import BELIEF, truth_sentence
from robustmnist.explanation.output.curve_words import at
from robustmnist.explanation.verdict import short
from robustmnist.wording.numbers import NBSP, count, percent

__all__ = ["HEADING", "chapter"]

HEADING = "## Whether the explanations can be believed"
COUNTED = "integrated-gradients"  # whose marks are counted where they are perturbed


def chapter(text: str, record: Record) -> str:
    """Return README's `text` with the chapter on explanations put in, or put in anew."""
    body = "\n\n".join([HEADING, *_paragraphs(record)])
    body = f"{body}\n\nAll figures, and what is behind them: [explanations.html](explanations.html).".replace(NBSP, " ")
    return with_chapter(text, body)


def _paragraphs(record: Record) -> Iterator[str]:
    verdicts = dict(pieces(record, "verdicts"))
    if verdicts:
        yield f"{BELIEF} Below, by how much it does; bold where it is believed."
        yield _table(*_belief(verdicts))
    planted = {f"planted-{name}": piece for name, piece in pieces(record, "planted")}
    if planted:
        yield truth_sentence(record)
        yield (
            "Perturbed, mark and all: how many of the marks are still read and, of such a mark, how much integrated "
            "gradients find."
        )
        yield _table(*_moved(planted))
    for piece in followed(record):
        yield (
            f"{piece['title']}: does the map of integrated gradients break before the reading? Medians over "
            f"{count(piece['n'])} digits, with 95 % intervals (Kaplan-Meier); a map is broken where it is nearer to "
            "the map of another digit of the class than to its own clean one."
        )
        yield _table(*_breaks(piece))


def _belief(verdicts: Record) -> tuple[list[str], list[list[str]]]:
    methods = list(dict.fromkeys(method for piece in verdicts.values() for method in piece["over"]))

    def cell(over: Record | None) -> str:
        if over is None:
            return "–"
        text = short(number(over["image"]["mean"]), True)
        return f"**{text}**" if believed(over) else text

    head = ["SRG over the image’s", *(f"`{name}`, n = {count(piece['n'])}" for name, piece in verdicts.items())]
    return head, [
        [title(method), *(cell(piece["over"].get(method)) for piece in verdicts.values())] for method in methods
    ]


def _moved(planted: Record) -> tuple[list[str], list[list[str]]]:
    settings = list(dict.fromkeys(key for piece in planted.values() for key in piece["found"]))

    def cell(piece: Record) -> str:
        rank = piece["rank_read"].get(COUNTED)
        read = f"{percent(piece['read'], 0)} read"
        return f"{read}; {percent(rank['mean'], 0)}" if rank and rank["n"] else read

    head = ["checkpoint", *(setting(key) for key in settings)]
    return head, [[f"`{name}`", *(cell(piece["found"][key]) for key in settings)] for name, piece in planted.items()]


def _breaks(piece: Record) -> tuple[list[str], list[list[str]]]:
    head = ["checkpoint", "side", "half of the maps broken at", "half of the digits misread at", "map first"]
    rows = [
        [
            f"`{row['checkpoint']}`",
            f"{row['side']} neutral",
            *(at(median(row[name]), row["unit"]) for name in ("explanation", "prediction")),
            f"{percent(row['first'], 0)} ({' to '.join(percent(end, 0) for end in row['first_interval'])})",
        ]
        for row in piece["half_lives"]
    ]
    return head, rows


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])
