"""Make the published results again: ``python reports/make.py [RUN]``; needs the real MNIST test digits.

Evaluates the shipped checkpoints on all suites into RUN (default runs/published; an interrupted run goes on), copies
the report, the summary and the headline here, draws the curves that README shows, and puts the figures into README.
"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from robustmnist.card import list_checkpoints
from robustmnist.files import write_atomic
from robustmnist.predictions import Predictions, read_predictions
from robustmnist.report import write_report
from robustmnist.report.colours import DARK, LIGHT, Scheme
from robustmnist.results import headline, summarise

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
CHECKPOINTS = ("fc", "cnn", "cnn-augmented")

# What README draws and tells: suite, sweep, title of the panel or words of the row.
PANELS = (("shift", "radius", "moved"), ("rotation", "angle", "turned"), ("noise", "gaussian", "Gaussian noise"))
ROWS = (
    ("shift", "radius", "moves, mean of 8 directions"),
    ("scale", "isotropic", "grows or shrinks"),
    ("rotation", "angle", "turns"),
    ("thickness", "change", "gets a wider or thinner stroke"),
    ("decentering", "margin", "drifts off centre, share of its margin"),
    ("noise", "gaussian", "drowns in Gaussian noise"),
)
ONE_SIDED = ("radius", "margin", "gaussian")
AXES = {"px": "px", "°": "degrees", "×": "factor", "sd of ink": "standard deviation, 1 = full ink"}


def main() -> None:
    """Run the study and write everything that is published."""
    run = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs" / "published"
    words = [word for name in CHECKPOINTS for word in ("--checkpoint", name)]
    command = [sys.executable, "-m", "robustmnist", "evaluate", "--suite", "all", *words, "--dataset", "mnist"]
    subprocess.run([*command, "-o", str(run)], check=True)
    predictions = read_predictions(run)
    write_atomic(HERE / "summary.csv", (run / "summary.csv").read_bytes())
    # The folder that the digits lay in means nothing elsewhere; their hashes say which they are.
    origin = {**predictions.manifest["dataset"], "source": "the MNIST test files"}
    write_report(replace(predictions, manifest={**predictions.manifest, "dataset": origin}), HERE / "report.html")
    table = headline(predictions)
    write_atomic(HERE / "headline.csv", table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))
    summary = summarise(predictions)
    write_atomic(HERE / "curves.svg", curves(predictions, summary, LIGHT))
    write_atomic(HERE / "curves-dark.svg", curves(predictions, summary, DARK))
    text = README.read_text(encoding="utf-8")
    for name, content in {"findings": findings(table), "checkpoints": checkpoints()}.items():
        before, begin, rest = text.partition(f"<!-- {name}: written by reports/make.py -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}{begin}\n{content}\n{end}{after}"
    write_atomic(README, text)


def findings(table: pd.DataFrame) -> str:
    """Return the published table of README: how far until accuracy falls below 90 %."""
    n = int(table["n"].iloc[0])
    lines = [
        f"Strength at which accuracy on the {n:,} MNIST test digits falls below 90 %, when a digit …",
        "",
        "| | " + " | ".join(f"`{name}`" for name in CHECKPOINTS) + " |",
        "| --- " * (len(CHECKPOINTS) + 1) + "|",
        "| is left as it is (accuracy) | " + " | ".join(_clean(table, name) for name in CHECKPOINTS) + " |",
    ]
    for suite, sweep, words in ROWS:
        rows = table[(table["suite"] == suite) & (table["sweep"] == sweep)].set_index("checkpoint")
        lines.append(f"| {words} | " + " | ".join(_reach(rows.loc[name]) for name in CHECKPOINTS) + " |")
    lines += [
        "",
        "Accuracy with its 95 % Wilson interval; one training of each, seed 0; [the full report](reports/report.html).",
    ]
    return "\n".join(lines)


def checkpoints() -> str:
    """Return the table of shipped checkpoints of README, from their cards."""
    lines = ["| checkpoint | what it is | parameters | test accuracy (95 % Wilson) |", "| --- | --- | ---: | --- |"]
    for card in list_checkpoints():
        test = card.test_accuracy
        assert test is not None
        accuracy = f"{100 * test.accuracy:.2f} % ({100 * test.low:.2f}–{100 * test.high:.2f})"
        lines.append(f"| `{card.name}` | {card.description} | {card.parameters:,} | {accuracy} |")
    return "\n".join(lines)


def _clean(table: pd.DataFrame, name: str) -> str:
    row = table[table["checkpoint"] == name].iloc[0]
    low, high = 100 * row["clean_accuracy_low"], 100 * row["clean_accuracy_high"]
    return f"{100 * row['clean_accuracy']:.2f} % ({low:.2f}–{high:.2f})"


def _reach(row: "pd.Series[float]") -> str:
    unit = {"px": " px", "°": "°"}.get(str(row["unit"]), "")
    sign = "× " if row["unit"] == "×" else ""
    ends = [row["threshold_high"]] if row["sweep"] in ONE_SIDED else [row["threshold_low"], row["threshold_high"]]
    words = ["never" if end != end else f"{sign}{end:.2f}{unit}".replace("-", "−") for end in ends]
    return " and ".join(words)


def curves(predictions: Predictions, summary: pd.DataFrame, scheme: Scheme) -> str:
    """Return the SVG that README shows: accuracy against strength in three panels, bands, names beside the curves."""
    import io

    style = {"svg.fonttype": "none", "svg.hashsalt": "robustmnist", "font.family": "sans-serif", "font.size": 10.0}
    with rc_context(style):
        figure = Figure(figsize=(9.6, 3.0), layout="constrained")
        figure.patch.set_visible(False)
        for axes, (suite, sweep, title) in zip(figure.subplots(1, len(PANELS), sharey=True), PANELS, strict=True):
            rows = summary[(summary["suite"] == suite) & (summary["sweep"] == sweep)]
            for place, name in enumerate(CHECKPOINTS):
                curve = rows[rows["checkpoint"] == name]
                colour = scheme.lines[place]
                axes.fill_between(
                    curve["value"],
                    100 * curve["accuracy_low"],
                    100 * curve["accuracy_high"],
                    color=colour,
                    alpha=0.25,
                    lw=0,
                )
                axes.plot(curve["value"], 100 * curve["accuracy"], color=colour, lw=1.8, label=name)
            axes.axhline(90, color=scheme.muted, lw=0.8, dashes=(4, 3))
            axes.set(title=title, xlabel=AXES[predictions.sweep(suite, sweep).unit], ylim=(0, 101), facecolor="none")
            axes.set_xlim(rows["value"].min(), rows["value"].max())
            axes.tick_params(colors=scheme.muted, length=3)
            axes.title.set_color(scheme.ink)
            axes.xaxis.label.set_color(scheme.muted)
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color(scheme.rule)
            if axes.get_subplotspec().is_first_col():
                axes.set_ylabel("accuracy, %", color=scheme.muted)
                axes.legend(frameon=False, labelcolor=list(scheme.words[: len(CHECKPOINTS)]), loc="lower left")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


if __name__ == "__main__":
    main()
