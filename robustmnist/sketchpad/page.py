"""The page: template, style, scripts, models and a few digits in one file that needs nothing else."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from markupsafe import Markup
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.page.colours import hue
from robustmnist.page.template import colour_rules, fill
from robustmnist.sketchpad.interpret import interpret
from robustmnist.sketchpad.packing import Block, Precision, packed_chains, rounded
from robustmnist.sketchpad.pushes import PUSHES, pushes, strips, tables
from robustmnist.sketchpad.scripts import COMPUTING, DRAWING, script
from robustmnist.sketchpad.translate import chain_of
from robustmnist.sketchpad.words import FORMS, TEXTS, band_text, confidence_fact, models_fact, rounding_fact, steps_fact
from robustmnist.system.installation import __version__

__all__ = ["MOST_MODELS", "render_page"]

MOST_MODELS = 4
CHECKED = 500  # digits on which rounded weights are compared with the model
EDGES = ("--edge:#85888d;--shade:#dfe9f1;--sheet:#ffffff;", "--edge:#74797f;--shade:#2a3945;--sheet:#101214;")


def render_page(
    checkpoints: Mapping[str, Checkpoint],
    digits: Dataset,
    *,
    precision: Precision = "int8",
    key: str = "",
    report: str = "",
) -> str:
    """Return the page as HTML.

    Args:
        checkpoints: Up to four models by name.
        digits: Test digits: the first of each class is there to start from, and by some of them translations and
            rounded weights are checked.
        precision: How weights are rounded.
        key: Of a page without models: what it says with each question to the server that it came from.
        report: Address of a report to link.

    Raises:
        InputError: If there are more than four models.
        CheckpointError: If a page cannot compute one of them, and no `key` is given.
    """
    if not 1 <= len(checkpoints) <= MOST_MODELS:
        what = f"a page has room for {MOST_MODELS} models, not {len(checkpoints)}"
        raise InputError(what, where="--checkpoint", remedy=f"give {MOST_MODELS} or fewer")
    checkpoints = dict(zip(_short(list(checkpoints)), checkpoints.values(), strict=True))
    temperatures = [(name, getattr(each.card, "temperature", None) or 1.0) for name, each in checkpoints.items()]
    facts = [
        models_fact([(name, each.card.sha256) for name, each in checkpoints.items()]),
        confidence_fact(temperatures),
    ]
    block, chains = Block(), []
    if not key:
        images = digits.sample(CHECKED).images.cpu()
        translated = {name: chain_of(each, images) for name, each in checkpoints.items()}
        changed = [
            (name, _differing(interpret(rounded(chain, precision), images), checkpoints[name](images)))
            for name, chain in translated.items()
        ]
        facts.append(rounding_fact(precision, changed, len(images)))
        chains = packed_chains(list(translated.values()), block, precision)
    starters, labels = _starters(digits)
    facts.append(steps_fact([(push.title, push.step, push.unit) for push in PUSHES]))
    facts.append(f"Test digits: {digits.name}. Made by robustmnist {__version__}.")
    given: dict[str, Any] = {
        "models": [{"name": name, "temperature": temperature} for name, temperature in temperatures],
        "pushes": pushes(),
        "strips": strips(),
        "tables": tables(block),
        "starters": {"images": block.put(starters.numpy(), "uint8"), "labels": labels},
        "key": key,
    }
    style = _style()
    main = _inside(script(*DRAWING[:-1], *(("explain",) if key else ()), DRAWING[-1]))
    page = SimpleNamespace(
        **TEXTS,
        policy=_policy(main, style, asks=bool(key)),
        generator=f"robustmnist {__version__}",
        models=[SimpleNamespace(name=name, hue=hue(index)) for index, name in enumerate(checkpoints)],
        forms=[SimpleNamespace(key=key, name=name, note=note, label=label) for key, name, note, label in FORMS],
        pushes=[_push(push) for push in given["pushes"]],
        strips=[_strip(strip) for strip in given["strips"]],
        starter_labels=labels,
        facts=facts,
        report=report,
        server=bool(key),
        given=_json(given),
        chains=_json(chains),
        block=Markup(base64.b64encode(block.gzipped()).decode()),
        worker=Markup(_inside(script(*COMPUTING, "worker"))),
        script=Markup(main),
    )
    return fill("page/page.html.jinja", page, package="robustmnist.sketchpad", sheet=style)


def _short(names: Sequence[str]) -> list[str]:
    """Return file names in place of paths, where they still tell the models apart."""
    short = [Path(name).name or name for name in names]
    return short if len(set(short)) == len(short) else list(names)


def _differing(answers: Tensor, wanted: Tensor) -> int:
    return int((answers.argmax(1) != wanted.cpu().argmax(1)).sum())


def _starters(digits: Dataset) -> tuple[Tensor, list[int]]:
    """Return the first digit of each class that there is, uint8 (k, 28, 28), and the classes."""
    labels = digits.labels.cpu()
    present = [label for label in range(10) if bool((labels == label).any())]
    rows = torch.tensor([int((labels == label).nonzero()[0]) for label in present])
    ink = digits.rows(rows.to(digits.device)).cpu()
    return (ink[:, 0] * 255).round().to(torch.uint8), present


def _push(push: Mapping[str, Any]) -> SimpleNamespace:
    low, high = (f"{sign} {end}".strip() for sign, end in zip(push["signs"], push["ends"], strict=True))
    return SimpleNamespace(**push, low_text=low, high_text=high)


def _strip(strip: Mapping[str, Any]) -> SimpleNamespace:
    low, high = strip["band"]
    return SimpleNamespace(**strip, band_text=band_text(low, high, strip["unit"]))


def _style() -> str:
    light, dark = EDGES
    more = [f":root{{{light}}}", f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"]
    hues = [f".h{index}{{--h:var(--c{index});--w:var(--t{index})}}" for index in range(MOST_MODELS)]
    sheet = (files("robustmnist.sketchpad") / "page" / "page.css").read_text(encoding="utf-8")
    return "\n".join([*colour_rules(), *more, *hues, sheet.strip()])


def _policy(main: str, style: str, *, asks: bool) -> str:
    """Return the policy of the page: its own script and style by their hashes, a worker of its own, nothing else."""
    rules = ["default-src 'none'", f"script-src {_hash(main)}", "worker-src blob:", f"style-src {_hash(style)}"]
    rules += ["connect-src 'self'"] if asks else []
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inside(source: str) -> str:
    """Return a script as it may stand within an element, of which no script of ours says the end."""
    if "</" in source or "<!--" in source:
        raise ValueError("a script of the page holds the end of an element")
    return source


def _json(content: Sequence[Any] | Mapping[str, Any]) -> Markup:
    """Return JSON that ends no element."""
    return Markup(json.dumps(content, separators=(",", ":")).replace("<", "\\u003c"))
