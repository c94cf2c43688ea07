"""The sentences of the published page on explanations and of its chapter."""

from collections.abc import Iterator

from reports.explanation_record import Record, believed, gain, median, number, of_methods, pieces, title
from robustmnist.explanation.output.curve_words import at
from robustmnist.wording.numbers import count, listing, percent, strength
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["BELIEF", "belief_sentences", "break_sentences", "pair_words", "truth_sentence", "undefined_sentence"]

BELIEF = (
    "A map is believed where ink that it calls important matters more than what the image alone suggests: its SRG "
    "(how much longer the answer lasts when ink goes from the least important on than from the most important) "
    "beats that of the image itself used as a map, by a paired 95 % interval over the digits."
)


def belief_sentences(record: Record) -> Iterator[str]:
    """Yield which methods are believed on each checkpoint."""
    for name, piece in pieces(record, "verdicts"):
        good = [method for method, over in piece["over"].items() if believed(over)]
        others = [method for method in piece["over"] if method not in good]
        best = max(good, key=lambda method: piece["over"][method]["image"]["mean"], default="")
        words = f"On `{name}` ({count(piece['n'])} digits) "
        if good:
            words += f"{listing([title(method) for method in good])} are to be believed"
            words += f", most of all {title(best)} ({gain(piece['over'][best]['image'])})"
        else:
            words += "no method is to be believed"
        yield words + (f"; {listing([title(method) for method in others])} do not beat the image." if others else ".")


def truth_sentence(record: Record) -> str:
    """Return which methods find a planted mark best and worst."""
    parts = []
    for name, piece in pieces(record, "planted"):
        ranks = of_methods(piece["found"]["clean"]["rank"])
        best, worst = (choose(ranks, key=lambda method: ranks[method]) for choose in (max, min))
        words = f"{percent(ranks[best], 0)} by {title(best)} and {percent(ranks[worst], 0)} by {title(worst)}"
        parts.append(f"on `planted-{name}` ({count(piece['n'])} digits) {words}")
    return (
        "Some checkpoints read a planted mark of 3 × 3 px, and the digit says nothing about the answer. The share of "
        f"the mark among a map’s nine highest pixels is, best and worst, {'; '.join(parts)}; the image itself has "
        "none of it there."
    )


def break_sentences(piece: Record) -> Iterator[str]:
    """Yield where maps break beside where digits are misread, a checkpoint and side at a time."""
    for row in piece["half_lives"]:
        side = f" ({row['side']} neutral)" if len({other["side"] for other in piece["half_lives"]}) > 1 else ""
        middle, misread = (median(row[name]) for name in ("explanation", "prediction"))
        low, high = row["first_interval"]
        yield (
            f"`{row['checkpoint']}`{side}: half of the maps are broken at {at(middle, row['unit'])}, half of the "
            f"digits misread at {at(misread, row['unit'])}; the map breaks first on "
            f"{percent(row['first'], 0)} of the digits ({percent(low, 0)} to {percent(high, 0)})."
        )


def undefined_sentence(piece: Record) -> str:
    """Return on how many digits, at most, a curve has no similarity."""
    kind = piece["kind"]
    most = max(point["undefined"] for curves in piece["curves"].values() for point in curves[f"cosine {kind} all"])
    words = f"{count(most)} of {count(piece['n'])} digits at one strength" if most else "none"
    return f"Maps that are zero throughout have no similarity: {words}{' at most' if most else ''}."


def pair_words(pair: Record) -> str:
    """Return a difference of two checkpoints in the sweep's unit, with its interval and p: ``+2.1° (…; p < 0.001)``."""
    over, unit = pair["over"], pair["unit"]
    mean, low, high = (strength(over[end], unit, 2) for end in ("mean", "low", "high"))
    sign = "+" if number(over["mean"]) > 0 else ""
    p = number(over["p"])
    return f"{sign}{mean} ({low} to {high}; {p_text(p)}){'' if p < ALPHA else ', could be chance'}"
