"""Where the numbers come from: data, weights, suites, machine, and what the reader must be warned of."""

import math
from collections.abc import Mapping
from typing import Any

from robustmnist.overview.in_words import TITLE
from robustmnist.overview.overview import Overview
from robustmnist.page.records import Banner, Fact, Table
from robustmnist.report.provenance.manifest import LONG, number_of, table_of, text_of
from robustmnist.report.provenance.words import (
    FROM_PYTHON,
    NOT_MNIST,
    SHARED_WORK,
    fallback_text,
    invalid_text,
    near_tie_text,
)
from robustmnist.results import near_ties, summarise
from robustmnist.suites import Sweep
from robustmnist.system.device import described
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.digits import digits_of
from robustmnist.wording.numbers import count, interval, listing, percent

__all__ = ["adopted_table", "banners", "checkpoint_table", "command", "facts", "generator", "provenance", "suite_table"]


def generator(overview: Overview) -> str:
    """Return what made the run: "robustmnist 0.2.0"."""
    return f"robustmnist {text_of(overview.predictions.manifest.get('robustmnist', '?'))}"


def command(overview: Overview) -> str:
    """Return the command of the run, or the call that stands for it."""
    return shorten(overview.predictions.manifest.get("command") or FROM_PYTHON, 4 * LONG)


def banners(overview: Overview) -> tuple[Banner, ...]:
    """Return warnings: the data is a fallback, looks unlike MNIST, or rows were invalid."""
    data = table_of(overview.predictions.manifest, "dataset")
    lines = []
    if data.get("fallback"):
        note = text_of(data["note"]) if data.get("note") else ""
        lines.append(Banner(NOT_MNIST, fallback_text(text_of(data.get("name")), note)))
    notices = overview.predictions.manifest.get("notices", ())
    lines += [Banner("Notice.", text_of(notice)) for notice in notices if isinstance(notices, list | tuple)]
    met = overview.predictions.manifest.get("trained_on", ())
    lines += [Banner("Nothing new to it.", text_of(sentence)) for sentence in met if isinstance(met, list | tuple)]
    summary = summarise(overview.predictions)
    moved = summary[~summary["neutral"]].groupby("checkpoint", sort=False)["invalid"].sum()
    wrong = {str(name): int(rows) for name, rows in moved.items() if rows}
    if wrong:
        lines.append(Banner("Invalid answers.", invalid_text(wrong)))
    return tuple(lines)


def facts(overview: Overview) -> tuple[Fact, ...]:
    """Return the line under the answers: data, n, sweeps, seed, device, date, version."""
    manifest = overview.predictions.manifest
    data = table_of(manifest, "dataset")
    sweeps = [sweep for suite in overview.predictions.suites for sweep in suite.sweeps]
    settings = sum(len(sweep.values) * math.prod(len(sweep.over[key]) for key in sweep.crossed) for sweep in sweeps)
    part = f" {text_of(data['part'])}" if data.get("part") else ""
    lines = [
        Fact("data", f"{text_of(data.get('name', '?'))}{part}"),
        Fact("digits", text_of(data.get("choice") or count(len(overview.predictions)))),
        Fact("sweeps", f"{len(sweeps)} with {count(settings)} strengths"),
        Fact("seed", text_of(manifest.get("seed", "?"))),
        Fact("device", described(text_of(manifest.get("device", "?")))),
        Fact("run", _when(manifest)),
        Fact("by", generator(overview)),
    ]
    return tuple(fact for fact in lines if fact.value)


def provenance(overview: Overview) -> tuple[Fact, ...]:
    """Return all that is needed to compare this run with another."""
    manifest = overview.predictions.manifest
    data = table_of(manifest, "dataset")
    lines = [
        Fact("data set", f"{text_of(data.get('name', '?'))}, part {text_of(data.get('part', '?'))}"),
        Fact("images", text_of(data.get("choice") or count(len(overview.predictions)))),
        Fact("from", text_of(data.get("source", "")), code=True),
        Fact("note", text_of(data.get("note", ""))),
        Fact("licence", text_of(data.get("licence", ""))),
        Fact("form", text_of(data.get("prepared", ""))),
        Fact("put right", text_of(data.get("mended", ""))),
    ]
    lines += [
        Fact(f"sha256 of {text_of(name)}", text_of(value), code=True)
        for name, value in sorted(table_of(data, "sha256").items())
    ]
    lines += [
        Fact("seed", text_of(manifest.get("seed", "?"))),
        Fact("device", described(text_of(manifest.get("device", "?")))),
        Fact(
            "versions",
            listing([f"{text_of(k)} {text_of(v)}" for k, v in sorted(table_of(manifest, "versions").items())]),
        ),
        Fact("run at", _when(manifest)),
        Fact("duration", _duration(manifest)),
        Fact("forward passes", number_of(manifest.get("forward_passes"))),
        Fact("images a second", number_of(manifest.get("images_per_second"))),
        Fact("near-ties", _near_ties(overview)),
        Fact("invalid rows", count(sum(int(sweep.invalid) for sweep in overview.sweeps))),
    ]
    return tuple(fact for fact in lines if fact.value)


def checkpoint_table(overview: Overview) -> Table:
    """Return a row per checkpoint: network, parameters, accuracy on its card, sha256."""
    rows = []
    listed = overview.predictions.manifest.get("checkpoints", ())
    for index, checkpoint in enumerate(overview.clean):
        record = listed[index] if index < len(listed) else {}
        record = record if isinstance(record, Mapping) else {}
        adopted = table_of(record, "adopted")
        network = ", ".join(f"{text_of(k)} {text_of(v)}" for k, v in sorted(table_of(record, "architecture").items()))
        network = text_of(adopted["kind"]) if adopted.get("kind") else network
        if code := record.get("code_sha256"):
            network = f"{network}, runs your code, sha256 {text_of(code)}"
        card = _card(record.get("test_accuracy"))
        rows.append(
            (
                printable(checkpoint.name)[:LONG],
                network or "–",
                number_of(record.get("parameters")) or "–",
                card,
                text_of(record.get("sha256") or "–"),
            )
        )
    head = ("checkpoint", "network", "parameters", "accuracy on its card", "sha256 of the weights")
    return Table("Checkpoints", head, tuple(rows), hashes=(4,))


def adopted_table(overview: Overview) -> Table | None:
    """Return a row per model that was trained elsewhere: file, code, how it is fed and read; None without any."""
    rows = []
    for record in overview.predictions.manifest.get("checkpoints", ()):
        adopted = table_of(record, "adopted") if isinstance(record, Mapping) else {}
        if adopted:
            texts = [text_of(adopted.get(key) or "–") for key in ("file", "code", "code_sha256", "network")]
            how = "as declared" if adopted.get("declared") else "found"
            fed = f"{text_of(adopted.get('input', '?'))} ({how})"
            judged = table_of(adopted, "accuracy")
            judges = digits_of(text_of(judged.get("dataset", "")), text_of(judged.get("part", ""))) if judged else ""
            accuracy = f"{_card(judged)} {judges}".strip()
            rows.append((text_of(record.get("name", "?")), *texts, fed, text_of(adopted.get("output", "?")), accuracy))
    head = ("checkpoint", "file", "runs your code", "sha256 of the code", "network", "input", "output")
    caption = "Your models: where they come from, how they are fed and read"
    return Table(caption, (*head, "accuracy on the digits that judged it"), tuple(rows), hashes=(3,)) if rows else None


def suite_table(overview: Overview) -> Table:
    """Return a row per suite: sweeps, seed, source, sha256."""
    rows = []
    for suite in overview.predictions.suites:
        sweeps = ", ".join(f"{shorten(sweep.title, TITLE)}{_own_code(sweep)}" for sweep in suite.sweeps)
        rows.append(
            (shorten(suite.title, TITLE), sweeps, str(suite.seed), text_of(suite.source), text_of(suite.sha256))
        )
    return Table("Suites", ("suite", "sweeps", "seed", "source", "sha256 of the file"), tuple(rows), hashes=(4,))


def _own_code(sweep: Sweep) -> str:
    """Return whose code perturbs, where it is the user's."""
    own = f" (runs your code {text_of(sweep.perturbation)}, sha256 {text_of(sweep.code_sha256)})"
    return own if sweep.code_sha256 else ""


def _near_ties(overview: Overview) -> str:
    return near_tie_text(near_ties(overview.predictions, summarise(overview.predictions)))


def _card(accuracy: object) -> str:
    if isinstance(accuracy, Mapping):
        try:
            text = percent(float(accuracy["accuracy"]), 2)
            return f"{text} ({interval(float(accuracy['low']), float(accuracy['high']))}), n = {count(accuracy['n'])}"
        except (KeyError, TypeError, ValueError):
            return "–"
    return percent(float(accuracy), 2) if isinstance(accuracy, int | float) else "–"


def _when(manifest: Mapping[str, Any]) -> str:
    return text_of(manifest.get("created", "")).replace("T", " ").replace("+00:00", " UTC")


def _duration(manifest: Mapping[str, Any]) -> str:
    value = manifest.get("duration_seconds", "")
    if value is None:
        return SHARED_WORK
    return f"{value:,.1f} s" if isinstance(value, int | float) else ""
